import { Trans, useTranslation } from 'react-i18next';
import { agoText, listed } from '../../app/dates.ts';
import { Answer } from '../../parts/answer.tsx';
import type { VitalsView } from './calls.ts';
import { useAmounts } from './words.ts';

const silentMs = 24 * 3_600_000;

/** The odd thing first: silence, then what is outside its range now, then what was. */
export function HowItIs({
  view,
  saysQuiet = true,
}: {
  readonly view: VitalsView;
  /** False: the page says it of each device. */
  readonly saysQuiet?: boolean;
}) {
  const { t } = useTranslation();
  const { nameOf } = useAmounts();
  const { curves, newestMs, askedMs, period } = view;
  // What is not here may be what matters: nothing is called well that nobody has seen.
  const isPart = view.missingDays.length > 0 || view.missingHours > 0;
  const marks = { warn: <span className="warn" /> };
  if (newestMs === undefined) return <Answer>{t(`vitals.nothing.${period}`)}</Answer>;
  const now = curves.filter(({ outside }) => outside.some((it) => !it.isOver));
  const before = curves.filter(({ outside }) => outside.length > 0);
  const names = (of: VitalsView['curves']): string => listed(of.map(({ vital }) => nameOf(vital)));
  return (
    <Answer>
      {now.length > 0 ? (
        <Trans
          i18nKey="vitals.outNow"
          count={now.length}
          values={{ names: names(now) }}
          components={marks}
        />
      ) : before.length > 0 ? (
        <Trans
          i18nKey={`vitals.outBefore.${period}`}
          count={before.length}
          values={{ names: names(before) }}
          components={marks}
        />
      ) : (
        t(isPart ? 'vitals.insideHere' : `vitals.inside.${period}`)
      )}{' '}
      {isPart && <Trans i18nKey="vitals.partHere" components={marks} />}{' '}
      {saysQuiet && askedMs - newestMs > silentMs && (
        <Trans
          i18nKey="vitals.quiet"
          values={{ ago: agoText(newestMs, askedMs) }}
          components={marks}
        />
      )}
    </Answer>
  );
}
