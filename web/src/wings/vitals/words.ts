import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { locale } from '../../app/dates.ts';
import type { CurveView } from './calls.ts';

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
