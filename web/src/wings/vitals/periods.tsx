import { useTranslation } from 'react-i18next';
import { Chips } from '../../parts/chips.tsx';
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
      <Chips
        name="period"
        all={periods}
        chosen={chosen}
        onChoose={onChoose}
        wordOf={(it) => t(`vitals.periods.${it}`)}
      />
    </fieldset>
  );
}
