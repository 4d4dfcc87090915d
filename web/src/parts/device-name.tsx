import { useTranslation } from 'react-i18next';
import { thisBrowser } from '../boundary/this-browser.ts';

/** As the wallet takes it. */
const longest = 64;

/** What this device is called until somebody gives it another name: `Chromium on Linux`. */
export function useDeviceName(): string {
  const { t } = useTranslation();
  // It is kept, and shown elsewhere: nothing stands in it that a page alone needs.
  const interpolation = { escapeValue: false };
  return t('ways.deviceName', { ...thisBrowser(), interpolation }).slice(0, longest);
}

/** The name under which this device stands in the person's list. */
export function DeviceNameField({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (name: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <div className="field">
      <label htmlFor="device-name">{t('ways.called')}</label>
      <input
        id="device-name"
        className="in-text"
        autoComplete="off"
        maxLength={longest}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
