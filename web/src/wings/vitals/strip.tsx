import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { agoText, momentText } from '../../app/dates.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Amount } from '../../parts/amount.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { NeedsNetwork } from '../../parts/needs-network.tsx';
import { Flag } from '../../parts/value.tsx';
import type { ChartView } from '../../worker/chart-view.ts';
import type { VitalsView } from './calls.ts';
import { flagOf } from './flags.ts';
import { numberOf, useAmounts } from './words.ts';

/** What sensors sent last, each with its age; before it was read here, the one look that it takes. */
export function SensorStrip({ chart }: { readonly chart: ChartView }) {
  const { t } = useTranslation();
  const { handle: patient, shared } = chart;
  const isShared = shared.readClasses.includes('iot');
  const held = useCall('vitals.held', { patient }, { enabled: isShared });
  const read = useAct('vitals.chart');
  if (!isShared || (held.data === undefined && held.error === null)) return null;
  return (
    <section className="sec" aria-label={t('vitals.fromSensors')}>
      <div className="sec-head">
        <h2>{t('vitals.fromSensors')}</h2>
        {held.data != null && <Link to={`/chart/${patient}/vitals`}>{t('vitals.curves')}</Link>}
      </div>
      {held.data == null ? (
        <>
          <p className="dim sm">{t('vitals.oneLook')}</p>
          {read.error !== null && <Failed error={read.error} />}
          <NeedsNetwork what="look" />
          <div className="acts">
            <button
              type="button"
              className="btn line small"
              disabled={read.isPending}
              onClick={() => read.mutate({ patient, period: 'week', again: false })}
            >
              <Icon name="look" />
              {read.isPending ? t('vitals.reading') : t('vitals.readWeek')}
            </button>
          </div>
        </>
      ) : (
        <Latest view={held.data} />
      )}
    </section>
  );
}

const oldMs = 24 * 3_600_000;

function Latest({ view }: { readonly view: VitalsView }) {
  const { t } = useTranslation();
  const { nameOf } = useAmounts();
  if (view.curves.length === 0)
    return <p className="dim sm">{t(`vitals.nothing.${view.period}`)}</p>;
  return (
    <>
      <dl className="sheet strip">
        {view.curves.map((it) => (
          <div key={it.vital}>
            <dt>{nameOf(it.vital)}</dt>
            <dd>
              <Amount value={numberOf(it.vital, it.newest.value)} unit={it.unit} className="v n" />{' '}
              <Flag flag={flagOf(it, it.newest.value)} />
              <span className={view.askedMs - it.newest.ms > oldMs ? 'when old' : 'when'}>
                {agoText(it.newest.ms, Math.max(it.newest.ms, Date.now()))}
              </span>
            </dd>
          </div>
        ))}
      </dl>
      <p className="dim sm mt-s" role="status">
        {t(view.fromCopies === 0 ? 'vitals.lookedServers' : 'vitals.lookedCopies', {
          when: momentText(view.askedMs),
        })}
      </p>
    </>
  );
}
