import { useTranslation } from 'react-i18next';
import { dayOf } from '../../app/dates.ts';
import type { ComparisonView } from './calls-questions.ts';
import { numberText, useAmounts } from './words.ts';

/** Groups held against each other: their means, and how likely such a difference is where there is none. */
export function ComparedGroups({ compared }: { readonly compared: ComparisonView }) {
  const { t } = useTranslation();
  const { nameOf } = useAmounts();
  const { vital, unit, fromMs, untilMs, groups, test } = compared;
  const title = `${t('questions.compared')}: ${vital === undefined ? '' : nameOf(vital)}`;
  return (
    <section className="sheet pad mt" aria-label={title}>
      <div className="sec-head">
        <h3>{title}</h3>
        <span className="dim sm">{unit}</span>
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('questions.sex')}</th>
            <th scope="col" className="num">
              {t('studies.kinds.mean')}
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map(({ query, cohort, mean }) => (
            <tr key={query}>
              <th scope="row">
                <bdi lang="en">{cohort}</bdi>
              </th>
              <td className="num">
                {mean?.kind === 'value' ? numberText(mean.value) : t('questions.tooFew')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="mt-s">
        <Told test={test} />
      </p>
      <p className="sm dim">
        {dayOf(fromMs)} · {dayOf(untilMs - 1)} · {t('questions.comparedHow')}
      </p>
    </section>
  );
}

function Told({ test }: Pick<ComparisonView, 'test'>) {
  const { t } = useTranslation();
  if (test === undefined) return <span className="tag">{t('questions.tooFew')}</span>;
  const p = numberText(test.p);
  if (test.kind === 'anova') {
    const { f, dfBetween, dfWithin } = test;
    return (
      <bdi dir="ltr">
        F({numberText(dfBetween)}, {numberText(dfWithin)}) = {numberText(f)}, p = {p}
      </bdi>
    );
  }
  return (
    <>
      {t('questions.difference', {
        difference: numberText(test.difference),
        error: numberText(test.error),
      })}{' '}
      <bdi dir="ltr">
        t({numberText(test.df)}) = {numberText(test.t)}, p = {p}
      </bdi>
    </>
  );
}
