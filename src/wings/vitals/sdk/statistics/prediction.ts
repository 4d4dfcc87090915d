import { assertNever } from '../../../../primitives/errors.ts';
import {
  bins,
  type Question,
  type ReleasedNumber,
  releasedBy,
  vitalsAsked,
} from '../../api/question.ts';
import type { Spending } from '../../crypto/statistics/privacy.ts';
import { statisticsStep, statisticsValue, type VitalSign } from '../../crypto/vital-signs.ts';
import type { Figure } from './answer.ts';
import { z95 } from './distributions.ts';
import { figuresOf } from './figures.ts';
import { type Released, releasedOf } from './released.ts';

/** Standard deviation of a typical vital sign in codes, and correlation of two: 10 beats, 12.5 mm[Hg], 0.6 Cel. */
const typicalDeviation = 20;
const typicalCorrelation = 0.3;

/** What is known before a question is paid: how many there are, and what it would cost. */
export interface Planned extends Spending {
  readonly patients: number;
  readonly readings: number;
}

export interface Prediction {
  /** The standard error that the noise would give; undefined: nothing could be told. */
  readonly noise: number | undefined;
  /** What the error is held against: `useless` where 1.96 of them are more. */
  readonly tolerance: number;
  readonly useless: boolean;
}

/**
 * What noise would do to an answer, before the budget is spent: it depends on nothing that is secret. By the name of
 * each figure. Source: docs/protocol/vitals-statistics.md, rule VQ-25.
 */
export function predictedNoise(
  question: Question,
  planned: Planned,
  panel: readonly VitalSign[],
  edges: readonly number[],
): Readonly<Record<string, Prediction>> {
  const values = releasedBy(question).map((place) => typicalValue(place, planned, panel, edges));
  const released = releasedOf(
    question,
    values.map((it) => BigInt(Math.round(it))),
    planned,
  );
  const figures = typicalFigures(question, released, panel, edges);
  return Object.fromEntries(
    Object.entries(figures).map(([name, figure]) => {
      const noise = figure.kind === 'value' ? figure.noise : undefined;
      const tolerance = toleranceOf(name, question, panel);
      const useless = noise === undefined || z95 * noise > tolerance;
      return [name, { noise, tolerance, useless }];
    }),
  );
}

/** Of a histogram, the bin in the middle for all of them. */
function typicalFigures(
  question: Question,
  released: Released,
  panel: readonly VitalSign[],
  edges: readonly number[],
): Readonly<Record<string, Figure>> {
  const figures = figuresOf(question, released, panel, edges);
  if (question.kind !== 'histogram') return figures;
  return { share: figures[`bin ${bins / 2 + 1}`] ?? { kind: 'too few to tell' } };
}

/** At the centre, with typical deviations and correlations; counters of a normal distribution. */
function typicalValue(
  place: ReleasedNumber,
  { patients, readings }: Planned,
  panel: readonly VitalSign[],
  edges: readonly number[],
): number {
  const variance = typicalDeviation ** 2;
  switch (place.kind) {
    case 'patients':
      return patients;
    case 'readings':
      return readings;
    case 'sum':
      return 0;
    case 'product':
      return readings * variance * (place.a === place.b ? 1 : typicalCorrelation);
    case 'bin': {
      const sign = panel[place.vital];
      if (sign === undefined) return 0;
      const below = (edge: number | undefined, none: number): number =>
        edge === undefined
          ? none
          : normalBelow((edge - statisticsValue(sign, 128)) / typicalIn(sign));
      return readings * (below(edges[place.bin], 1) - below(edges[place.bin - 1], 0));
    }
    default:
      return assertNever(place);
  }
}

const typicalIn = (sign: VitalSign): number => typicalDeviation * statisticsStep(sign);

/** The share of a normal distribution below `z`, to 2e-4: logistic, as Page (1977). */
const normalBelow = (z: number): number =>
  1 / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * z * (1 + 0.044715 * z * z)));

function toleranceOf(name: string, question: Question, panel: readonly VitalSign[]): number {
  const [first = 0, second = 0] = vitalsAsked(question).map((place) => {
    const sign = panel[place];
    return sign === undefined ? 0 : typicalIn(sign);
  });
  switch (name) {
    case 'variance':
      return first ** 2;
    case 'covariance':
      return first * second;
    case 'correlation':
    case 'r squared':
      return 0.5;
    case 'prevalence':
    case 'share':
      return 0.25;
    default:
      return name.startsWith('slope')
        ? (0.5 * first) / (slopeUnit(name, question, panel) || 1)
        : first;
  }
}

function slopeUnit(name: string, question: Question, panel: readonly VitalSign[]): number {
  const place = vitalsAsked(question)[Number(name.slice('slope '.length))];
  const sign = place === undefined ? undefined : panel[place];
  return sign === undefined ? 0 : typicalIn(sign);
}
