import {
  type Answered,
  type Asked,
  type Comparison,
  type Figure,
  leftOf,
  panelOf,
  type ReleasedNumber,
  releasedBy,
  type Study,
  vitalPanel,
  vitalsIn,
  vitalsOf,
} from '@salus/salus/sdk/vitals';
import { unitShown } from '../../boundary/units.ts';
import type { CurveView } from './calls.ts';

type Vital = CurveView['vital'];
export type QuestionKind = Asked['question']['kind'];
/** Ranges of what may be said of people; empty: everybody. */
export type Cohort = Asked['cohort'];

/** A study that this account may ask, under one permit. */
export interface AskableView {
  readonly study: string;
  readonly permit: string;
  readonly purpose: string;
  readonly untilMs: number;
  /** A second organisation has agreed. */
  readonly isApproved: boolean;
  /** One of its two organisations took it back. */
  readonly isWithdrawn: boolean;
  /** Of a million, which is rho 1. */
  readonly leftMicroRho: number;
  readonly least: number;
  /** Pages of readings stand in it. */
  readonly hasReadings: boolean;
  readonly vitals: readonly {
    readonly vital: Vital;
    readonly unit: string;
    /** Where a share can be counted from. */
    readonly edges: readonly number[];
  }[];
}

export interface PredictionView {
  /** Another for each group. */
  readonly cohort: Cohort;
  /** Rounded down, as the servers count them. */
  readonly patients: number;
  readonly figures: readonly {
    readonly name: string;
    /** Undefined: nothing could be told. */
    readonly noise: number | undefined;
    readonly tolerance: number;
    readonly useless: boolean;
  }[];
}

export interface AnswerView {
  readonly query: string;
  readonly kind: QuestionKind;
  readonly vitals: readonly Vital[];
  /** Of the first vital sign. */
  readonly unit: string;
  readonly figures: readonly {
    readonly name: string;
    /** Empty: a share, or a number without one. */
    readonly unit: string;
    readonly figure: Figure;
  }[];
  readonly patients: number;
  readonly microRho: number;
  readonly leftMicroRho: number;
  readonly cohort: Cohort;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly askedMs: number;
  /** Of the payment on the ledger; empty: this wallet does not know it. */
  readonly tx: string;
  readonly seals: readonly string[];
  /** That it came in, under the key of that name; undefined: it came in three sealed parts. */
  readonly ciphertext: { readonly key: string; readonly sha256: string } | undefined;
  readonly method: MethodView;
}

/** What a paper says under "Methods", for the page to say in its language. */
export interface MethodView {
  /** In the order of `released` and of what was asked. */
  readonly windows: readonly {
    readonly vital: Vital;
    readonly from: number;
    readonly to: number;
  }[];
  readonly asOfBatch: number;
  readonly purpose: string;
  readonly dataset: string;
  readonly rho: number;
  readonly epsilon: number;
  readonly delta: number;
  /** Of one patient. */
  readonly mostReadings: number;
  /** Standard deviations of the noise; a vital sign is named, or is not known here. */
  readonly released: readonly {
    readonly what: ReleasedNumber['kind'];
    readonly of: readonly Vital[];
    readonly noise: number;
  }[];
}

/** Groups that share nobody, held against each other (VQ-43). */
export interface ComparisonView {
  readonly vital: Vital | undefined;
  readonly unit: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly groups: readonly {
    readonly query: string;
    readonly cohort: Cohort;
    readonly mean: Figure | undefined;
  }[];
  /** Undefined: too few to tell. */
  readonly test: Comparison['test'];
}

export interface QuestionsView {
  readonly askable: readonly AskableView[];
  /** Newest first. */
  readonly compared: readonly ComparisonView[];
  /** Newest first. */
  readonly asked: readonly {
    readonly query: string;
    readonly kind: QuestionKind;
    readonly askedMs: number;
    /** Undefined: not all answers are here yet. */
    readonly answer: AnswerView | undefined;
  }[];
}

export const hourMs = 3_600_000;

