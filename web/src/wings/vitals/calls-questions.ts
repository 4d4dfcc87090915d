import { CodedError } from '@salus/salus/sdk/browser';
import {
  type Answered,
  type Asked,
  answersCsv,
  answersJson,
  askQuestion,
  comparisonsOf,
  continueQuestion,
  type Delivery,
  encryptedParts,
  forgetQuestions,
  listQuestions,
  listStudies,
  predictNoise,
  requireDisjoint,
  type Study,
} from '@salus/salus/sdk/vitals';
import type { Call } from '../../worker/call.ts';
import { sha256Of } from '../../worker/hash.ts';
import type { Session } from '../../worker/session.ts';
import {
  type AnswerView,
  answerView,
  askableOf,
  comparisonView,
  hourMs,
  type PredictionView,
  type QuestionKind,
  type QuestionsView,
} from './calls-views.ts';

/** Of several groups a variance each; the device compares them. */
export type DraftKind = QuestionKind | 'compare';

/** Of whom. */
export interface GroupDraft {
  /** 0: everybody. */
  readonly sex: number;
  /** Years, of ten: both included; undefined: everybody. */
  readonly ages: readonly [from: number, to: number] | undefined;
}

/** A question as the form has it; vital signs by their place in the study. */
export interface QuestionDraft extends GroupDraft {
  readonly study: string;
  readonly permit: string;
  readonly kind: DraftKind;
  readonly vital: number;
  readonly other: number;
  readonly percent: number;
  readonly side: 'below' | 'from';
  readonly edge: number;
  /** The groups after the first; only where groups are compared. */
  readonly more: readonly (GroupDraft & { readonly id: number })[];
  /** `2026-11-22`, in UTC; the last day is included. */
  readonly fromDay: string;
  readonly toDay: string;
  /** Each group spends that much. */
  readonly microRho: number;
  readonly delivery: Delivery;
}

const list: Call<void, QuestionsView> = async (session, _input, { signal }) => {
  const { person, as } = session;
  const options = { ...as, signal };
  const studies = await person.run(listStudies, undefined, options);
  const asked = await person.run(listQuestions, undefined, options);
  return {
    askable: studies.flatMap(askableOf),
    compared: comparisonsOf(asked.flatMap(({ answered }) => answered ?? []))
      .map((it) => comparisonView(it, studies))
      .reverse(),
    asked: (
      await Promise.all(
        asked.map(async ({ query, manifest, answered }) => ({
          ...{ query, kind: manifest.question.kind, askedMs: manifest.issuedMs },
          answer: answered && (await viewOf(session, answered, studies)),
        })),
      )
    ).toSorted((a, b) => b.askedMs - a.askedMs),
  };
};

/** With the one ciphertext that it came in, where it did. */
async function viewOf(
  { person, as }: Session,
  answered: Answered,
  studies: readonly Study[],
): Promise<AnswerView> {
  const parts = await person.run(encryptedParts, { query: answered.query }, as);
  const ciphertext = parts && {
    key: parts.key,
    sha256: await sha256Of(parts.ciphertext),
  };
  return { ...answerView(answered, studies), ciphertext };
}

/** A question a group. Throws QUESTION_IMPOSSIBLE: a day that is none, or the end before the beginning; GROUPS_OVERLAP. */
function askedOf(draft: QuestionDraft): readonly [Asked, ...Asked[]] {
  const [from, to] = [draft.fromDay, draft.toDay].map((it) => Date.parse(`${it}T00:00Z`) / hourMs);
  if (from === undefined || to === undefined || !(from <= to))
    throw new CodedError('QUESTION_IMPOSSIBLE', { at: 'window' });
  const of = (group: GroupDraft): Asked => ({
    ...{ dataset: draft.study, permit: draft.permit, microRho: draft.microRho },
    delivery: draft.delivery,
    ...{ question: questionOf(draft), fromHour: from, untilHour: to + 24 },
    cohort: cohortOf(group),
  });
  if (draft.kind !== 'compare') return [of(draft)];
  requireDisjoint([draft, ...draft.more].map(cohortOf));
  return [of(draft), ...draft.more.map(of)];
}

