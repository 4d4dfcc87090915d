import { useTranslation } from 'react-i18next';
import { Amount } from '../../parts/amount.tsx';
import { ColumnHeads } from '../../parts/column-heads.tsx';
import type { ComparisonView } from './calls-views.ts';
import { cohortName, daysText, leftToRight, numberText, useAmounts } from './words.ts';

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
      </div>
      <table>
        <ColumnHeads
          columns={[
            { name: t('questions.sex') },
            { name: t('studies.kinds.mean'), isNumber: true },
          ]}
        />
        <tbody>
          {groups.map(({ query, cohort, mean }) => (
            <tr key={query}>
              <th scope="row">{cohortName(t, cohort)}</th>
              <td className="num">
                {mean?.kind === 'value' ? (
                  <Amount value={numberText(mean.value)} unit={unit} />
                ) : (
                  t('questions.tooFew')
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="mt-s">
        <Told test={test} />
      </p>
      <p className="sm dim">
        {daysText(t, fromMs, untilMs)} · {t('questions.comparedHow')}
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
        amount: leftToRight(`${numberText(test.difference)} ± ${numberText(test.error)}`),
      })}{' '}
      <bdi dir="ltr">
        t({numberText(test.df)}) = {numberText(test.t)}, p = {p}
      </bdi>
    </>
  );
}
