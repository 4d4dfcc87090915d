import { fAbove, tTwoSided } from './distributions.ts';

/** One group of a test: what a *variance* question about its cohort answered. */
export interface Group {
  readonly mean: number;
  readonly variance: number;
  readonly patients: number;
  readonly readings: number;
  /** Standard error of the noise in the mean. */
  readonly noise: number;
}

/** What counts as independent. Readings of one patient are not: with them every difference would be significant. */
export type Unit = 'patients' | 'readings';

export interface WelchTest {
  readonly t: number;
  readonly df: number;
  /** Two-sided. */
  readonly p: number;
  readonly difference: number;
  readonly error: number;
  readonly unit: Unit;
}

/** Welch's t-test of two groups that share nobody; undefined: too few to tell. Source: vitals-statistics.md, VQ-21. */
export function welchTest(a: Group, b: Group, unit: Unit = 'patients'): WelchTest | undefined {
  const [ma, mb] = [a[unit], b[unit]];
  if (!(ma > 1 && mb > 1)) return undefined;
  const ea = a.variance / ma;
  const eb = b.variance / mb;
  const noise = a.noise ** 2 + b.noise ** 2;
  const error = Math.sqrt(ea + eb + noise);
  if (!(error > 0)) return undefined;
  // What the servers added is known exactly: it takes no degree of freedom.
  const df = (ea + eb + noise) ** 2 / (ea ** 2 / (ma - 1) + eb ** 2 / (mb - 1));
  const difference = a.mean - b.mean;
  const t = difference / error;
  return { t, df, p: tTwoSided(t, df), difference, error, unit };
}

export interface AnalysisOfVariance {
  readonly f: number;
  readonly dfBetween: number;
  readonly dfWithin: number;
  readonly p: number;
  /** The share of the variance that lies between the groups. */
  readonly etaSquared: number;
  readonly unit: Unit;
}

/** One-way ANOVA of two groups or more that share nobody; undefined: too few to tell. */
export function oneWayAnova(
  groups: readonly Group[],
  unit: Unit = 'patients',
): AnalysisOfVariance | undefined {
  const sizes = groups.map((group) => group[unit]);
  const all = sizes.reduce((sum, m) => sum + m, 0);
  const dfBetween = groups.length - 1;
  const dfWithin = all - groups.length;
  if (dfBetween < 1 || !(dfWithin > 0) || sizes.some((m) => !(m > 1))) return undefined;
  const sumOver = (of: (group: Group, m: number) => number): number =>
    groups.reduce((sum, group, i) => sum + of(group, sizes[i] ?? 0), 0);
  const grand = sumOver(({ mean }, m) => m * mean) / all;
  const between = sumOver(({ mean }, m) => m * (mean - grand) ** 2);
  const within = sumOver(({ variance }, m) => (m - 1) * variance);
  // By so much noise in the means makes the groups differ though they do not.
  const noise = sumOver(({ noise }, m) => m * noise ** 2 * (1 - m / all)) / dfBetween;
  const expected = within / dfWithin + noise;
  if (!(expected > 0)) return undefined;
  const f = between / dfBetween / expected;
  const etaSquared = between / (between + within);
  return { f, dfBetween, dfWithin, p: fAbove(f, dfBetween, dfWithin), etaSquared, unit };
}
