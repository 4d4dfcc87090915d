import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from '../../parts/icon.tsx';
import type { PredictionView } from './calls-views.ts';
import { cohortName, figureName, numberText } from './words.ts';

/** A question is, of which nothing useful is told; a comparison, where anything is that it needs of one of its groups. */
export const isUseless = (groups: readonly PredictionView[]): boolean =>
  groups.some((it) => isLost(it, groups.length > 1));

const isLost = ({ figures }: PredictionView, isCompared: boolean): boolean =>
  isCompared ? figures.some((it) => it.useless) : figures.every((it) => it.useless);

/** What noise would do, of each figure; what is useless is said before it is paid. */
export function Predicted({
  groups,
  children,
}: {
  readonly groups: readonly PredictionView[];
  readonly children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <div className={isUseless(groups) ? 'note warn mt' : 'note mt'} role="status">
      <Icon name={isUseless(groups) ? 'attend' : 'info'} />
      <div>
        {groups.map((said, at) => (
          <PredictedGroup
            key={cohortName(t, said.cohort)}
            said={said}
            number={groups.length > 1 ? at + 1 : 0}
          />
        ))}
        {children}
      </div>
    </div>
  );
}

/** `number` 0: it is the only one. */
function PredictedGroup({
  said,
  number,
}: {
  readonly said: PredictionView;
  readonly number: number;
}) {
  const { t } = useTranslation();
  const { cohort, patients, figures } = said;
  return (
    <>
      <p className="h">
        {number > 0 && `${t('questions.group', { number })}: ${cohortName(t, cohort)}. `}
        {t(isLost(said, number > 0) ? 'questions.useless' : 'questions.useful', {
          count: patients,
        })}
      </p>
      <ul className="sm">
        {figures.map(({ name, noise, tolerance, useless }) => (
          <li key={name}>
            <span className="b">{figureName(t, name)}</span>{' '}
            {noise === undefined
              ? t('questions.tooFew')
              : t('questions.noiseOf', {
                  noise: numberText(noise),
                  tolerance: numberText(tolerance),
                })}{' '}
            {useless && <span className="tag bad">{t('questions.uselessOne')}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