const cohortOf = ({ sex, ages }: GroupDraft): Asked['cohort'] => [
  ...(sex === 0 ? [] : [{ attribute: 'sex' as const, from: sex, to: sex }]),
  ...(ages === undefined
    ? []
    : [{ attribute: 'age-band' as const, from: ages[0] / 10, to: ages[1] / 10 }]),
];

function questionOf(draft: QuestionDraft): Asked['question'] {
  const { kind, vital, other, side, edge, percent } = draft;
  switch (kind) {
    case 'compare':
      return { kind: 'variance', vital };
    case 'covariance':
    case 'correlation':
      return { kind, vital, other };
    case 'regression':
      return { kind, vital, on: [other] };
    case 'percentile':
      return { kind, vital, perMille: Math.round(percent * 10) };
    case 'prevalence':
      return { kind, vital, side, edge };
    default:
      return { kind, vital };
  }
}

/** Spends nothing: the servers say how many there are, and refuse what they would refuse when it is paid. */
const predict: Call<QuestionDraft, readonly PredictionView[]> = async (
  session,
  draft,
  { signal },
) => {
  const { person, as } = session;
  const groups: PredictionView[] = [];
  for (const asked of askedOf(draft)) {
    const { planned, figures } = await person.run(predictNoise, asked, { ...as, signal });
    groups.push({
      cohort: asked.cohort,
      patients: planned.patients,
      figures: Object.entries(figures).map(([name, it]) => ({ name, ...it })),
    });
  }
  return groups;
};

/** One after the other: what was answered before another failed stays. Answers with the last. */
const ask: Call<QuestionDraft, AnswerView> = async (session, draft, { signal, onProgress }) => {
  const { person, as } = session;
  const [first, ...more] = askedOf(draft);
  const options = { ...as, signal, onProgress };
  let answered = await person.run(askQuestion, first, options);
  for (const asked of more) answered = await person.run(askQuestion, asked, options);
  return viewNow(session, answered, signal);
};

const goOn: Call<{ readonly query: string }, AnswerView> = async (
  session,
  { query },
  { signal, onProgress },
) => {
  const { person, as } = session;
  const answered = await person.run(continueQuestion, { query }, { ...as, signal, onProgress });
  return viewNow(session, answered, signal);
};

async function viewNow(
  session: Session,
  answered: Answered,
  signal: AbortSignal,
): Promise<AnswerView> {
  const { person, as } = session;
  return viewOf(session, answered, await person.run(listStudies, undefined, { ...as, signal }));
}

/** What a spreadsheet or a notebook reads. Throws QUERY_UNKNOWN, also where not all answers are here. */
const file: Call<{ readonly query: string; readonly as: 'csv' | 'json' }, string> = async (
  session,
  { query, as: form },
  { signal },
) => {
  const { person, as } = session;
  const asked = await person.run(listQuestions, undefined, { ...as, signal });
  const answered = asked.find((it) => it.query === query)?.answered;
  if (answered === undefined) throw new CodedError('QUERY_UNKNOWN');
  return form === 'csv'
    ? answersCsv([answered])
    : `${JSON.stringify(answersJson([answered]), undefined, 2)}\n`;
};

/** For good: what was spent stays spent. */
const forget: Call<{ readonly query: string }, void> = async (session, { query }, { signal }) => {
  const { person, as } = session;
  await person.run(forgetQuestions, { queries: [query] }, { ...as, signal });
};

export const questionsCalls = {
  'questions.list': list,
  'questions.predict': predict,
  'questions.ask': ask,
  'questions.continue': goOn,
  'questions.file': file,
  'questions.forget': forget,
};
