import { useTranslation } from 'react-i18next';
import { keyOf } from '../boundary/sdk-words.ts';
import { useSaid } from './said.ts';

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
  const said = useSaid();
  return (
    <dl className="facts two">
      {rows.map(([label, text]) => {
        const term = t(`fields.${keyOf(label)}` as 'fields.about', { defaultValue: '' });
        return (
          <div key={label}>
            <dt>{term === '' ? <bdi lang="en">{label}</bdi> : term}</dt>
            <dd>
              <bdi>{said(text)}</bdi>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
