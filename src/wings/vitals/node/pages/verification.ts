import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import {
  bytes,
  type ChoiceOf,
  choice,
  decodeAs,
  decodeViewsAs,
  encodeAs,
  hexId,
  list,
  type Of,
  struct,
  text,
} from '../../../../primitives/shape.ts';
import { type PageManifest, pageManifest } from '../../api/page.ts';
import type { OfThree } from '../../crypto/pages/page-head.ts';
import { judgeShare } from '../../crypto/pages/page-judge.ts';
import type { KeptShare } from '../../crypto/pages/page-keep.ts';
import {
  decidePage,
  type PreparedShare,
  type VerifierShare,
} from '../../crypto/pages/page-verify.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { forged } from '../forged.ts';
import { askPeerCarrying } from '../statements.ts';
import type { PageVerdict, SaidOfPage, WaitingPage } from '../stores/page-store.ts';
import { type OwnTrio, ownTrio } from '../trio.ts';
import { HeardWords } from './heard-words.ts';
import { nameOf } from './intake.ts';
import { headOf, keptBody } from './page-bodies.ts';
import { trioSecrets } from './trio-secrets.ts';

const hourMs = 3_600_000;
/** Pages of one round. */
export const mostOfRound = 256;
/** No word of a page is longer. */
const mostSaid = 5_000;

const sayings = {
  share: [0, { part: bytes(32), verifier: bytes(191 * 3 * 8) }],
  refusal: [1, { code: text(40) }],
} as const;
/** What a server says of one page: its verifier share, or that its share is not what the device says. */
const saying = choice(sayings);
type Saying = ChoiceOf<typeof sayings>;

const saidOfPage = struct({ page: bytes(16), manifestHash: bytes(32), said: bytes() });
export const roundMessage = struct({
  trio: hexId(32),
  pages: list(saidOfPage, { most: mostOfRound }),
});
export type RoundMessage = Of<typeof roundMessage>;

/** What this server found of one of its own pages. */
interface Prepared {
  readonly trio: string;
  readonly waiting: WaitingPage;
  readonly manifest: PageManifest;
  readonly said: Saying;
  /** `said` as it is written down and told. */
  readonly bytes: Uint8Array;
  readonly share?: PreparedShare;
  readonly kept?: KeptShare;
}

/**
 * The judging of pages together with the two others: one message each way a page. What was said stands in the store before
 * it is said; what others said is asked for again after a restart. Rules VS-11, VS-12.
 */
export class Verification {
  readonly #base: DataServerBase;
  readonly #prepared = new Map<string, Prepared>();
  /** Of the prepared ones those whose word is written down. */
  readonly #spoken = new Set<string>();
  readonly #heard = new HeardWords();

  constructor(base: DataServerBase) {
    this.#base = base;
  }

