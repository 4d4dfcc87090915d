import { sha256 } from '../../../crypto/hash.ts';
import type { KemKey } from '../../../crypto/kem.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import { bytesToHex, equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { decodeAs, encodeAs } from '../../../primitives/shape.ts';
import { pagesAskedAfter, pagesStated, signedPagesAsked } from '../api/page-states.ts';
import { vitalsNames } from '../names.ts';
import type { DataServerBase } from './data-server-base.ts';
import { forged } from './forged.ts';
import { AttemptReports } from './incidents/attempt-reports.ts';
import { OperatorDesk } from './incidents/operator-desk.ts';
import { Rebuilding } from './incidents/rebuilding.ts';
import { WriteAttempts } from './incidents/refused-writes.ts';
import { Silences } from './incidents/silences.ts';
import { Tampering } from './incidents/tampering.ts';
import { answerBatch, answerPeople } from './pages/batch-copies.ts';
import { Batching } from './pages/batching.ts';
import { answerEnvelopes, checkEnvelopes, type EnvelopesChecked } from './pages/envelopes.ts';
import { takeUpload } from './pages/intake.ts';
import { register } from './pages/registering.ts';
import { ToldRegistrations } from './pages/told-registrations.ts';
import { noiseKeyOf, secretsFor, trioSecrets } from './pages/trio-secrets.ts';
import { Verification } from './pages/verification.ts';
import { QuestionDesk } from './questions/question-desk.ts';
import type { QuestionPages } from './questions/question-pages.ts';
import { storedPages } from './questions/stored-pages.ts';
import { Halves } from './reading/halves.ts';
import { VitalsReading } from './reading/reading.ts';
import { ShownKeys } from './reading/shown-keys.ts';
import {
  answerPeer,
  answerPeerCarrying,
  carriedBy,
  openPeerStatement,
  state,
} from './statements.ts';
import { ownTrio } from './trio.ts';

/**
 * One data server: what it does when it is asked, and what comes round by itself. Source: docs/protocol/vitals-servers.md.
 */
export class DataServer {
  readonly base: DataServerBase;
  readonly verification: Verification;
  readonly batching: Batching;
  readonly questions: QuestionDesk;
  readonly reading: VitalsReading;
  readonly attempts: WriteAttempts;
  readonly tampering: Tampering;
  readonly rebuilding: Rebuilding;
  readonly operator: OperatorDesk;
  readonly silences: Silences;
  /** What patients told the two others. */
  readonly told: ToldRegistrations;
  readonly shownKeys: ShownKeys;
  readonly halves: Halves;
  readonly #reports: AttemptReports;

