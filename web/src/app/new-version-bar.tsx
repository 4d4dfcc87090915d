import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { keptApp } from '../boundary/new-version.ts';

const subscribe = (listener: () => void): (() => void) => keptApp.onChange(listener);

/** A newer build lies ready: it is loaded by a touch, and never under somebody's hands. */
export function NewVersionBar() {
  const { t } = useTranslation();
  const isReady = useSyncExternalStore(subscribe, () => keptApp.isReady);
  return (
    <div role="status">
      {isReady && (
        <div className="newbar no-print">
          <span>{t('shell.newVersion')}</span>
          <button type="button" className="btn line small" onClick={() => keptApp.load()}>
            {t('shell.loadNew')}
          </button>
        </div>
      )}
    </div>
  );
}
