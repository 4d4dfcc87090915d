import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { comma } from '../../app/language.ts';
import { unitShown } from '../../boundary/units.ts';
import { Amount } from '../../parts/amount.tsx';
import { Flag } from '../../parts/value.tsx';
import type { ChartView, EntryView, VitalName } from '../../worker/chart-view.ts';
import { silenceWords } from './banner.tsx';
import { ageOf, dateOf, useSourceWords } from './chart-words.ts';

const names: readonly VitalName[] = [
  'bloodPressure',
  'pulse',
  'oxygen',
  'temperature',
  'breaths',
  'weight',
  'bmi',
];

/** The last of each vital sign, in one strip; an old one looks old, and one that is not there says why. */
export function Vitals({ chart }: { readonly chart: ChartView }) {
  const { t } = useTranslation();
  const { vitals } = chart;
  const silence = vitals?.silence?.kind ?? 'not recorded';
  const word = silence === 'none known' ? 'noneKnown' : silenceWords[silence];
  return (
    <section className="sheet" aria-label={t('chart.vitals')} aria-busy={vitals === undefined}>
      <dl className="strip">
        {names.map((name) => {
          const entry = vitals?.byName[name];
          return (
            <div key={name}>
              <dt>{t(`chart.vitalNames.${name}`)}</dt>
              <dd>
                {vitals === undefined ? (
                  <span className="sk w50" />
                ) : entry === undefined ? (
                  <span className="sm dim">{t(`silence.${word}`)}</span>
                ) : (
                  <Vital entry={entry} patient={chart.handle} />
                )}
              </dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}

function Vital({ entry, patient }: { readonly entry: EntryView; readonly patient: string }) {
  const { t } = useTranslation();
  const sourceOf = useSourceWords();
  const years = ageOf(entry);
  const unit = unitShown(entry.unit);
  return (
    <>
      <Link className="plain" to={`/chart/${patient}/item/${entry.handle}`}>
        <Amount
          value={entry.value}
          unit={unit}
          className={entry.value.length > 7 ? 'v n much' : 'v n'}
        />
      </Link>{' '}
      <Flag flag={entry.flag} />
      <span className={years === undefined ? 'when' : 'when old'}>
        {dateOf(entry)}
        {years !== undefined && `${comma()}${t('parts.yearsOld', { count: years })}`}
      </span>
      <span className="when">{sourceOf(entry.source)}</span>
    </>
  );
}
