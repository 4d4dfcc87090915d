import { useTranslation } from 'react-i18next';
import { shortDayOf } from '../../app/dates.ts';
import { Icon } from '../../parts/icon.tsx';
import type { DeviceView } from '../../worker/calls/keys.ts';

/** This person's devices by their names, each with the day on which it was last seen. */
export function Devices({
  devices,
  onAdd,
  onRemove,
}: {
  readonly devices: readonly DeviceView[];
  readonly onAdd: () => void;
  readonly onRemove: () => void;
}) {
  const { t } = useTranslation();
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('devices.title')}</h2>
      </div>
      <ul className="sheet rows">
        {devices.map((it) => (
          <li key={`${it.addedMs} ${it.name}`} className="row">
            <span className="glyph">
              <Icon name="phone" />
            </span>
            <div>
              <bdi className="t">{it.name}</bdi>{' '}
              {it.isThis && <span className="tag good">{t('devices.this')}</span>}
              <br />
              <span className="s">
                {t('devices.seen', {
                  seen: shortDayOf(it.seenMs),
                  added: shortDayOf(it.addedMs),
                })}
              </span>
            </div>
          </li>
        ))}
      </ul>
      <div className="acts mt">
        <button type="button" className="btn line small" onClick={onAdd}>
          <Icon name="phone" />
          {t('keys.addDevice')}
        </button>
        {devices.some((it) => !it.isThis) && (
          <button type="button" className="btn stop small" onClick={onRemove}>
            {t('devices.remove')}
          </button>
        )}
      </div>
    </section>
  );
}
