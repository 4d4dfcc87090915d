import { sha256 } from '../../../../crypto/hash.ts';
import type { Keys } from '../../../../ledger/tables/keys.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { decodeAs } from '../../../../primitives/shape.ts';
import { decodeEncryptedAsked, encryptedWord } from '../../api/encrypted-answer.ts';
import { requireInTime } from '../../api/query-manifest.ts';
import { questionsAtOnce, questionsWanted } from '../../api/routes/stat-questions-post.ts';
import { forged } from '../forged.ts';
import { openReaderStatement } from '../statements.ts';
import { requireNoOverlap } from '../stores/overlap.ts';
import { patientsIn } from '../stores/page-selection.ts';
import { type AnswerForm, encryptedForm, sealedForm } from './answer-forms.ts';
import { AnswerSealing } from './answer-sealing.ts';
import { Answering } from './answering.ts';
import type { DeskParts } from './desk-parts.ts';
import { type ExpectedQuestion, ExpectedQuestions } from './expected-questions.ts';
import { PageChoice } from './page-choice.ts';
import { type Judged, QuestionJudge } from './question-judge.ts';

/** Checks of one researcher in a minute: his flood is his own. */
const checksAMinute = 60;
const minuteMs = 60_000;

/**
 * Where researchers ask one data server: it judges a question, answers it once, and gives the same bytes for ever.
 * Source: docs/protocol/vitals-statistics.md, rules VQ-30 to VQ-38.
 */
export class QuestionDesk {
  readonly #parts: DeskParts;
  /** Of one question one at a time. */
  readonly #running = new Map<string, Promise<Uint8Array>>();
  readonly #checks = new Map<string, { readonly count: number; readonly endsMs: number }>();
  readonly #judge: QuestionJudge;
  readonly #choice: PageChoice;
  readonly #answering: Answering;
  readonly #sealing: AnswerSealing;
  readonly #expected: ExpectedQuestions;
  /** By `nameOf` of the signed question; never rejected. */
  readonly #preparing = new Map<string, Promise<void>>();
  #meeting: Promise<void> | undefined;
  /** A block came that nobody has looked at. */
  #isBehind = false;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#judge = new QuestionJudge(parts);
    this.#choice = new PageChoice(parts);
    this.#sealing = new AnswerSealing(parts);
    this.#expected = new ExpectedQuestions(parts.now);
    const [judge, choice, sealing] = [this.#judge, this.#choice, this.#sealing];
    this.#answering = new Answering(parts, { judge, choice, sealing, expected: this.#expected });
  }

  /** The bytes that this server gives for ever. Throws as rule VQ-32 says. */
  async ask(signed: Uint8Array): Promise<Uint8Array> {
    const judged = await this.#judged(signed);
    return this.#inTurn(judged, sealedFormOf(judged));
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

  /** What is being made ready is waited for: it has its rows already. */
  async #judged(signed: Uint8Array): Promise<Judged> {
    await this.#preparing.get(nameOf(signed));
    return this.#judge.judged(signed);
  }

  /** Of one question one after the other, whatever the form: so both are made of one answer. */
  async #inTurn(judged: Judged, form: AnswerForm): Promise<Uint8Array> {
    const { query } = judged;
    const name = `${query} ${form.name}`;
    const before = this.#running.get(name);
    if (before !== undefined) return before;
    const others = [...this.#running].flatMap(([it, work]) => (it.startsWith(query) ? work : []));
    const running = Promise.allSettled(others).then(() => this.#answering.answer(judged, form));
    this.#running.set(name, running);
    try {
      return await running;
    } finally {
      this.#running.delete(name);
    }
  }

  /**
   * There is a new block: what was checked and is paid in it is made ready. What fails is told when it is asked for. One
   * look at a time, and one more for all blocks that came meanwhile. Rule VQ-32b.
   */
  meetBlock(): Promise<void> {
    this.#isBehind = true;
    this.#meeting ??= this.#meetBlocks();
    return this.#meeting;
  }

  async #meetBlocks(): Promise<void> {
    while (this.#isBehind) {
      this.#isBehind = false;
      await this.#prepareExpected();
    }
    // In the same step as the look above: a block that comes now begins anew.
    this.#meeting = undefined;
  }

  /** Never rejected. */
  async #prepareExpected(): Promise<void> {
    const expected = this.#expected.unready();
    if (expected.length === 0) return;
    // Where it fails, the next block comes to it again.
    const paid = this.#judge.paidOf(expected).catch((): typeof expected => []);
    await Promise.all(expected.map((it) => this.#prepareIn(paid, it)));
  }

  async #prepareIn(paid: Promise<readonly unknown[]>, question: ExpectedQuestion): Promise<void> {
    const name = nameOf(question.signed);
    const preparing = paid
      .then((list) => (list.includes(question) ? this.#prepare(question.signed) : undefined))
      .catch(() => undefined)
      .finally(() => this.#preparing.delete(name));
    this.#preparing.set(name, preparing);
    await preparing;
  }

  async #prepare(signed: Uint8Array): Promise<void> {
    const judged = await this.#judge.judged(signed);
    const isAsked = [...this.#running.keys()].some((it) => it.startsWith(judged.query));
    if (!isAsked) await this.#answering.prepare(judged, sealedFormOf(judged));
  }

  /** Whether it would be answered; keeps only that this group was looked at. `patients`: rounded down to a multiple of the dataset's minimum. */
  async check(
    signed: Uint8Array,
  ): Promise<{ readonly patients: number; readonly selection: Uint8Array }> {
    const { store, now, hidingKeys } = this.#parts;
    const judged = await this.#judge.judged(signed);
    const { manifest, dataset, query } = judged;
    this.#requireUnhurried(manifest.researcher);
    // Without them it could not be answered once it is paid.
    await hidingKeys(dataset.trio);
    const known = await store.known(query);
    if (known === undefined) {
      requireInTime(manifest, now());
      if (now() >= judged.permitUntilMs) throw new CodedError('PERMIT_EXPIRED');
    }
    const { set, selection } = await this.#choice.of(judged);
    for await (const before of store.earlierSets(manifest.researcher, manifest.dataset))
      requireNoOverlap(before, set, dataset.kMin);
    if (known === undefined) this.#expected.expect(judged, signed);
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

  /** Until nothing is being made ready or sealed any more: for who stops this server. */
  async idle(): Promise<void> {
    await this.#meeting;
    await this.#sealing.idle();
  }
}

const nameOf = (signed: Uint8Array): string => bytesToHex(sha256(signed));

/** To the researcher's key as it was when he was judged. */
const sealedFormOf = ({ directory, manifest }: Judged): AnswerForm =>
  sealedForm(() => kemKeyIn(directory, manifest.researcher));

/** The HPKE key that an account has in use. Throws ACCOUNT_UNKNOWN. */
function kemKeyIn(directory: Keys | undefined, account: AccountId): Uint8Array {
  const held = directory?.identities.find(({ untilHeight }) => untilHeight === 0);
  if (held === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account });
  return held.identity.kemKey;
}
