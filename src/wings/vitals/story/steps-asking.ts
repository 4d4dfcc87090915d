import { hold, refused, type Step } from '../../../story/chapter.ts';
import type { Cohort } from '../api/cohort.ts';
import type { Question } from '../api/question.ts';
import { panelOf } from '../crypto/panels.ts';
import {
  type Answered,
  type Asked,
  anovaOf,
  askQuestion,
  type Figure,
  listStudies,
  ttestOf,
} from '../sdk/index.ts';
import type { PanelRow } from '../sdk/sensor/reading.ts';
import { asCounted, exactOf } from './exact.ts';
import type { Played, VitalsScene } from './scene.ts';

/** What one researcher, and all of them, may spend on a dataset in a quarter: as much as the product allows. */
export const budget = 10_000_000;

interface Kind {
  readonly name: string;
  readonly question: Question;
  /** Of a test one for each group. */
  readonly cohorts: readonly Cohort[];
}

const one = (attribute: 'sex' | 'arm', value: number): Cohort => [
  { attribute, from: value, to: value },
];
/** Every kind of question that there is. */
export const kinds: readonly Kind[] = [
  { name: 'mean', question: { kind: 'mean', vital: 0 }, cohorts: [[]] },
  { name: 'sd', question: { kind: 'sd', vital: 0 }, cohorts: [[]] },
  { name: 'variance', question: { kind: 'variance', vital: 0 }, cohorts: [[]] },
  { name: 'covariance', question: { kind: 'covariance', vital: 0, other: 1 }, cohorts: [[]] },
  { name: 'correlation', question: { kind: 'correlation', vital: 0, other: 1 }, cohorts: [[]] },
  { name: 'regression', question: { kind: 'regression', vital: 0, on: [1] }, cohorts: [[]] },
  { name: 'percentile', question: { kind: 'percentile', vital: 0, perMille: 500 }, cohorts: [[]] },
  {
    name: 'prevalence',
    question: { kind: 'prevalence', vital: 0, side: 'below', edge: 9 },
    cohorts: [[]],
  },
  { name: 'histogram', question: { kind: 'histogram', vital: 0 }, cohorts: [[]] },
  {
    name: 'ttest',
    question: { kind: 'variance', vital: 0 },
    cohorts: [one('sex', 1), one('sex', 2)],
  },
  {
    name: 'anova',
    question: { kind: 'variance', vital: 0 },
    cohorts: [one('arm', 0), one('arm', 1), one('arm', 2)],
  },
];

/** Of a patient, by his number: what everybody may know. */
export const attributesOf = (number: number, all: number) => ({
  ...{ sex: 1 + (number % 2), ageBand: number < all - 3 ? 4 : 5, region: 0, arm: number % 3 },
});

function rowsIn({ patients }: Played, cohort: Cohort): readonly PanelRow[] {
  return patients
    .filter(({ number }) => {
      const { sex, arm } = attributesOf(number, patients.length);
      return cohort.every(({ attribute, from }) => (attribute === 'sex' ? sex : arm) === from);
    })
    .flatMap(({ rows }) => rows);
}

export function askedOf(
  played: Played,
  dataset: string,
  of: Pick<Asked, 'question' | 'cohort' | 'microRho'>,
): Asked {
  const hours = played.patients.flatMap(({ pages }) => pages.map(({ startHour }) => startHour));
  const [fromHour, untilHour] = [Math.min(...hours), Math.max(...hours) + 1];
  return { dataset, fromHour, untilHour, ...of };
}

const rounded = (value: number): number => Number(value.toPrecision(5));

/** Three times as far as the 95 % reach holds for sure; whether the 95 % do is told. */
function beside(figure: Figure | undefined, exact: number, rounding: number) {
  if (figure?.kind !== 'value') return { exact: rounded(exact), told: figure?.kind ?? 'nothing' };
  const { value, noise, noiseInterval } = figure;
  const [from, to] = noiseInterval;
  const reaches = (times: number): boolean =>
    value - times * (value - from) - rounding <= exact &&
    exact <= value + times * (to - value) + rounding;
  hold(reaches(3), `${value}, ${from} to ${to}, is not ${exact}`);
  return {
    ...{ exact: rounded(exact), answer: rounded(value), error: rounded(noise) },
    ...{ from: rounded(from), to: rounded(to), within95: reaches(1) },
  };
}

