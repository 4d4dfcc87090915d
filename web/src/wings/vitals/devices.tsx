import { useTranslation } from 'react-i18next';
import { agoText, listed, momentText } from '../../app/dates.ts';
import { Icon } from '../../parts/icon.tsx';
import type { Period } from './calls.ts';
import type { DeviceView } from './calls-devices.ts';
import { useAmounts } from './words.ts';

/** A device by its name, else by what it measures. */
function useDeviceName() {
  const { nameOf } = useAmounts();
  return ({ name, vitals }: DeviceView): string =>
    name === '' ? listed(vitals.map(nameOf)) : name;
}

/** What somebody has to do for a device, before anything that it measured: charge it, or see why it is silent. */
export function DeviceTroubles({ devices }: { readonly devices: readonly DeviceView[] }) {
  const { t } = useTranslation();
  const called = useDeviceName();
  const low = devices.filter((it) => it.lowBattery !== undefined);
  const silent = devices.filter((it) => it.isSilent);
  if (low.length + silent.length === 0) return null;
  return (
    <div className="note warn mt" role="status">
      <Icon name="attend" />
      <div>
        {low.map((it) => (
          <p key={it.sensor}>
            {t('vitals.device.low', { name: called(it), percent: it.lowBattery?.percent })}
          </p>
        ))}
        {silent.map((it) => (
          <p key={it.sensor}>{t('vitals.device.silent', { name: called(it) })}</p>
        ))}
      </div>
    </div>
  );
}

const mostPauses = 3;

/** Each device: when it sent last, and when it did not. */
export function Devices({
  devices,
  period,
  askedMs,
}: {
  readonly devices: readonly DeviceView[];
  readonly period: Period;
  readonly askedMs: number;
}) {
  const { t } = useTranslation();
  const { nameOf } = useAmounts();
  return (
    <section className="sec" aria-label={t('vitals.device.title', { count: devices.length })}>
      <div className="sec-head">
        <h2>{t('vitals.device.title', { count: devices.length })}</h2>
      </div>
      <ul className="list">
        {devices.map((it) => (
          <li key={it.sensor}>
            <p>
              {it.name !== '' && (
                <>
                  <bdi className="b">{it.name}</bdi>{' '}
                </>
              )}
              <span className={it.name === '' ? 'b' : 'dim'}>{listed(it.vitals.map(nameOf))}</span>{' '}
              {it.isSilent && <span className="tag warn">{t('vitals.device.isSilent')}</span>}{' '}
              {it.lowBattery !== undefined && (
                <span className="tag warn">{t('vitals.device.isLow')}</span>
              )}
            </p>
            <p className="sm dim">
              {it.newestMs === undefined
                ? t(`vitals.nothing.${period}`)
                : t('vitals.device.last', {
                    ago: agoText(Math.min(it.newestMs, askedMs), askedMs),
                  })}
              {it.lowBattery !== undefined &&
                ` ${t('vitals.device.battery', {
                  percent: it.lowBattery.percent,
                  when: momentText(it.lowBattery.ms),
                })}`}
            </p>
            {it.pauses.length > 0 && (
              <ul className="list sm">
                {it.pauses
                  .slice(-mostPauses)
                  .toReversed()
                  .map(({ fromMs, untilMs }) => (
                    <li key={fromMs}>
                      {t('vitals.device.pause', {
                        from: momentText(fromMs),
                        until: momentText(untilMs),
                      })}
                    </li>
                  ))}
                {it.pauses.length > mostPauses && (
                  <li className="dim">
                    {t('vitals.device.pausesMore', { count: it.pauses.length - mostPauses })}
                  </li>
                )}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