  constructor(base: DataServerBase) {
    this.base = base;
    this.verification = new Verification(base);
    this.batching = new Batching(base);
    this.attempts = new WriteAttempts(base.now, base.callers);
    this.tampering = new Tampering(base, this.attempts);
    this.#reports = new AttemptReports(base, {
      attempts: this.attempts,
      files: this.tampering.files,
    });
    this.rebuilding = new Rebuilding(base, this.tampering);
    this.operator = new OperatorDesk(base, this.tampering, this.rebuilding);
    const follow = (trio: string) => this.batching.follow(trio);
    this.silences = new Silences(base);
    this.told = new ToldRegistrations(base);
    this.shownKeys = new ShownKeys(base);
    this.halves = new Halves(base, this.shownKeys);
    this.questions = deskOf(base, this.shownKeys, { follow, tampering: this.tampering });
    this.reading = new VitalsReading(base, follow, this.tampering);
  }

  /** See `register`. */
  register(signed: Uint8Array): Promise<void> {
    return register(this.base, signed);
  }

  /** See `takeUpload`; what became of the pages, signed. */
  async upload(bytes: Uint8Array): Promise<Uint8Array> {
    const pages = await takeUpload(this.base, bytes);
    const sensor = pages[0]?.sensor ?? new Uint8Array(0);
    this.silences.heard(sensor);
    return this.#stated(
      pages.map(({ page }) => page),
      sensor,
    );
  }

  /** What became of pages here, signed by this server, to the sensor whose they are. Throws SIGNATURE_WRONG, CBOR_*. Rule VS-10. */
  async pageStates(signed: Uint8Array): Promise<Uint8Array> {
    const { pages, sensor, signature } = decodeAs(signedPagesAsked, signed);
    const label = vitalsNames.labels.pageStates;
    if (!(await verifyLabelled(sensor, label, pages, signature)))
      throw new CodedError('SIGNATURE_WRONG');
    return this.#stated(decodeAs(pagesAskedAfter, pages), sensor);
  }

  /** Ids of pages follow from a sensor's key, which all know who ever read under a grant: of others' nothing is said. */
  async #stated(pages: readonly Uint8Array[], sensor: Uint8Array): Promise<Uint8Array> {
    const kept = await Promise.all(pages.map((page) => this.base.store.page(page)));
    const found = kept.map((it) => (it && equalBytes(it.sensor, sensor) ? it : undefined));
    const stated = pages.map((page, at) => ({
      ...{ page, manifestHash: found[at]?.manifestHash ?? new Uint8Array(0) },
      ...{ state: found[at]?.state ?? ('unknown' as const), code: found[at]?.code ?? '' },
    }));
    return state(this.base, { word: 'pages', payload: encodeAs(pagesStated, stated) });
  }

  /** Answers another server of a trio. Throws UNAUTHENTICATED, and what each word throws. Rule VS-5. */
  async answerPeer(message: Uint8Array): Promise<Uint8Array> {
    const carrying = carriedBy(message);
    if (carrying !== undefined) return this.#answerCarrying(carrying);
    const signed = message;
    const { from, word, payload } = await openPeerStatement(this.base, signed);
    const answer = async () => {
      switch (word) {
        case 'secrets':
          return this.#secretsFor(from, payload);
        case 'propose':
          return this.batching.answerProposal(from, payload);
        case 'give-up':
          return this.batching.answerGivingUp(from, payload);
        case 'envelopes':
          return answerEnvelopes(this.base, from, payload);
        case 'batch':
          return answerBatch(this.base, from, payload, (trio) => this.batching.follow(trio));
        case 'people':
          return answerPeople(this.base, from, payload);
        case 'sign':
          return this.batching.answerSigning(from, payload);
        default:
          throw new CodedError('REQUEST_INVALID', { at: 'word' });
      }
    };
    return answerPeer(this.base, { from, word, signed }, await answer());
  }

  /** What is long travels beside its statement. Rule VS-5a. */
  async #answerCarrying(of: NonNullable<ReturnType<typeof carriedBy>>): Promise<Uint8Array> {
    const { from, word, payload } = await openPeerStatement(this.base, of.signed);
    if (word !== 'round') throw new CodedError('REQUEST_INVALID', { at: 'word' });
    // Its sender signed another message than the one that came with it.
    if (!equalBytes(payload, sha256(of.carried))) throw forged('UNAUTHENTICATED');
    const answer = await this.verification.answer(from, of.carried);
    return answerPeerCarrying(this.base, { from, word, signed: of.signed }, answer);
  }

  async #secretsFor(from: DataServerBase['account'], payload: Uint8Array): Promise<Uint8Array> {
    const trio = await ownTrio(this.base, bytesToHex(payload));
    if (!trio.others.some(({ account }) => account === from)) throw forged('UNAUTHENTICATED');
    return secretsFor(this.base, trio, from);
  }

  /** One turn of looking after what is kept: who tried to write, and who did. Returns how many reports the ledger has more. */
  async watch(): Promise<number> {
    // Whatever keeps a report of attempts from being written, rows are looked after.
    const [reported] = await Promise.allSettled([this.#reports.turn()]);
    const told = await this.tampering.turn();
    if (reported.status === 'rejected') throw reported.reason;
    return told;
  }

  /** One turn of judging, for all trios whose pages are here; returns how many pages were decided. */
  judge(): Promise<number> {
    return this.#ofEach((trio) => this.verification.round(trio));
  }

  /** One turn of sealing: what the ledger has, and, as server 1, the next batch; returns the sum of their numbers. */
  seal(): Promise<number> {
    return this.#ofEach((trio) => this.batching.next(trio));
  }

  /** One sample of each trio: could this server be rebuilt. Returns what was found of each. See `checkEnvelopes`. */
  async checkEnvelopes(
    key: KemKey,
    draw: (below: number) => number,
  ): Promise<readonly (EnvelopesChecked & { readonly trio: string })[]> {
    const found: (EnvelopesChecked & { readonly trio: string })[] = [];
    await this.#ofEach(async (trio) => {
      const checked = await checkEnvelopes(this.base, key, { trio, draw });
      found.push({ trio, ...checked });
      return checked.bad.length;
    });
    return found;
  }

  /** Each trio has its turn, whatever became of the one before; what the first threw is thrown then. */
  async #ofEach(work: (trio: string) => Promise<number>): Promise<number> {
    let sum = 0;
    const errors: unknown[] = [];
    for (const trio of await this.base.store.trios()) {
      try {
        sum += await work(trio);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
    return sum;
  }
}

/** Where researchers ask this server. */
function deskOf(
  base: DataServerBase,
  shownKeys: ShownKeys,
  {
    follow,
    tampering,
  }: { readonly follow: (trio: string) => Promise<number>; readonly tampering: Tampering },
): QuestionDesk {
  const { account, ledger, send, now, questions: store } = base;
  const stored = storedPages(base.store);
  const pages: QuestionPages = {
    ...stored,
    async select(wanted) {
      await tampering.requireServed(wanted.trio, { first: 1, last: wanted.asOfBatch });
      return stored.select(wanted);
    },
    // What is here needs no look at the ledger: a question pins its batch.
    hasBatch: async (trio, number) =>
      (await stored.hasBatch(trio, number)) || (await follow(trio)) >= number,
  };
  return new QuestionDesk({
    ...{ account, ledger, send, now, store, pages, shownKeys, keeps: base.store },
    say: (of) => state(base, of),
    async hidingKeys(id) {
      const { maskKeys } = await trioSecrets(base, await ownTrio(base, id));
      return { maskKeys, noiseKey: noiseKeyOf(base, id) };
    },
    faultPoint: (step) => base.faultPoint?.(`question ${step}`),
  });
}
