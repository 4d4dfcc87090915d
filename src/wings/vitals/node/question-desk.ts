import { decodeSigned } from '../../../api/signed.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import type { StateTable } from '../../../ledger/table.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { keys } from '../../../ledger/tables/keys.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { type AccountId, parseAccountId } from '../../../primitives/ids.ts';
import { decodeEncryptedAsked, encryptedWord } from '../api/encrypted-answer.ts';
import {
  type QueryManifest,
  queryIdOf,
  readManifest,
  requireInTime,
} from '../api/query-manifest.ts';
import { releasedBy } from '../api/question.ts';
import type { MaskKeys } from '../crypto/answer-masks.ts';
import type { StatSeal } from '../ledger/acts/stat-seal.ts';
import { type Dataset, statDatasets } from '../ledger/tables/stat-datasets.ts';
import { statPermits } from '../ledger/tables/stat-permits.ts';
import { queryRowId, statQueries } from '../ledger/tables/stat-queries.ts';
import { quarterOf } from '../ledger/tables/stat-spent.ts';
import { statTrios, type Trio } from '../ledger/tables/stat-trios.ts';
import { statWithdrawn } from '../ledger/tables/stat-withdrawn.ts';
import { vitalsNames } from '../names.ts';
import { type AnswerForm, encryptedForm, sealedForm } from './answer-forms.ts';
import { answerShare, type ServerPlace } from './answer-share.ts';
import { requireDataset, requirePaid, requirePermit, requireResearcher } from './judge-question.ts';
import { requireNoOverlap } from './overlap.ts';
import {
  countingPages,
  digestOfPages,
  type MeantPage,
  type MeantPatient,
  type PageSet,
  pageSetOf,
  patientsIn,
  requirePatients,
  selectionOf,
} from './page-selection.ts';
import type { PageStore } from './page-store.ts';
import type { CountingPages, QuestionPages, WantedPages } from './question-pages.ts';
import type { KeptQuestion, QuestionStore } from './question-store.ts';
import type { ShownKeys } from './shown-keys.ts';
import { openReaderStatement, type state } from './statements.ts';

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
  readonly trio: Trio;
  readonly signed: Uint8Array;
  readonly permitUntilMs: number;
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

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** The bytes that this server gives for ever. Throws as rule VQ-32 says. */
  async ask(signed: Uint8Array): Promise<Uint8Array> {
    const judged = await this.#judged(signed);
    const { ledger } = this.#parts;
    const { researcher } = judged.manifest;
    return this.#inTurn(
      judged,
      sealedForm(() => kemKeyOf(ledger, researcher)),
    );
  }

  /**
   * The same part under a Paillier key that the researcher showed here. Throws as `ask`, UNAUTHENTICATED (another states
   * it), KEY_UNKNOWN. Rule VD-23.
   */
  async askEncrypted(signed: Uint8Array): Promise<Uint8Array> {
    const said = await openReaderStatement(this.#parts, signed, encryptedWord);
    const { question, key } = decodeEncryptedAsked(said.payload);
    const judged = await this.#judged(question);
    if (judged.manifest.researcher !== said.from) throw new CodedError('UNAUTHENTICATED');
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

  /** Signed questions: all of them for a patient who opted in, his own for a researcher. Throws UNAUTHENTICATED, NOT_FOUND. */
  async questions(signed: Uint8Array): Promise<readonly Uint8Array[]> {
    const { pages, store } = this.#parts;
    const said = await openReaderStatement(this.#parts, signed, 'questions');
    const { from, account, payload } = said;
    const dataset = bytesToHex(payload);
    if (account.role === 'researcher') return store.signedOn(dataset, from);
    if (!(await pages.isInDataset(from, dataset))) throw new CodedError('NOT_FOUND');
    return store.signedOn(dataset);
  }

  /** Sends the StatSeals that a crash left unsent. */
  async settle(): Promise<void> {
    for (const kept of await this.#parts.store.unsealed()) await this.#seal(kept);
  }

  /** Steps 1 to 4. */
  async #judged(signed: Uint8Array): Promise<Judged> {
    const { ledger, account: self } = this.#parts;
    const { bytes, signature } = decodedQuestion(signed);
    const manifest = readManifest(bytes);
    if (manifest.chainId !== ledger.chainId) throw new CodedError('MANIFEST_MALFORMED');
    const account = requireResearcher(await ledger.row(accounts, manifest.researcher));
    const { question: label } = vitalsNames.labels;
    if (!(await verifyLabelled(account.signKey, label, bytes, signature)))
      throw new CodedError('SIGNATURE_WRONG');
    const query = queryIdOf(bytes);
    const permit = requirePermit(manifest, await ledger.row(statPermits, manifest.permit));
    await this.#requireNotWithdrawn(manifest, query);
    const dataset = requireDataset(manifest, await ledger.row(statDatasets, manifest.dataset));
    const trio = await ledger.row(statTrios, dataset.trio);
    if (trio === undefined || !trio.servers.includes(self)) throw new CodedError('DATASET_UNKNOWN');
    return { manifest, query, dataset, trio, signed, permitUntilMs: permit.notAfterMs };
  }

  /** Whether it was paid is looked up second: what was paid in between was paid in time. Throws PERMIT_WITHDRAWN. Rule VQ-32a. */
  async #requireNotWithdrawn(manifest: QueryManifest, query: string): Promise<void> {
    const { ledger } = this.#parts;
    const withdrawn = await ledger.row(statWithdrawn, manifest.permit);
    if (withdrawn === undefined) return;
    const paid = await ledger.row(statQueries, queryRowId(manifest.researcher, query));
    if (paid === undefined) throw new CodedError('PERMIT_WITHDRAWN');
  }

  /** Steps 5 to 13. */
  async #answer(judged: Judged, form: AnswerForm): Promise<Uint8Array> {
    const { ledger, store, faultPoint = () => {} } = this.#parts;
    const { manifest, query, dataset } = judged;
    const { researcher } = manifest;
    const known = await store.known(query);
    if (known?.answer !== undefined) {
      const sealed = await this.#seal(known);
      return form.fits(sealed) ? sealed : this.#inOtherForm(judged, known, form);
    }
    requirePaid(manifest, await ledger.row(statQueries, queryRowId(researcher, query)));
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
    return this.#seal({ ...begun, answer });
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
    if ((await kept.newestBatch(trio)) < asOfBatch) throw new CodedError('BATCH_UNKNOWN');
    const meant = await kept.select(wanted);
    const set = pageSetOf(meant);
    await this.#requireFewGroups(manifest, set);
    requirePatients(meant, kMin);
    const all = { query: bytesOf(query), pagesPerPatient, wanted };
    const { rows, ...counted } = await this.#counting(meant, all);
    const selection = selectionOf(all.query, rows ?? set);
    return { ...counted, set, selection, wanted };
  }

  /**
   * Whatever is said next tells something of this group without noise, so a researcher has few of them looked at, paid or
   * not. Throws CHECKS_SPENT. Rule VQ-33a.
   */
  async #requireFewGroups({ researcher, dataset }: QueryManifest, set: PageSet): Promise<void> {
    const { store, now } = this.#parts;
    const of = { researcher, dataset, quarter: quarterOf(now()), group: sha256(set) };
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
    const { manifest, dataset, trio, query } = judged;
    const hiding = await hidingKeys(dataset.trio);
    const coordinates = releasedBy(manifest.question);
    const counters = coordinates.some(({ kind }) => kind === 'bin');
    const { counting, readings, set, selection, wanted } = chosen;
    const shares = await this.#parts.pages.sum(counting, { ...wanted, counters });
    const place = placeOf(trio, account);
    const share = answerShare({
      ...{ coordinates, shares, server: place, ...hiding },
      counts: { patients: patientsIn(set), readings },
      // Noise and masks are this selection's, not only this question's.
      query: selection,
      spending: { pagesPerPatient: dataset.pagesPerPatient, microRho: manifest.microRho },
    });
    return form.write({ query, place, selection }, share);
  }

  /** Steps 12 and 13. */
  async #seal({ query, researcher, answer, isSealed }: KeptQuestion): Promise<Uint8Array> {
    const { send, store, faultPoint = () => {} } = this.#parts;
    if (answer === undefined) throw new CodedError('INTERNAL', { query });
    if (isSealed) return answer;
    const act = {
      ...{ kind: 'StatSeal' as const, researcher: accountIdOf(researcher), query },
      answer: sha256(answer),
    };
    await send(act).catch((error: unknown) => {
      if (!isCoded(error, 'SEAL_TAKEN')) throw error;
    });
    faultPoint('sent');
    await store.sealed(query);
    faultPoint('sealed');
    return answer;
  }
}

/** Throws DATASET_UNKNOWN: this server is none of the three. */
function placeOf({ servers }: Trio, account: AccountId): ServerPlace {
  const place = ([1, 2, 3] as const)[servers.indexOf(account)];
  if (place === undefined) throw new CodedError('DATASET_UNKNOWN');
  return place;
}

/** The HPKE key that an account has in use. Throws ACCOUNT_UNKNOWN. */
async function kemKeyOf(ledger: DeskParts['ledger'], account: AccountId): Promise<Uint8Array> {
  const directory = await ledger.row(keys, account);
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

const accountIdOf = (hex: string): AccountId => parseAccountId(hex);

function bytesOf(hex: string): Uint8Array {
  const bytes = hexToBytes(hex);
  if (bytes === undefined) throw new CodedError('INTERNAL');
  return bytes;
}
