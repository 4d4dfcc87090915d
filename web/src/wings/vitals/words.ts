import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { clinicalDay, listed, locale } from '../../app/dates.ts';
import { comma } from '../../app/language.ts';
import type { CurveView } from './calls.ts';
import type { Cohort } from './calls-views.ts';

type Vital = CurveView['vital'];

/** As many digits as people read these by. */
const digitsOf = (vital: Vital): number => (vital === 'temperature' || vital === 'glucose' ? 1 : 0);

export const numberOf = (vital: Vital, value: number): string =>
  new Intl.NumberFormat(locale(), {
    minimumFractionDigits: digitsOf(vital),
    maximumFractionDigits: digitsOf(vital),
  }).format(value);

/** A slope of so many digits more than its values, that begins to show. */
export const slopeOf = (vital: Vital, perDay: number): string =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: digitsOf(vital) + 1 }).format(
    Math.abs(perDay),
  );

export const isLevel = (vital: Vital, perDay: number): boolean =>
  Math.abs(perDay) < 0.5 * 10 ** -(digitsOf(vital) + 1) || slopeOf(vital, perDay) === '0';

/** Names of vital signs, and their numbers with units. */
export function useAmounts() {
  const { t } = useTranslation();
  return {
    nameOf: (vital: Vital): string => t(`vitals.names.${vital}`),
    amountOf: ({ vital, unit }: Pick<CurveView, 'vital' | 'unit'>, value: number): string =>
      `${numberOf(vital, value)}${unit === '%' ? '' : '\u00a0'}${unit}`,
  };
}

/** Five digits that count, as researchers read them. */
export const numberText = (value: number): string =>
  new Intl.NumberFormat(locale(), { maximumSignificantDigits: 5 }).format(value);

export const rhoText = (microRho: number): string =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: 6 }).format(microRho / 1_000_000);

const figures = ['mean', 'variance', 'sd', 'covariance', 'correlation', 'percentile', 'prevalence'];

/** What the SDK calls a figure, in the language of the page. */
export function figureName(t: TFunction, name: string): string {
  if (figures.includes(name)) return t(`studies.kinds.${name}` as 'studies.kinds.mean');
  const bin = /^bin (\d+)$/u.exec(name)?.[1];
  if (bin !== undefined) return t('questions.figures.bin', { bin });
  if (name.startsWith('slope')) return t('questions.figures.slope');
  if (name === 'intercept') return t('questions.figures.intercept');
  if (name === 'share') return t('questions.figures.share');
  return name === 'r squared' ? 'R²' : name;
}

const sexes = ['unsaid', 'women', 'men', 'others'] as const;
/** The last decade takes in all that are older. */
const lastDecade = 9;

/** Whom a question is about, in the language of the page. */
export function cohortName(t: TFunction, cohort: Cohort): string {
  if (cohort.length === 0) return t('questions.sexes.everybody');
  const names = cohort.map(({ attribute, from, to }) => {
    if (attribute === 'sex')
      return listed(sexes.slice(from, to + 1).map((it) => t(`questions.cohort.${it}`)));
    if (attribute === 'age-band')
      return to > lastDecade
        ? t('questions.cohort.agesFrom', { from: from * 10 })
        : t('questions.cohort.ages', { from: from * 10, to: to * 10 + 9 });
    const numbers = from === to ? `${from}` : `${from}–${to}`;
    return t(`questions.cohort.${attribute}`, { numbers });
  });
  return names.join(comma());
}

const utcDay = (ms: number): string => clinicalDay(new Date(ms).toISOString().slice(0, 10));

/** The days of a question, which are days of UTC whatever the reader's zone is; the last is included. */
export const daysText = (t: TFunction, fromMs: number, untilMs: number): string =>
  t('questions.days', { from: utcDay(fromMs), to: utcDay(untilMs - 1) });

/** A formula stays as it is written in a page that runs from right to left (Unicode 16.0, UAX 9, isolates). */
export const leftToRight = (text: string): string => `\u2066${text}\u2069`;
