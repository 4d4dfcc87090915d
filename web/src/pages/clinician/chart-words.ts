import { useTranslation } from 'react-i18next';
import { clinicalDay, shortDayOf, yearsOld } from '../../app/dates.ts';
import { inLine } from '../../app/language.ts';
import { usePersonName } from '../../parts/person-sign.tsx';
import type { EntryView, SourceView } from '../../worker/chart-view.ts';
import type { RangeFacts } from '../../worker/fhir-facts.ts';

/** Who it is of: the patient's own files, or who signed it and where. */
export function useSourceWords(): (source: SourceView) => string {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  return (source) => {
    if (source.kind !== 'person') return t(`chart.source.${source.kind}`);
    const { hospital } = source.person;
    const name = nameOf(source.person);
    return hospital === undefined ? name : inLine([name, hospital]);
  };
}

export const dateOf = (entry: Pick<EntryView, 'date' | 'dateMs'>): string =>
  entry.date === '' ? shortDayOf(entry.dateMs) : clinicalDay(entry.date);

/** From a year on; undefined: younger. */
export const ageOf = (entry: Pick<EntryView, 'dateMs'>): number | undefined => {
  const years = yearsOld(entry.dateMs);
  return years >= 1 ? years : undefined;
};

/** `3.5 to 5.1`, `under 200`; empty: the source gives none. */
export function useRangeWords(): (ranges: readonly RangeFacts[]) => string {
  const { t } = useTranslation();
  return (ranges) =>
    ranges
      .map(({ low, high, text }) => {
        if (low !== undefined && high !== undefined) return t('chart.range.between', { low, high });
        if (low !== undefined) return t('chart.range.from', { low });
        if (high !== undefined) return t('chart.range.upTo', { high });
        return text ?? '';
      })
      .filter((it) => it !== '')
      .join('; ');
}
