import { equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { releasedBy } from '../../api/question.ts';
import { requireNoOverlap } from '../stores/overlap.ts';
import { type PageSet, patientsIn } from '../stores/page-selection.ts';
import type { KeptQuestion } from '../stores/question-store.ts';
import type { AnswerForm, AnswerHead } from './answer-forms.ts';
import type { AnswerSealing } from './answer-sealing.ts';
import { answerShare, type ServerPlace } from './answer-share.ts';
import type { DeskParts } from './desk-parts.ts';
import type { ExpectedQuestions } from './expected-questions.ts';
import { requirePaid } from './judge-question.ts';
import type { Chosen, PageChoice } from './page-choice.ts';
import type { Judged, QuestionJudge } from './question-judge.ts';

/** Answers what was judged, once and for ever. Source: docs/protocol/vitals-statistics.md, steps 5 to 11 of rule VQ-32. */
export class Answering {
  readonly #parts: DeskParts;
  readonly #judge: QuestionJudge;
  readonly #choice: PageChoice;
  readonly #sealing: AnswerSealing;
  readonly #expected: ExpectedQuestions;

  constructor(
    parts: DeskParts,
    of: {
      readonly judge: QuestionJudge;
      readonly choice: PageChoice;
      readonly sealing: AnswerSealing;
      readonly expected: ExpectedQuestions;
    },
  ) {
    this.#parts = parts;
    this.#judge = of.judge;
    this.#choice = of.choice;
    this.#sealing = of.sealing;
    this.#expected = of.expected;
  }

  /** The bytes that are given for ever. Throws as VQ-32 says. */
  async answer(judged: Judged, form: AnswerForm): Promise<Uint8Array> {
    const { store, faultPoint = () => {} } = this.#parts;
    const { manifest, query, dataset } = judged;
    const { researcher } = manifest;
    // What was made ready was not answered before, and what is answered is not ready any more.
    const isReady = this.#expected.readyFor(query) !== undefined;
    const known = isReady ? undefined : await store.known(query);
    if (known?.answer !== undefined) {
      const sealed = this.#sealing.given(known);
      return form.fits(sealed) ? sealed : this.#inOtherForm(judged, known, form);
    }
    // It may have been paid while the other rows were on their way.
    const paid = judged.paid ?? (await this.#judge.paid(manifest, query));
    requirePaid(manifest, paid);
    const chosen = await this.#choice.of(judged);
    const { set, selection } = chosen;
    const made = await this.#make(judged, chosen, form);
    faultPoint('summed');
    const question = { query, researcher, dataset: manifest.dataset, signed: judged.signed };
    const overlap = (before: PageSet): void => requireNoOverlap(before, set, dataset.kMin);
    const begun = await store.begin({ ...question, selection }, set, overlap, made);
    // What was begun before and is not answered was begun on other pages: they have changed.
    if (!equalBytes(begun.selection, selection)) throw new CodedError('ANSWER_LOST', { query });
    faultPoint('begun');
    const answer = begun.answer ?? (await store.keep(query, made));
    faultPoint('kept');
    this.#expected.forget(query);
    return this.#sealing.given({ ...begun, answer });
  }

  /** Makes what this question will be answered with, if it is paid: nothing is written, and nothing leaves. Throws as `answer`. Rule VQ-32b. */
  async prepare(judged: Judged, form: AnswerForm): Promise<void> {
    const { manifest, query, paid } = judged;
    if (paid === undefined || this.#expected.readyFor(query) !== undefined) return;
    requirePaid(manifest, paid);
    if ((await this.#parts.store.known(query)) !== undefined) return this.#expected.forget(query);
    const chosen = await this.#choice.of(judged);
    const share = await this.#share(judged, chosen);
    const answer = await form.write(this.#headOf(judged, chosen), share);
    const { selection } = chosen;
    this.#expected.keep(query, { selection, share, answer, under: form.under() });
  }

  /** The numbers of an answer that was given, made again and never new ones. Throws ANSWER_LOST. Rule VD-23. */
  async #inOtherForm(judged: Judged, known: KeptQuestion, form: AnswerForm): Promise<Uint8Array> {
    const { keeps } = this.#parts;
    const name = `answer ${form.name} ${judged.query}`;
    const kept = await keeps.kept(name);
    if (kept !== undefined) return kept;
    const chosen = await this.#choice.of(judged);
    if (!equalBytes(known.selection, chosen.selection))
      throw new CodedError('ANSWER_LOST', { query: judged.query });
    return keeps.keepOnce(name, await this.#make(judged, chosen, form));
  }

  /** Step 8. What was made ready is of the same pages, or is not taken. */
  async #make(judged: Judged, chosen: Chosen, form: AnswerForm): Promise<Uint8Array> {
    const ready = this.#expected.readyFor(judged.query);
    const isReady = ready !== undefined && equalBytes(ready.selection, chosen.selection);
    if (isReady && ready.under === form.under()) return ready.answer;
    const share = isReady ? ready.share : await this.#share(judged, chosen);
    return form.write(this.#headOf(judged, chosen), share);
  }

  #headOf({ servers, query }: Judged, { selection }: Chosen): AnswerHead {
    return { query, selection, place: placeOf(servers, this.#parts.account) };
  }

  async #share(judged: Judged, chosen: Chosen): Promise<readonly bigint[]> {
    const { account, hidingKeys } = this.#parts;
    const { manifest, dataset, servers } = judged;
    const hiding = await hidingKeys(dataset.trio);
    const coordinates = releasedBy(manifest.question);
    const counters = coordinates.some(({ kind }) => kind === 'bin');
    const { counting, readings, set, selection, wanted } = chosen;
    const shares = await this.#parts.pages.sum(counting, { ...wanted, counters });
    return answerShare({
      ...{ coordinates, shares, server: placeOf(servers, account), ...hiding },
      counts: { patients: patientsIn(set), readings },
      // Noise and masks are this selection's, not only this question's.
      query: selection,
      spending: { pagesPerPatient: dataset.pagesPerPatient, microRho: manifest.microRho },
    });
  }
}

/** Throws DATASET_UNKNOWN: this server is none of the three. */
function placeOf(servers: readonly AccountId[], account: AccountId): ServerPlace {
  const place = ([1, 2, 3] as const)[servers.indexOf(account)];
  if (place === undefined) throw new CodedError('DATASET_UNKNOWN');
  return place;
}