/** Where a series leaves the window of the statistics lane: the same number over its values as they were. Rule VQ-26. */
function besideUncut(cut: number, uncut: number | undefined): { readonly uncut?: number } {
  if (uncut === undefined || rounded(uncut) === rounded(cut)) return {};
  return { uncut: rounded(uncut) };
}

/** Each kind of question of each series, with the answer in clear beside it. */
export const askSteps: readonly Step<VitalsScene>[] = kinds.map((kind) => ({
  name: `ask-${kind.name}`,
  tells: `A researcher asks: ${kind.name}; the exact answer stands beside it.`,
  async play(scene) {
    const rosa = scene.member('rosa').person;
    const facts: Record<string, unknown> = {};
    for (const played of scene.played) {
      const { series, datasets } = played;
      const dataset = datasets.get(kind.name) ?? '';
      const microRho = Math.floor(budget / kind.cohorts.length);
      const ask = (cohort: Cohort) =>
        rosa.run(
          askQuestion,
          askedOf(played, dataset, { question: kind.question, cohort, microRho }),
        );
      const isPair = 'other' in kind.question || 'on' in kind.question;
      if (isPair && panelOf(series.panel).vitals.length < 2) {
        const code = await refused(`${kind.name} of one vital sign`, () => ask([]));
        hold(code === 'QUESTION_IMPOSSIBLE', 'this panel has one vital sign');
        facts[series.name] = code;
        continue;
      }
      const answers: Answered[] = [];
      for (const cohort of kind.cohorts) answers.push(await ask(cohort));
      facts[series.name] = told(played, kind, answers);
    }
    return facts;
  },
}));

function told(played: Played, { name, question, cohorts }: Kind, answers: readonly Answered[]) {
  const groups = answers.map((answer, at) => {
    const { panel } = played.series;
    const rows = rowsIn(played, cohorts[at] ?? []);
    const exact = exactOf(question, panel, asCounted(question, panel, rows));
    const uncut = exactOf(question, panel, rows);
    const figures = Object.entries(exact.figures).map(([figure, value]) => [
      figure,
      {
        ...beside(answer.figures[figure], value, exact.rounding),
        ...besideUncut(value, uncut.figures[figure]),
      },
    ]);
    hold(answer.seals.length === 3 && answer.tx !== '', 'paid, and sealed by three servers');
    return Object.fromEntries(figures) as Readonly<Record<string, unknown>>;
  });
  const [first, second] = answers;
  const test =
    name === 'ttest' && first !== undefined && second !== undefined
      ? ttestOf(first, second)
      : name === 'anova'
        ? anovaOf(answers)
        : undefined;
  const [only, more] = groups;
  return more === undefined ? only : { groups, test: test ?? 'too few to tell' };
}

export const refuseStep: Step<VitalsScene> = {
  name: 'refuse',
  tells: 'Five questions are refused, each with its code, and nothing is spent.',
  async play(scene) {
    const facts: Record<string, unknown> = {};
    const rosa = scene.member('rosa').person;
    const raul = scene.member('raul').person;
    for (const played of scene.played) {
      const dataset = played.datasets.get('forbidden') ?? '';
      const question: Question = { kind: 'mean', vital: 0 };
      const of = { question, cohort: [], microRho: 1_000_000 };
      await rosa.run(askQuestion, askedOf(played, dataset, of));
      const left = async () =>
        (await rosa.run(listStudies, undefined)).find(({ id }) => id === dataset)?.permits[0]
          ?.leftMicroRho;
      const before = await left();
      const few: Cohort = [{ attribute: 'age-band', from: 5, to: 5 }];
      const most: Cohort = [{ attribute: 'age-band', from: 4, to: 4 }];
      const table = [
        ['COHORT_TOO_SMALL', rosa, { cohort: few }],
        ['COHORT_OVERLAP', rosa, { cohort: most }],
        ['BUDGET_SPENT', rosa, { microRho: budget }],
        ['PERMIT_UNKNOWN', raul, {}],
        ['EXACT_REFUSED', rosa, { microRho: 0 }],
      ] as const;
      const codes: string[] = [];
      for (const [expected, person, change] of table) {
        const asked = askedOf(played, dataset, { ...of, ...change });
        const code = await refused(expected, () => person.run(askQuestion, asked));
        hold(code === expected, `${expected}, not ${code}`);
        codes.push(code);
      }
      hold((await left()) === before, 'nothing was spent');
      facts[played.series.name] = codes;
    }
    return facts;
  },
};
