import { assertNever, CodedError } from '../../../primitives/errors.ts';
import {
  checked,
  choice,
  list,
  type Of,
  oneOf,
  type Shape,
  uintTo,
} from '../../../primitives/shape.ts';

/**
 * What can be asked, and which numbers an answer to it releases: only what is needed, for each more makes all the
 * others noisier. Source: docs/protocol/vitals-statistics.md, rules VQ-2 and VQ-15.
 */

/** A vital sign by its place in the panel. */
const vital = uintTo(4);
/** 31 edges: 0 to 30. */
const edge = uintTo(30);
/** Histograms have so many counters; the first and the last are tails. */
export const bins = 32;

const written = choice(
  {
    mean: ['mean', { vital }],
    variance: ['variance', { vital }],
    sd: ['sd', { vital }],
    covariance: ['covariance', { vital, other: vital }],
    correlation: ['correlation', { vital, other: vital }],
    regression: ['regression', { vital, on: list(vital, { least: 1, most: 4 }) }],
    percentile: ['percentile', { vital, perMille: uintTo(999) }],
    prevalence: ['prevalence', { vital, side: oneOf(['below', 'from'] as const), edge }],
    histogram: ['histogram', { vital }],
  },
  'MANIFEST_MALFORMED',
);
export type Question = Of<typeof written>;
/** Also throws QUESTION_IMPOSSIBLE: a vital sign twice, or a percentile of nothing. */
export const questionShape: Shape<Question> = checked(written, check);

/** Vital signs in the order in which the question names them. */
export function vitalsAsked(question: Question): readonly number[] {
  switch (question.kind) {
    case 'covariance':
    case 'correlation':
      return [question.vital, question.other];
    case 'regression':
      return [question.vital, ...question.on];
    default:
      return [question.vital];
  }
}

function check(question: Question): void {
  const asked = vitalsAsked(question);
  const isNothing = question.kind === 'percentile' && question.perMille === 0;
  if (new Set(asked).size !== asked.length || isNothing)
    throw new CodedError('QUESTION_IMPOSSIBLE', { question: question.kind });
}

/** Of a panel with so many vital signs. Throws QUESTION_IMPOSSIBLE: it does not measure what is asked about. */
export function requireInPanel(question: Question, vitals: number): void {
  const missing = vitalsAsked(question).find((place) => place >= vitals);
  if (missing !== undefined) throw new CodedError('QUESTION_IMPOSSIBLE', { vital: missing });
}

/** A number that is released; vital signs by their place in the panel, `a` <= `b`. */
export type ReleasedNumber =
  | { readonly kind: 'patients' | 'readings' }
  | { readonly kind: 'sum'; readonly vital: number }
  | { readonly kind: 'product'; readonly a: number; readonly b: number }
  | { readonly kind: 'bin'; readonly vital: number; readonly bin: number };

/** What an answer holds, in its order. */
export function releasedBy(question: Question): readonly ReleasedNumber[] {
  const patients = { kind: 'patients' } as const;
  switch (question.kind) {
    case 'percentile':
    case 'prevalence':
    case 'histogram': {
      const counters = Array.from({ length: bins }, (_, bin) => ({
        ...{ kind: 'bin' as const, vital: question.vital, bin },
      }));
      return [patients, ...counters];
    }
    case 'mean':
      return [patients, { kind: 'readings' }, { kind: 'sum', vital: question.vital }];
    case 'variance':
    case 'sd':
    case 'covariance':
    case 'correlation':
    case 'regression': {
      const places = [...vitalsAsked(question)].sort((one, two) => one - two);
      const sums = places.map((vital) => ({ kind: 'sum' as const, vital }));
      const products = places.flatMap((a, at) =>
        places.slice(at).map((b) => ({ kind: 'product' as const, a, b })),
      );
      return [patients, { kind: 'readings' }, ...sums, ...products];
    }
    default:
      return assertNever(question);
  }
}
