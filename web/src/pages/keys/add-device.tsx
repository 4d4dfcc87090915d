import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { link } from '../../boundary/link.ts';
import { useAct } from '../../boundary/use-call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Qr } from '../../parts/qr.tsx';

/** On the device that hands over: a link to scan, then the digits that the new device shows, typed here. */
export function AddDevice({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const add = useAct('device.add');
  const [digits, setDigits] = useState('');
  const { mutate, progress, said, cancel } = add;
  const shown = said.get('link');
  useEffect(() => {
    mutate(undefined);
  }, [mutate]);
  const asks = progress?.phase.startsWith('digits') === true;
  const close = () => {
    cancel();
    onClose();
  };
  return (
    <Dialog title={t('keys.addDevice')} onClose={close}>
      {add.error !== null && <Failed error={add.error} again={() => mutate(undefined)} />}
      {add.data !== undefined && (
        <>
          <p className="mt">{t('keys.deviceAdded', { name: add.data.name })}</p>
          <div className="acts">
            <button type="button" className="btn main" onClick={onClose}>
              {t('parts.close')}
            </button>
          </div>
        </>
      )}
      {add.isPending && shown !== undefined && !asks && (
        <>
          <p className="mt">{t('keys.scanThere')}</p>
          <Qr text={shown} label={t('keys.linkCode')} />
          <p className="mono xs mt" dir="ltr" data-testid="device-link">
            {shown}
          </p>
        </>
      )}
      {asks && add.isPending && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            setDigits('');
            void link.call('device.answer', { question: 'digits', text: digits });
          }}
        >
          <p className="mt">{t('keys.typeDigits', { name: progress?.text ?? '' })}</p>
          <div className="field">
            <label htmlFor="digits">{t('keys.digits')}</label>
            <input
              id="digits"
              className="in-text mono"
              inputMode="numeric"
              autoComplete="off"
              dir="ltr"
              value={digits}
              onChange={(event) => setDigits(event.target.value)}
            />
          </div>
          <div className="acts">
            <button type="submit" className="btn main" disabled={digits.trim() === ''}>
              {t('keys.compare')}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
