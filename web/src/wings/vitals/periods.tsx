import { useTranslation } from 'react-i18next';
import type { Period } from './calls.ts';

const periods: readonly Period[] = ['day', 'week', 'month'];

/** A day of readings, a week of hours, or a month of them. */
export function Periods({
  chosen,
  onChoose,
}: {
  readonly chosen: Period;
  readonly onChoose: (period: Period) => void;
}) {
  const { t } = useTranslation();
  return (
    <fieldset className="sec no-print">
      <legend className="hide">{t('vitals.period')}</legend>
      <div className="chips">
        {periods.map((it) => (
          <label key={it} className="chip">
            <input
              type="radio"
              name="period"
              checked={it === chosen}
              onChange={() => onChoose(it)}
            />
            {t(`vitals.periods.${it}`)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
