import { useTranslation } from 'react-i18next';
import { clinicalDay, datesInText } from '../app/dates.ts';
import { inLine } from '../app/language.ts';
import { keyOf } from '../boundary/sdk-words.ts';

/**
 * A text of a record in the words of the page, as far as they are the SDK's or a code of FHIR: `active, unconfirmed`, `final`,
 * `born 1995-07-10`. All else is the record's own text, its dates said as everywhere.
 */
export function useSaid(): (text: string) => string {
  const { t } = useTranslation();
  const wordFor = (text: string): string =>
    t(`said.${keyOf(text)}` as 'said.yes', { defaultValue: '' });
  return (text) => {
    const born = /^born (\d{4}(?:-\d\d){0,2})$/u.exec(text)?.[1];
    if (born !== undefined) return t('record.born', { day: clinicalDay(born) });
    const words = text.split(', ').map(wordFor);
    return words.every((it) => it !== '') ? inLine(words) : datesInText(text);
  };
}
