import { useTranslation } from 'react-i18next';
import { datesInText } from '../app/dates.ts';

/** As the SDK says it: a key of `words.fields` or `words.said` is made of it. */
const keyOf = (words: string): string =>
  words
    .replace(/[^A-Za-z ]/gu, '')
    .toLowerCase()
    .replace(/ ([a-z])/gu, (_, letter: string) => letter.toUpperCase());

/**
 * What an entry says, in terms and words. Terms, and the few answers that are the SDK's own (that nothing is recorded, that
 * there is none), stand in the page's language; a term without a word there is English, and the rest is the record's text.
 */
export function ItemRows({
  rows,
}: {
  readonly rows: readonly (readonly [label: string, text: string])[];
}) {
  const { t } = useTranslation();
  return (
    <dl className="facts two">
      {rows.map(([label, text]) => {
        const term = t(`fields.${keyOf(label)}` as 'fields.about', { defaultValue: '' });
        const said = t(`said.${keyOf(text)}` as 'said.yes', { defaultValue: '' });
        return (
          <div key={label}>
            <dt>{term === '' ? <bdi lang="en">{label}</bdi> : term}</dt>
            <dd>{said === '' ? <bdi>{datesInText(text)}</bdi> : said}</dd>
          </div>
        );
      })}
    </dl>
  );
}
