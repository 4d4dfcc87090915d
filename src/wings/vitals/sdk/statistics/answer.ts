/**
 * What a researcher is told: a number with its errors, or that there are too few to tell, or on which side of an edge
 * it lies. They never look alike: zero is a number. Source: docs/protocol/vitals-statistics.md, rules VQ-20 to VQ-24.
 */
export type Figure = Value | TooFew | Beyond;

export interface Value {
  readonly kind: 'value';
  readonly value: number;
  /** As released, where the noise left what cannot be, such as a share below 0: `value` is the nearest that can. */
  readonly raw?: number;
  /** Standard error of what the servers added: that of `noiseInterval` where that is wider than the delta method's. */
  readonly noise: number;
  /** Standard error of another sample, patients counted as independent; undefined: this figure has none. */
  readonly sampling?: number;
  /** The same with every reading counted as independent, which it is not: for comparison. */
  readonly samplingOverReadings?: number;
  /** 95 % for noise alone: where the figure without noise lies. */
  readonly noiseInterval: Interval;
  /** 95 % for both; the sampling part of a share is Wilson's, of a correlation Fisher's. */
  readonly interval: Interval;
  /** The matrix was no covariance matrix before it was projected. */
  readonly wasProjected?: true;
}
export type Interval = readonly [from: number, to: number];

export interface TooFew {
  readonly kind: 'too few to tell';
}
/** In the tail below the first edge, or above the last. */
export interface Beyond {
  readonly kind: 'below' | 'above';
  readonly edge: number;
}

export const tooFew: TooFew = { kind: 'too few to tell' };
