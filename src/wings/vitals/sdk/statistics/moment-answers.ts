import type { Question } from '../../api/question.ts';
import { vitalsAsked } from '../../api/question.ts';
import type { VitalSign } from '../../crypto/vital-signs.ts';
import { type Figure, type Interval, tooFew, type Value } from './answer.ts';
import { dot, inverseOf, times } from './covariances.ts';
import { z95 } from './distributions.ts';
import { type MomentReader, type Moments, projectedMoments, readerOfMoments } from './moments.ts';
import {
  anyNumber,
  bothIntervals,
  notNegative,
  ofShares,
  type Range,
  within,
  withoutNoise,
} from './noise-draws.ts';
import { noiseOf, type Released } from './released.ts';

export type MomentQuestion = Extract<
  Question,
  { readonly kind: 'mean' | 'variance' | 'sd' | 'covariance' | 'correlation' | 'regression' }
>;

/** One number of an answer, and what another sample would do to it with so many independent observations. */
interface Formula {
  readonly of: (moments: Moments) => number | undefined;
  /** The same of moments that no data may have, which noise makes; undefined: it may be anything. Missing: `of`. */
  readonly drawn?: (moments: Moments) => number | undefined;
  readonly range: Range;
  readonly sampling?: (moments: Moments, observations: number) => number | undefined;
}

const at = (list: readonly number[] | undefined, place: number): number | undefined =>
  list?.[place];
const cov = ({ covariances }: Moments, i: number, j: number): number | undefined =>
  at(covariances?.[i], j);
/** Undefined for what has no square root, or none that tells anything. */
const root = (value: number | undefined): number | undefined =>
  value !== undefined && value > 0 ? Math.sqrt(value) : undefined;

const mean = (i: number): Formula => ({
  of: ({ means }) => at(means, i),
  range: anyNumber,
  sampling: (moments, n) => root((cov(moments, i, i) ?? 0) / n),
});
const variance: Formula = {
  of: (moments) => (root(cov(moments, 0, 0)) === undefined ? undefined : cov(moments, 0, 0)),
  drawn: (moments) => cov(moments, 0, 0),
  range: notNegative,
  // Of a normal distribution.
  sampling: (moments, n) => (cov(moments, 0, 0) ?? 0) * Math.sqrt(2 / Math.max(1, n - 1)),
};
const deviation: Formula = {
  of: (moments) => root(cov(moments, 0, 0)),
  drawn: (moments) => {
    const variance = cov(moments, 0, 0);
    return variance === undefined ? undefined : Math.sqrt(Math.max(0, variance));
  },
  range: notNegative,
  sampling: (moments, n) => (root(cov(moments, 0, 0)) ?? 0) / Math.sqrt(2 * Math.max(1, n - 1)),
};
const covariance: Formula = {
  of: (moments) => cov(moments, 0, 1),
  range: anyNumber,
  sampling: (moments, n) => {
    const [a, b, c] = [cov(moments, 0, 0), cov(moments, 1, 1), cov(moments, 0, 1)];
    return root(((a ?? 0) * (b ?? 0) + (c ?? 0) ** 2) / Math.max(1, n - 1));
  },
};

function correlationOf(moments: Moments): number | undefined {
  const [one, other] = [root(cov(moments, 0, 0)), root(cov(moments, 1, 1))];
  const c = cov(moments, 0, 1);
  if (one === undefined || other === undefined || c === undefined) return undefined;
  // A projected matrix lies on the rim, where rounding steps over it.
  return Math.min(1, Math.max(-1, c / (one * other)));
}
const correlation: Formula = {
  of: correlationOf,
  range: [-1, 1],
  sampling: (moments, n) =>
    n > 3 ? (1 - (correlationOf(moments) ?? 0) ** 2) / Math.sqrt(n - 3) : undefined,
};

/** Outcome first, then what it is regressed on. */
export interface Regression {
  /** Intercept, then a slope for each. */
  readonly coefficients: readonly number[];
  readonly r2: number;
  /** Of the residuals, per observation. */
  readonly s2: number;
  /** Of each coefficient's variance, times the number of observations. */
  readonly leverage: readonly number[];
}

export function regressionOf(moments: Moments): Regression | undefined {
  const { covariances, means } = moments;
  if (covariances === undefined || covariances.length < 2) return undefined;
  const xx = covariances.slice(1).map((row) => row.slice(1));
  const xy = covariances.slice(1).map((row) => row[0] ?? 0);
  const yy = cov(moments, 0, 0) ?? 0;
  const inverse = inverseOf(xx);
  if (inverse === undefined || yy <= 0) return undefined;
  const slopes = times(inverse, xy);
  const centres = means.slice(1);
  const r2 = Math.min(1, Math.max(0, dot(slopes, xy) / yy));
  const intercept = (means[0] ?? 0) - dot(slopes, centres);
  const leverage = [
    1 + dot(centres, times(inverse, centres)),
    ...inverse.map((row, i) => row[i] ?? 0),
  ];
  return { coefficients: [intercept, ...slopes], r2, s2: (1 - r2) * yy, leverage };
}

