import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { releasedBy } from '../api/question.ts';
import type { AnswerForm } from './answer-forms.ts';
import type { AnswerSealing } from './answer-sealing.ts';
import { answerShare, type ServerPlace } from './answer-share.ts';
import type { DeskParts } from './desk-parts.ts';
import { requirePaid } from './judge-question.ts';
import { requireNoOverlap } from './overlap.ts';
import type { Chosen, PageChoice } from './page-choice.ts';
import { patientsIn } from './page-selection.ts';
import type { Judged, QuestionJudge } from './question-judge.ts';
import type { KeptQuestion } from './question-store.ts';

/** Answers what was judged, once and for ever. Source: docs/protocol/vitals-statistics.md, steps 5 to 13 of rule VQ-32. */
export class Answering {
  readonly #parts: DeskParts;
  readonly #judge: QuestionJudge;
  readonly #choice: PageChoice;
  readonly #sealing: AnswerSealing;

  constructor(
    parts: DeskParts,
    of: {
      readonly judge: QuestionJudge;
      readonly choice: PageChoice;
      readonly sealing: AnswerSealing;
    },
  ) {
    this.#parts = parts;
    this.#judge = of.judge;
    this.#choice = of.choice;
    this.#sealing = of.sealing;
  }

  /** The bytes that are given for ever. Throws as VQ-32 says. */
  async answer(judged: Judged, form: AnswerForm): Promise<Uint8Array> {
    const { store, faultPoint = () => {} } = this.#parts;
    const { manifest, query, dataset } = judged;
    const { researcher } = manifest;
    const known = await store.known(query);
    if (known?.answer !== undefined) {
      const sealed = this.#sealing.given(known);
      return form.fits(sealed) ? sealed : this.#inOtherForm(judged, known, form);
    }
    // It may have been paid while the other rows were on their way.
    const paid = judged.paid ?? (await this.#judge.paid(manifest, query));
    requirePaid(manifest, paid);
    const chosen = await this.#choice.of(judged);
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
    const chosen = await this.#choice.of(judged);
    if (!equalBytes(known.selection, chosen.selection))
      throw new CodedError('ANSWER_LOST', { query: judged.query });
    return keeps.keepOnce(name, await this.#make(judged, chosen, form));
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
