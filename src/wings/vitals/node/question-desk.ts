import { decodeSigned } from '../../../api/signed.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import type { StateTable } from '../../../ledger/table.ts';
import type { Keys } from '../../../ledger/tables/keys.ts';
import { equalBytes, hexToBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import { decodeEncryptedAsked, encryptedWord } from '../api/encrypted-answer.ts';
import {
  encodeAskedGroup,
  type QueryManifest,
  queryIdOf,
  readManifest,
  requireInTime,
} from '../api/query-manifest.ts';
import { releasedBy } from '../api/question.ts';
import { questionsAtOnce, questionsWanted } from '../api/routes/stat-questions-post.ts';
import type { MaskKeys } from '../crypto/answer-masks.ts';
import type { StatSeal } from '../ledger/acts/stat-seal.ts';
import type { Dataset } from '../ledger/tables/stat-datasets.ts';
import type { StatQueryRow } from '../ledger/tables/stat-queries.ts';
import { quarterOf } from '../ledger/tables/stat-spent.ts';
import { vitalsNames } from '../names.ts';
import { type AnswerForm, encryptedForm, sealedForm } from './answer-forms.ts';
import { AnswerSealing } from './answer-sealing.ts';
import { answerShare, type ServerPlace } from './answer-share.ts';
import { forged } from './forged.ts';
import { requireDataset, requirePaid, requirePermit, requireResearcher } from './judge-question.ts';
import { requireNoOverlap } from './overlap.ts';
import {
  countingPages,
  digestOfPages,
  type MeantPage,
  type MeantPatient,
  type PageSet,
  pageSetOf,
  pageSetOnce,
  patientsIn,
  requirePatients,
  selectionOf,
} from './page-selection.ts';
import type { PageStore } from './page-store.ts';
import type { CountingPages, QuestionPages, WantedPages } from './question-pages.ts';
import { QuestionRows } from './question-rows.ts';
import type { KeptQuestion, QuestionStore } from './question-store.ts';
import type { ShownKeys } from './shown-keys.ts';
import { openReaderStatement, type state } from './statements.ts';
import { serversOf } from './trio.ts';

/** What hides this server's parts, of one trio. */
export interface HidingKeys {
  readonly maskKeys: MaskKeys;
  /** That nobody else has, 32 bytes: the noise comes of it. */
  readonly noiseKey: Uint8Array;
}

/** What a desk of questions works with. */
export interface DeskParts {
  readonly account: AccountId;
  /** Rows as of a block that this server trusts; undefined: there is none yet. */
  readonly ledger: {
    readonly chainId: string;
    row<Row>(table: StateTable<Row>, id: string): Promise<Row | undefined>;
  };
  /** By this server's account; returns when it is committed. Throws the refusal. */
  readonly send: (act: StatSeal) => Promise<void>;
  readonly pages: QuestionPages;
  readonly store: QuestionStore;
  /** What else is kept once and for ever: an answer in the form that was asked for second. */
  readonly keeps: Pick<PageStore, 'kept' | 'keepOnce'>;
  readonly shownKeys: Pick<ShownKeys, 'encryptionFor'>;
  /** What this server says, signed. */
  readonly say: (of: Parameters<typeof state>[1]) => Promise<Uint8Array>;
  /** Throws what it needs of the other two and cannot have. */
  readonly hidingKeys: (trio: string) => Promise<HidingKeys>;
  readonly now: () => number;
  /** Called between the steps of rule VQ-35: a test ends the process there. */
  readonly faultPoint?: (step: 'begun' | 'summed' | 'kept' | 'sent' | 'sealed') => void;
}

/** Groups of one dataset that are looked at for one researcher in a quarter. Rule VQ-33a. */
export const groupsAQuarter = 64;
/** Checks of one researcher in a minute: his flood is his own. */
const checksAMinute = 60;
const minuteMs = 60_000;

interface Judged {
  readonly manifest: QueryManifest;
  readonly query: string;
  readonly dataset: Dataset;
  /** Of its trio. */
  readonly servers: readonly AccountId[];
  readonly signed: Uint8Array;
  readonly permitUntilMs: number;
  /** Undefined: nobody has paid it yet. */
  readonly paid: StatQueryRow | undefined;
  /** Of its researcher. */
  readonly directory: Keys | undefined;
}

interface Chosen {
  readonly counting: CountingPages;
  readonly readings: number;
  readonly set: PageSet;
  readonly selection: Uint8Array;
  readonly wanted: WantedPages;
}

/**
 * Where researchers ask one data server: it judges a question, answers it once, and gives the same bytes for ever.
 * Source: docs/protocol/vitals-statistics.md, rules VQ-30 to VQ-38.
 */
export class QuestionDesk {
  readonly #parts: DeskParts;
  /** Of one question one at a time. */
  readonly #running = new Map<string, Promise<Uint8Array>>();
  readonly #checks = new Map<string, { readonly count: number; readonly endsMs: number }>();
  readonly #rows: QuestionRows;
  readonly #sealing: AnswerSealing;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#rows = new QuestionRows(parts.ledger);
    this.#sealing = new AnswerSealing(parts);
  }

  /** The bytes that this server gives for ever. Throws as rule VQ-32 says. */
  async ask(signed: Uint8Array): Promise<Uint8Array> {
    const judged = await this.#judged(signed);
    const { directory, manifest } = judged;
    const form = sealedForm(() => kemKeyIn(directory, manifest.researcher));
    return this.#inTurn(judged, form);
  }

  /**
   * The same part under a Paillier key that the researcher showed here. Throws as `ask`, UNAUTHENTICATED (another states
   * it), KEY_UNKNOWN. Rule VD-23.
   */
  async askEncrypted(signed: Uint8Array): Promise<Uint8Array> {
    const said = await openReaderStatement(this.#parts, signed, encryptedWord);
    const { question, key } = decodeEncryptedAsked(said.payload);
    const judged = await this.#judged(question);
    if (judged.manifest.researcher !== said.from) throw forged('UNAUTHENTICATED');
    const encryption = await this.#parts.shownKeys.encryptionFor(said.from, key);
    const say = (payload: Uint8Array) =>
      this.#parts.say({ to: said.from, word: encryptedWord, payload });
    return this.#inTurn(judged, encryptedForm(encryption, key, say));
  }

  /** Of one question one after the other, whatever the form: so both are made of one answer. */
  async #inTurn(judged: Judged, form: AnswerForm): Promise<Uint8Array> {
    const { query } = judged;
    const name = `${query} ${form.name}`;
    const before = this.#running.get(name);
    if (before !== undefined) return before;
    const others = [...this.#running].flatMap(([it, work]) => (it.startsWith(query) ? work : []));
    const running = Promise.allSettled(others).then(() => this.#answer(judged, form));
    this.#running.set(name, running);
    try {
      return await running;
    } finally {
      this.#running.delete(name);
    }
  }

  /** Whether it would be answered; keeps only that this group was looked at. `patients`: rounded down to a multiple of the dataset's minimum. */
  async check(
    signed: Uint8Array,
  ): Promise<{ readonly patients: number; readonly selection: Uint8Array }> {
    const { store, now, hidingKeys } = this.#parts;
    const judged = await this.#judged(signed);
    const { manifest, dataset, query } = judged;
    this.#requireUnhurried(manifest.researcher);
    // Without them it could not be answered once it is paid.
    await hidingKeys(dataset.trio);
    if ((await store.known(query)) === undefined) {
      requireInTime(manifest, now());
      if (now() >= judged.permitUntilMs) throw new CodedError('PERMIT_EXPIRED');
    }
    const { set, selection } = await this.#choose(judged);
    for await (const before of store.earlierSets(manifest.researcher, manifest.dataset))
      requireNoOverlap(before, set, dataset.kMin);
    const patients = patientsIn(set);
    return { patients: patients - (patients % dataset.kMin), selection };
  }

  /** Before pages are looked for, which is what costs. Throws RATE_LIMITED. */
  #requireUnhurried(researcher: string): void {
    const now = this.#parts.now();
    const before = this.#checks.get(researcher);
    const running = before !== undefined && now < before.endsMs;
    const minute = running ? before : { count: 0, endsMs: now + minuteMs };
    if (minute.count >= checksAMinute) throw new CodedError('RATE_LIMITED');
    // Only who has a permit comes here, so there are as many as researchers.
    this.#checks.set(researcher, { ...minute, count: minute.count + 1 });
  }

  /** Signed questions, some at once: of all for a patient who opted in, his own for a researcher. Throws UNAUTHENTICATED, NOT_FOUND. */
  async questions(signed: Uint8Array): Promise<readonly Uint8Array[]> {
    const { pages, store } = this.#parts;
    const said = await openReaderStatement(this.#parts, signed, 'questions');
    const { from, account, payload } = said;
    const { dataset, skip } = decodeAs(questionsWanted, payload);
    const part = { skip, most: questionsAtOnce };
    if (account.role === 'researcher')
      return store.signedOn(dataset, { ...part, researcher: from });
    if (!(await pages.isInDataset(from, dataset))) throw new CodedError('NOT_FOUND');
    return store.signedOn(dataset, part);
  }

  /** See `AnswerSealing.settle`. */
  settle(): Promise<void> {
    return this.#sealing.settle();
  }

  /** See `AnswerSealing.idle`. */
  idle(): Promise<void> {
    return this.#sealing.idle();
  }

  /** Steps 1 to 4. */
  async #judged(signed: Uint8Array): Promise<Judged> {
    const { ledger, account: self } = this.#parts;
    const { bytes, signature } = decodedQuestion(signed);
    const manifest = readManifest(bytes);
    if (manifest.chainId !== ledger.chainId) throw new CodedError('MANIFEST_MALFORMED');
    const query = queryIdOf(bytes);
    const rows = await this.#rows.of(manifest, query);
    const account = requireResearcher(rows.account);
    const { question: label } = vitalsNames.labels;
    if (!(await verifyLabelled(account.signKey, label, bytes, signature)))
      throw forged('SIGNATURE_WRONG');
    const permit = requirePermit(manifest, rows.permit);
    const paid = rows.paid ?? (await this.#paidMeanwhile(manifest, query));
    const asked = requireDataset(manifest, rows.dataset);
    const servers = (await serversOf(ledger, asked.trio)) ?? [];
    if (!servers.includes(self)) throw new CodedError('DATASET_UNKNOWN');
    const permitUntilMs = permit.notAfterMs;
    const { directory } = rows;
    return { manifest, query, dataset: asked, servers, signed, permitUntilMs, paid, directory };
  }

  /** Whether it was paid is looked up second: what was paid in between was paid in time. Throws PERMIT_WITHDRAWN. Rule VQ-32a. */
  async #paidMeanwhile(manifest: QueryManifest, query: string): Promise<StatQueryRow | undefined> {
    if (!(await this.#rows.isWithdrawn(manifest))) return undefined;
    const paid = await this.#rows.paid(manifest, query);
    if (paid === undefined) throw new CodedError('PERMIT_WITHDRAWN');
    return paid;
  }

  /** Steps 5 to 13. */
  async #answer(judged: Judged, form: AnswerForm): Promise<Uint8Array> {
    const { store, faultPoint = () => {} } = this.#parts;
    const { manifest, query, dataset } = judged;
    const { researcher } = manifest;
    const known = await store.known(query);
    if (known?.answer !== undefined) {
      const sealed = this.#sealing.given(known);
      return form.fits(sealed) ? sealed : this.#inOtherForm(judged, known, form);
    }
    // It may have been paid while the other rows were on their way.
    const paid = judged.paid ?? (await this.#rows.paid(manifest, query));
    requirePaid(manifest, paid);
    const chosen = await this.#choose(judged);
    const { set, selection } = chosen;
    const question = { query, researcher, dataset: manifest.dataset, signed: judged.signed };
    const begun = await store.begin({ ...question, selection }, set, (before) => {
      requireNoOverlap(before, set, dataset.kMin);
    });
    // The noise of this question must not be put on other pages.
    if (!equalBytes(begun.selection, selection)) throw new CodedError('ANSWER_LOST', { query });
    faultPoint('begun');
    const made = await this.#make(judged, chosen, form);
    faultPoint('summed');
    const answer = await store.keep(query, made);
    faultPoint('kept');
    return this.#sealing.given({ ...begun, answer });
  }

  /** The numbers of an answer that was given, made again and never new ones. Throws ANSWER_LOST. Rule VD-23. */
  async #inOtherForm(judged: Judged, known: KeptQuestion, form: AnswerForm): Promise<Uint8Array> {
    const { keeps } = this.#parts;
    const name = `answer ${form.name} ${judged.query}`;
    const kept = await keeps.kept(name);
    if (kept !== undefined) return kept;
    const chosen = await this.#choose(judged);
    if (!equalBytes(known.selection, chosen.selection))
      throw new CodedError('ANSWER_LOST', { query: judged.query });
    return keeps.keepOnce(name, await this.#make(judged, chosen, form));
  }

  /** Steps 7 and 8, but for the guard. */
  async #choose({ manifest, query, dataset }: Judged): Promise<Chosen> {
    const { trio, panel, kMin, pagesPerPatient } = dataset;
    const { asOfBatch, cohort, fromHour, untilHour } = manifest;
    const wanted: WantedPages = {
      ...{ dataset: manifest.dataset, trio, panel, asOfBatch, cohort, fromHour, untilHour },
    };
    const { pages: kept } = this.#parts;
    if (!(await kept.hasBatch(trio, asOfBatch))) throw new CodedError('BATCH_UNKNOWN');
    const meant = await kept.select(wanted);
    const set = pageSetOnce(meant);
    await this.#requireFewGroups(manifest, set);
    requirePatients(meant, kMin);
    const all = { query: bytesOf(query), pagesPerPatient, wanted };
    const { rows, ...counted } = await this.#counting(meant, all);
    const selection = selectionOf(all.query, rows ?? set);
    return { ...counted, set, selection, wanted };
  }

  /**
   * Whatever is said next tells something of this group without noise, so a researcher has few of them looked at, paid or
   * not. A group is what he said and who that is: that two groups are the same people, or nobody, is such a thing too.
   * Throws CHECKS_SPENT. Rule VQ-33a.
   */
  async #requireFewGroups(manifest: QueryManifest, set: PageSet): Promise<void> {
    const { store, now } = this.#parts;
    const { researcher, dataset } = manifest;
    const group = sha256(sha256(encodeAskedGroup(manifest)), sha256(set));
    const of = { researcher, dataset, quarter: quarterOf(now()), group };
    if (!(await store.look(of, groupsAQuarter))) throw new CodedError('CHECKS_SPENT');
  }

  /** What counts of each (VQ-7); `rows`: missing where that is everything. */
  async #counting(
    meant: readonly MeantPatient[],
    of: {
      readonly query: Uint8Array;
      readonly pagesPerPatient: number;
      readonly wanted: WantedPages;
    },
  ): Promise<Pick<Chosen, 'counting' | 'readings'> & { readonly rows?: PageSet }> {
    const sum = (list: readonly { readonly readings: number }[]) =>
      list.reduce((total, { readings }) => total + readings, 0);
    const whole = meant.filter(({ pages }) => pages <= of.pagesPerPatient);
    if (whole.length === meant.length)
      return { counting: { whole, pages: [] }, readings: sum(meant) };
    const chosen = new Map<MeantPatient, readonly MeantPage[]>();
    for (const it of meant) {
      if (it.pages <= of.pagesPerPatient) continue;
      const pages = await this.#parts.pages.pagesOf(it.patient, of.wanted);
      chosen.set(it, countingPages(pages, of));
    }
    const rows = meant.map((it) => {
      const pages = chosen.get(it);
      if (pages === undefined) return it;
      return { patient: it.patient, digest: digestOfPages(pages.map(({ page }) => page)) };
    });
    const some = [...chosen.values()].flat();
    return {
      counting: { whole, pages: some.map(({ page }) => page) },
      ...{ readings: sum(whole) + sum(some), rows: pageSetOf(rows) },
    };
  }

  /** Step 10. */
  async #make(judged: Judged, chosen: Chosen, form: AnswerForm): Promise<Uint8Array> {
    const { account, hidingKeys } = this.#parts;
    const { manifest, dataset, servers, query } = judged;
    const hiding = await hidingKeys(dataset.trio);
    const coordinates = releasedBy(manifest.question);
    const counters = coordinates.some(({ kind }) => kind === 'bin');
    const { counting, readings, set, selection, wanted } = chosen;
    const shares = await this.#parts.pages.sum(counting, { ...wanted, counters });
    const place = placeOf(servers, account);
    const share = answerShare({
      ...{ coordinates, shares, server: place, ...hiding },
      counts: { patients: patientsIn(set), readings },
      // Noise and masks are this selection's, not only this question's.
      query: selection,
      spending: { pagesPerPatient: dataset.pagesPerPatient, microRho: manifest.microRho },
    });
    return form.write({ query, place, selection }, share);
  }
}

/** Throws DATASET_UNKNOWN: this server is none of the three. */
function placeOf(servers: readonly AccountId[], account: AccountId): ServerPlace {
  const place = ([1, 2, 3] as const)[servers.indexOf(account)];
  if (place === undefined) throw new CodedError('DATASET_UNKNOWN');
  return place;
}

/** The HPKE key that an account has in use. Throws ACCOUNT_UNKNOWN. */
function kemKeyIn(directory: Keys | undefined, account: AccountId): Uint8Array {
  const held = directory?.identities.find(({ untilHeight }) => untilHeight === 0);
  if (held === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account });
  return held.identity.kemKey;
}

function decodedQuestion(signed: Uint8Array) {
  try {
    return decodeSigned(signed);
  } catch (cause) {
    throw new CodedError('MANIFEST_MALFORMED', {}, cause);
  }
}

function bytesOf(hex: string): Uint8Array {
  const bytes = hexToBytes(hex);
  if (bytes === undefined) throw new CodedError('INTERNAL');
  return bytes;
}