const coefficient = (place: number): Formula => ({
  of: (moments) => at(regressionOf(moments)?.coefficients, place),
  range: anyNumber,
  sampling: (moments, n) => {
    const found = regressionOf(moments);
    const free = n - moments.means.length;
    if (found === undefined || free <= 0) return undefined;
    return Math.sqrt((found.s2 * (found.leverage[place] ?? 0)) / free);
  },
});
const explained: Formula = { of: (moments) => regressionOf(moments)?.r2, range: ofShares };

/** By name: what an answer to this question says, in its order. */
function formulasOf(question: MomentQuestion): Readonly<Record<string, Formula>> {
  switch (question.kind) {
    case 'mean':
      return { mean: mean(0) };
    case 'variance':
      return { variance, mean: mean(0) };
    case 'sd':
      return { sd: deviation, mean: mean(0) };
    case 'covariance':
      return { covariance };
    case 'correlation':
      return { correlation };
    case 'regression': {
      const slopes = question.on.map((_, i) => [`slope ${i + 1}`, coefficient(i + 1)] as const);
      return { intercept: coefficient(0), ...Object.fromEntries(slopes), 'r squared': explained };
    }
  }
}

/**
 * What the released numbers say. `panel`: its vital signs in their order. A figure by name: `mean`, `sd`, `variance`,
 * `covariance`, `correlation`, `intercept`, `slope 1` ..., `r squared`.
 */
export function momentAnswer(
  question: MomentQuestion,
  released: Released,
  panel: readonly VitalSign[],
): Readonly<Record<string, Figure>> {
  const vitals = vitalsAsked(question).flatMap((place) => {
    const sign = panel[place];
    return sign === undefined ? [] : [{ place, sign }];
  });
  const read = readerOfMoments(released.places, vitals);
  const drawn = withoutNoise(released).map(read);
  const figures = Object.entries(formulasOf(question)).map(
    ([name, formula]) =>
      [name, figureOf({ name, formula, released, read, drawn }) ?? tooFew] as const,
  );
  return Object.fromEntries(figures);
}

interface OfFigure {
  readonly name: string;
  readonly formula: Formula;
  readonly released: Released;
  readonly read: MomentReader;
  /** What the moments without noise may have been. */
  readonly drawn: readonly (Moments | undefined)[];
}

/** Undefined: too few to tell. */
function figureOf({ name, formula, released, read, drawn }: OfFigure): Value | undefined {
  const { of, drawn: ofDrawn = of, range, sampling } = formula;
  const projectedAt = (values: readonly number[]): Moments | undefined => {
    const moments = read(values);
    return moments && projectedMoments(moments);
  };
  const moments = projectedAt(released.values);
  const value = moments && of(moments);
  if (moments === undefined || value === undefined) return undefined;
  const byNoise = noiseOf(released, {
    ...{ range, value },
    of: (values) => {
      const at = projectedAt(values);
      return at && of(at);
    },
    drawn: drawn.map((it) => it && ofDrawn(it)),
  });
  if (byNoise === undefined) return undefined;
  const { patients, readings, wasProjected } = moments;
  const bySampling = patients > 1 ? sampling?.(moments, patients) : undefined;
  const overReadings = readings > 1 ? sampling?.(moments, readings) : undefined;
  const anotherSample =
    name === 'correlation'
      ? fisherInterval(value, bySampling ?? 0)
      : ([value - z95 * (bySampling ?? 0), value + z95 * (bySampling ?? 0)] as const);
  return {
    kind: 'value',
    ...{ value, noise: byNoise.error, noiseInterval: byNoise.interval },
    ...(bySampling !== undefined && { sampling: bySampling }),
    ...(overReadings !== undefined && { samplingOverReadings: overReadings }),
    interval: within(range, bothIntervals(value, byNoise.interval, anotherSample)),
    ...(wasProjected && { wasProjected }),
  };
}

/** Of a correlation, whose errors are not even on both sides: even in atanh. */
function fisherInterval(r: number, error: number): Interval {
  const inside = Math.min(1 - 1e-12, Math.max(-1 + 1e-12, r));
  const z = Math.atanh(inside);
  const half = (z95 * error) / (1 - inside * inside);
  return [Math.tanh(z - half), Math.tanh(z + half)];
}