export function askableOf(study: Study): readonly AskableView[] {
  const { names, edgesOf } = vitalPanel(study);
  const signs = vitalsOf(panelOf(study.panel));
  const vitals = names.map((vital, at) => ({
    ...{ vital, unit: unitShown(signs[at]?.unit ?? ''), edges: edgesOf(at) },
  }));
  return study.permits.map(({ id, purpose, notAfterMs, approver, withdrawnMs, leftMicroRho }) => ({
    ...{ study: study.id, permit: id, purpose, untilMs: notAfterMs, leftMicroRho, vitals },
    ...{
      isApproved: approver !== '',
      isWithdrawn: withdrawnMs > 0,
      least: study.kMin,
      hasReadings: study.newestBatch > 0,
    },
  }));
}

/** How it was delivered the wallet says, and not the answer. */
export function answerView(
  answered: Answered,
  studies: readonly Study[],
): Omit<AnswerView, 'ciphertext'> {
  const { query, manifest, figures, patients, tx, seals } = answered;
  const study = studies.find(({ id }) => id === manifest.dataset);
  const panel = study && panelOf(study.panel);
  const places = vitalsIn(manifest.question);
  const signs = panel === undefined ? [] : vitalsOf(panel);
  const units = places.map((place) => unitShown(signs[place]?.unit ?? ''));
  return {
    ...{ query, kind: manifest.question.kind, tx, seals, microRho: manifest.microRho },
    vitals: places.flatMap((place) => panel?.vitals[place] ?? []),
    unit: units[0] ?? '',
    figures: Object.entries(figures).map(([name, figure]) => ({
      ...{ name, figure, unit: figureUnit(name, units) },
    })),
    patients: Math.max(0, Math.round(patients)),
    leftMicroRho: study === undefined ? 0 : leftOf(study),
    cohort: manifest.cohort,
    ...{ fromMs: manifest.fromHour * hourMs, untilMs: manifest.untilHour * hourMs },
    ...{ askedMs: manifest.issuedMs, method: methodView(answered, panel?.vitals ?? []) },
  };
}

/** `of`: of the vital signs that were asked about, the one that is explained first. */
function figureUnit(name: string, [first = '', second = first]: readonly string[]): string {
  if (['mean', 'sd', 'percentile', 'intercept'].includes(name)) return first;
  if (name === 'variance') return `(${first})²`;
  if (name === 'covariance') return `(${first})·(${second})`;
  return name.startsWith('slope') ? `(${first})/(${second})` : '';
}

/** `panel`: the vital signs of the study in their order; empty where it is not known here. */
function methodView({ manifest, method }: Answered, panel: readonly Vital[]): MethodView {
  const { asOfBatch, purpose, dataset, rho, epsilon, delta, mostReadings, window } = method;
  const named = (places: readonly number[]) => places.flatMap((place) => panel[place] ?? []);
  const asked = named(vitalsIn(manifest.question));
  return {
    ...{ asOfBatch, purpose, dataset, rho, epsilon, delta, mostReadings },
    windows: asked.flatMap((vital, at) => {
      const found = window[at];
      return found === undefined ? [] : { vital, from: found.from, to: found.to };
    }),
    released: releasedBy(manifest.question).map((it, at) => ({
      ...{ what: it.kind, of: named(placesOf(it)) },
      noise: method.released[at]?.noiseDeviation ?? 0,
    })),
  };
}

function placesOf(it: ReleasedNumber): readonly number[] {
  if (it.kind === 'product') return [...new Set([it.a, it.b])];
  return it.kind === 'sum' || it.kind === 'bin' ? [it.vital] : [];
}

export function comparisonView(
  { groups, test }: Comparison,
  studies: readonly Study[],
): ComparisonView {
  const views = groups.map((it) => answerView(it, studies));
  const [first] = views;
  return {
    vital: first?.vitals[0],
    unit: first?.unit ?? '',
    ...{ fromMs: first?.fromMs ?? 0, untilMs: first?.untilMs ?? 0 },
    groups: views.map(({ query, cohort, figures }) => ({
      ...{ query, cohort, mean: figures.find(({ name }) => name === 'mean')?.figure },
    })),
    test,
  };
}
