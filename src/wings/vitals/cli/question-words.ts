import { CodedError } from '../../../primitives/errors.ts';
import { attributeNames, type Cohort } from '../api/cohort.ts';
import type { Question } from '../api/question.ts';

/** Questions, cohorts and windows as people type them. Each throws USAGE {problem}. */

export const questionKinds = [
  ...['mean', 'sd', 'variance', 'covariance', 'correlation', 'regression'],
  ...['percentile', 'prevalence', 'histogram', 'ttest', 'anova'],
] as const;

export interface QuestionFlags {
  readonly kind: string;
  readonly vital: string;
  /** A second vital sign. */
  readonly with?: string;
  readonly on?: readonly string[];
  readonly at?: string;
  readonly below?: string;
  readonly from?: string;
}

const usage = (problem: string): CodedError => new CodedError('USAGE', { problem });

/** `heartRate` as people type it: heart-rate. */
export const vitalWord = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `panel`: the names of its vital signs; `edges`: of one of them. A t-test and an ANOVA ask for variances. */
export function questionOf(
  flags: QuestionFlags,
  panel: readonly string[],
  edgesOf: (place: number) => readonly number[],
): Question {
  const words = panel.map(vitalWord);
  const place = (word: string | undefined, flag: string): number => {
    const at = words.indexOf(word ?? '');
    if (at < 0) throw usage(`${flag}: one of ${words.join(', ')}`);
    return at;
  };
  const vital = place(flags.vital, '--vital');
  switch (flags.kind) {
    case 'mean':
    case 'sd':
    case 'variance':
    case 'histogram':
      return { kind: flags.kind, vital };
    case 'ttest':
    case 'anova':
      return { kind: 'variance', vital };
    case 'covariance':
    case 'correlation':
      return { kind: flags.kind, vital, other: place(flags.with, '--with') };
    case 'regression':
      return { kind: 'regression', vital, on: (flags.on ?? []).map((it) => place(it, '--on')) };
    case 'percentile':
      return { kind: 'percentile', vital, perMille: perMilleOf(flags.at) };
    case 'prevalence':
      return { kind: 'prevalence', vital, ...sideOf(flags, edgesOf(vital)) };
    default:
      throw usage(`--kind: one of ${questionKinds.join(', ')}`);
  }
}

function perMilleOf(at: string | undefined): number {
  const perMille = Math.round(Number(at) * 10);
  if (!(perMille >= 1 && perMille <= 999)) throw usage('--at: a percentile from 0.1 to 99.9');
  return perMille;
}

function sideOf({ below, from }: QuestionFlags, edges: readonly number[]) {
  const said = below ?? from;
  if (said === undefined || (below !== undefined && from !== undefined))
    throw usage('--below VALUE or --from VALUE');
  const edge = edges.indexOf(Number(said));
  if (edge < 0) throw usage(`prevalence is counted at these edges: ${edges.join(', ')}`);
  return { side: below === undefined ? ('from' as const) : ('below' as const), edge };
}

/** `sex=1,age-band=4-6`; '' and 'all' are everybody. The order is put right. */
export function cohortOf(words: string): Cohort {
  if (words === '' || words === 'all') return [];
  const terms = words.split(',').map((word) => {
    const [, name, from, to] = /^([a-z-]+)=(\d{1,4})(?:-(\d{1,4}))?$/.exec(word.trim()) ?? [];
    const attribute = attributeNames.find((it) => it === name);
    if (attribute === undefined || from === undefined)
      throw usage(
        `--cohort: ${attributeNames.join(', ')} with a number or a range, as in sex=1,age-band=4-6`,
      );
    return { attribute, from: Number(from), to: Number(to ?? from) };
  });
  return terms.sort(
    (a, b) => attributeNames.indexOf(a.attribute) - attributeNames.indexOf(b.attribute),
  );
}

const hourMs = 3_600_000;

/** `2026-01-01..2026-02-01`, each a day or an hour of ISO 8601 in UTC; the end is not included. */
export function windowOf(words: string): { readonly fromHour: number; readonly untilHour: number } {
  const [from, until, more] = words.split('..');
  const hour = (word: string | undefined): number => {
    const ms = Date.parse(`${word ?? ''}${/T/.test(word ?? '') ? ':00Z' : 'T00:00Z'}`);
    if (Number.isNaN(ms)) throw usage('--window: FROM..UNTIL, as in 2026-01-01..2026-02-01');
    return Math.floor(ms / hourMs);
  };
  const [fromHour, untilHour] = [hour(from), hour(until)];
  if (more !== undefined || fromHour >= untilHour)
    throw usage('--window: FROM..UNTIL, the end after the beginning');
  return { fromHour, untilHour };
}

/** When a day of UTC begins, in milliseconds. */
export function dayOf(word: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(word) ? Date.parse(`${word}T00:00Z`) : Number.NaN;
  if (Number.isNaN(ms)) throw usage('a day, as in 2026-01-01');
  return ms;
}

/** rho as people write it, 0.1, in microRho. */
export function microRhoOf(rho: string): number {
  const microRho = Math.round(Number(rho) * 1_000_000);
  if (!(microRho >= 1)) throw usage('--rho: more than 0, as in 0.1');
  return microRho;
}