  /** Speaks of the pages that wait, hears the others and decides what can be decided; returns how many. */
  async round(trioId: string): Promise<number> {
    const { store, faultPoint, settings, now } = this.#base;
    const beforeMs = now() - settings.waitHours * hourMs;
    await store.expire(trioId, { beforeMs, code: 'PEER_DISAGREES' });
    const waiting = await store.waiting(trioId, mostOfRound);
    if (waiting.length === 0) return 0;
    const trio = await ownTrio(this.#base, trioId);
    const pages = await this.#speak(trio, waiting);
    faultPoint?.('round:spoken');
    // One that does not answer now is asked in the next round.
    await Promise.all(
      trio.others
        .map(({ account }) => this.#ask(trio, account, this.#unheard(account, pages)))
        .map((it) => it.catch((error: unknown) => passOver(error))),
    );
    faultPoint?.('round:heard');
    return this.#decide(trio, waiting);
  }

  /** Of whom it has heard before, it needs nothing; who has not heard of it asks by itself. */
  #unheard(from: AccountId, pages: readonly SaidOfPage[]): readonly SaidOfPage[] {
    return pages.filter(
      ({ page, manifestHash }) => this.#heard.of(from, nameOf(page, manifestHash)) === undefined,
    );
  }

  async #ask(trio: OwnTrio, account: AccountId, pages: readonly SaidOfPage[]): Promise<void> {
    if (pages.length === 0) return;
    const carried = encodeAs(roundMessage, { trio: trio.id, pages });
    const answer = await askPeerCarrying(this.#base, account, { word: 'round', carried });
    this.#hear(account, decodeViewsAs(roundMessage, answer).pages);
  }

  /** What this server says of the pages that another one speaks of, as far as it has them. */
  async answer(from: AccountId, payload: Uint8Array): Promise<Uint8Array> {
    const { trio: trioId, pages } = decodeViewsAs(roundMessage, payload);
    const trio = await ownTrio(this.#base, trioId);
    if (!trio.others.some(({ account }) => account === from)) throw forged('UNAUTHENTICATED');
    this.#hear(from, pages);
    const names = new Set(pages.map((it) => nameOf(it.page, it.manifestHash)));
    const known = this.#spokenOf(trio.id, names);
    const waiting =
      known ??
      (await this.#base.store.waiting(trio.id, 4 * mostOfRound)).filter((it) =>
        names.has(nameOf(it.page, it.manifestHash)),
      );
    const said = await this.#speak(trio, waiting);
    const settled = known === undefined ? await this.#saidBefore(trio.id, pages, said) : [];
    await this.#decide(trio, waiting);
    return encodeAs(roundMessage, { trio: trio.id, pages: [...said, ...settled] });
  }

  /** Where its word of all of these is written down and in memory, as they waited; what was settled since is passed over. */
  #spokenOf(trio: string, names: ReadonlySet<string>): readonly WaitingPage[] | undefined {
    const pages: WaitingPage[] = [];
    for (const name of names) {
      const prepared = this.#spoken.has(name) ? this.#prepared.get(name) : undefined;
      // Who is of another trio with this server has no say over it.
      if (prepared?.trio !== trio) return undefined;
      pages.push({ ...prepared.waiting, said: prepared.bytes });
    }
    return pages;
  }

  /** What it said of pages that wait no more. */
  async #saidBefore(
    trio: string,
    asked: readonly SaidOfPage[],
    said: readonly SaidOfPage[],
  ): Promise<readonly SaidOfPage[]> {
    const done = new Set(said.map((it) => nameOf(it.page, it.manifestHash)));
    const found: SaidOfPage[] = [];
    for (const { page, manifestHash } of asked) {
      if (done.has(nameOf(page, manifestHash))) continue;
      const stored = await this.#base.store.page(page);
      const isSame =
        stored?.trio === trio && nameOf(page, stored.manifestHash) === nameOf(page, manifestHash);
      if (isSame && stored.said !== undefined)
        found.push({ page, manifestHash, said: stored.said });
    }
    return found;
  }

  /** What it says of its own pages; written down before anybody hears it. */
  async #speak(trio: OwnTrio, waiting: readonly WaitingPage[]): Promise<readonly SaidOfPage[]> {
    const pages: SaidOfPage[] = [];
    const isNew: SaidOfPage[] = [];
    for (const it of waiting) {
      const { page, manifestHash } = it;
      const said = it.said ?? (await this.#sayingOf(trio, it));
      if (said === undefined) continue;
      pages.push({ page, manifestHash, said });
      if (it.said === undefined) isNew.push({ page, manifestHash, said });
    }
    if (isNew.length > 0) await this.#base.store.speak(isNew);
    for (const { page, manifestHash } of isNew) this.#spoken.add(nameOf(page, manifestHash));
    return pages;
  }

  async #sayingOf(trio: OwnTrio, page: WaitingPage): Promise<Uint8Array | undefined> {
    const prepared = await this.#prepare(trio, page);
    return prepared?.bytes;
  }

  /** Undefined: it waits no more, since another message decided it meanwhile. */
  async #prepare(trio: OwnTrio, page: WaitingPage): Promise<Prepared | undefined> {
    const name = nameOf(page.page, page.manifestHash);
    const before = this.#prepared.get(name);
    if (before !== undefined) return before;
    const { verifyKey } = await trioSecrets(this.#base, trio);
    const body = await this.#base.store.body(page);
    if (body === undefined) return undefined;
    const opened = await this.#open(trio, { ...page, body }, verifyKey);
    const prepared = {
      ...opened,
      trio: trio.id,
      waiting: page,
      bytes: encodeAs(saying, opened.said),
    };
    if (this.#prepared.size > 4 * mostOfRound) {
      this.#prepared.clear();
      this.#spoken.clear();
    }
    this.#prepared.set(name, prepared);
    return prepared;
  }

  async #open(
    trio: OwnTrio,
    page: WaitingPage & { readonly body: Uint8Array },
    verifyKey: Uint8Array,
  ): Promise<Omit<Prepared, 'trio' | 'waiting' | 'bytes'>> {
    const { arithmetic } = this.#base;
    const manifest = decodeAs(pageManifest, page.manifest);
    const [head, server] = [headOf(manifest), trio.place];
    try {
      const body = keptBody(server, page.body);
      const hash = manifest.hashes[server - 1] ?? manifest.hashes[0];
      const { parts } = manifest;
      const judged = { server, head, body, parts, hash, verifyKey };
      const { share, kept } = await judgeShare(arithmetic, judged);
      const { part, verifier } = share;
      return { manifest, said: { kind: 'share', part, verifier }, share, kept };
    } catch (error) {
      if (!isCoded(error)) throw error;
      return { manifest, said: { kind: 'refusal', code: error.code } };
    }
  }

  #hear(from: AccountId, pages: readonly SaidOfPage[]): void {
    const names = pages.map(({ page, manifestHash }) => nameOf(page, manifestHash));
    // A view keeps the whole message: only where all of that is kept anyway.
    const areKept =
      new Set(names).size === pages.length && pages.every(({ said }) => said.length <= mostSaid);
    for (const [at, { said }] of pages.entries())
      this.#heard.hear(from, names[at] ?? '', () => (areKept ? said : said.slice()));
  }

  async #decide(trio: OwnTrio, waiting: readonly WaitingPage[]): Promise<number> {
    const verdicts: PageVerdict[] = [];
    for (const page of waiting) {
      const name = nameOf(page.page, page.manifestHash);
      const heard = (account: AccountId) => this.#heard.of(account, name);
      if (trio.others.some(({ account }) => heard(account) === undefined)) continue;
      const verdict = await this.#verdict(trio, page, heard);
      if (verdict !== undefined) verdicts.push(verdict);
    }
    if (verdicts.length === 0) return 0;
    await this.#base.store.settle(verdicts);
    this.#base.faultPoint?.('round:settled');
    for (const { page, manifestHash } of verdicts) {
      const name = nameOf(page, manifestHash);
      this.#prepared.delete(name);
      this.#spoken.delete(name);
      this.#heard.forget(name);
    }
    return verdicts.length;
  }

  async #verdict(
    trio: OwnTrio,
    { page, manifestHash, ...of }: WaitingPage,
    heard: (account: AccountId) => Uint8Array | undefined,
  ): Promise<PageVerdict | undefined> {
    const mine = await this.#prepare(trio, { page, manifestHash, ...of });
    if (mine === undefined) return undefined;
    const said = trio.servers.map((account) =>
      account === this.#base.account ? mine.said : readSaying(heard(account)),
    );
    // Of the lowest server that refuses: so all three give one reason.
    const refusal = said.find((it) => it.kind === 'refusal');
    if (refusal !== undefined) return { page, manifestHash, code: refusal.code };
    const verdict = this.#judge(said, mine);
    if (verdict !== 'accepted' || mine.kept === undefined)
      return { page, manifestHash, code: verdict };
    return { page, manifestHash, kept: mine.kept };
  }

  #judge(said: readonly Saying[], { manifest: { parts }, share }: Prepared): string {
    const [first, second, third] = said.map(shareIn);
    if (first === undefined || second === undefined || third === undefined || share === undefined)
      throw new CodedError('INTERNAL');
    const three: OfThree<VerifierShare> = [first, second, third];
    return decidePage(this.#base.arithmetic, { parts, said: three, jointRand: share.jointRand });
  }
}

const shareIn = (it: Saying): VerifierShare | undefined => (it.kind === 'share' ? it : undefined);

/** What cannot be read is a refusal: a server that speaks nonsense must not hold a page up for ever. */
function readSaying(said: Uint8Array | undefined): Saying {
  try {
    return decodeViewsAs(saying, said ?? new Uint8Array(0));
  } catch {
    return { kind: 'refusal', code: 'PEER_DISAGREES' };
  }
}

/** A server that is away, or that refuses, is asked again in the next round. */
function passOver(error: unknown): void {
  if (!isCoded(error)) throw error;
}
