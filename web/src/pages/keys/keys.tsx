import { useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { momentText } from '../../app/dates.ts';
import { useCall, useSession } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { AskedPage } from '../../parts/asked-page.tsx';
import { Icon } from '../../parts/icon.tsx';
import type { KeysView } from '../../worker/calls/keys.ts';
import { AddDevice } from './add-device.tsx';
import { IfSomethingHappens, LedgerWords, LockNow } from './beside.tsx';
import { ChangeKeys, Freeze } from './change.tsx';
import { Devices } from './devices.tsx';
import { Elsewhere } from './elsewhere.tsx';
import { NewSheet, WaitingCode } from './new-sheet.tsx';
import { RemoveDevices } from './remove-devices.tsx';
import { SetPassphrase, TryPassphrase, TrySheet } from './try.tsx';
import { AddPasskey, type Tried, Ways } from './ways.tsx';

/** Each way in with the day on which it last worked; what to do when something happens. */
export function Keys() {
  const { t } = useTranslation();
  const keys = useCall('keys', undefined);
  return (
    <AskedPage asked={keys} what={t('keys.waiting')}>
      {({ view }) => <Known keys={view} />}
    </AskedPage>
  );
}

type Asked =
  | Tried
  | 'setPassphrase'
  | 'device'
  | 'removeDevices'
  | 'newSheet'
  | 'change'
  | 'freeze';

function Known({ keys }: { readonly keys: KeysView }) {
  const { t } = useTranslation();
  const session = useSession();
  const [asked, setAsked] = useState<Asked>();
  const close = () => setAsked(undefined);
  const untried = keys.ways.filter((it) => it.workedMs === undefined).length;
  const count = keys.ways.length + keys.devices.length;
  return (
    <div className="split">
      <div>
        <Answer>
          <Trans i18nKey="keys.answer" count={count} components={{ em: <em /> }} />{' '}
          {untried > 0 && <span className="warn">{t('keys.untried', { count: untried })}</span>}
        </Answer>
        <p className="lead">{t('keys.lead')}</p>
        {keys.waitingCodeMs !== undefined && <WaitingCode fromMs={keys.waitingCodeMs} />}
        <WrongDigits atMs={keys.wrongDigitsMs.at(-1)} />
        <section className="sec">
          <div className="sec-head">
            <h2>{t('keys.ways')}</h2>
          </div>
          <Ways ways={keys.ways} onTry={setAsked} />
          <div className="acts mt">
            <AddPasskey />
            <button type="button" className="btn line small" onClick={() => setAsked('newSheet')}>
              <Icon name="sheet" />
              {t('keys.newSheet')}
            </button>
            <button
              type="button"
              className="btn line small"
              onClick={() => setAsked('setPassphrase')}
            >
              <Icon name="passphrase" />
              {keys.hasPassphrase ? t('keys.changePassphrase') : t('keys.setPassphrase')}
            </button>
          </div>
          <p className="hint mt">{t('keys.hint')}</p>
        </section>
        <Devices
          devices={keys.devices}
          onAdd={() => setAsked('device')}
          onRemove={() => setAsked('removeDevices')}
        />
        {session?.open === true && session.role === 'patient' && <Elsewhere />}
      </div>
      <div>
        <IfSomethingHappens
          onChange={() => setAsked('change')}
          onFreeze={() => setAsked('freeze')}
        />
        <LockNow />
        <LedgerWords words={keys.trustWords} />
      </div>
      <Asking asked={asked} keys={keys} onClose={close} />
    </div>
  );
}

function WrongDigits({ atMs }: { readonly atMs: number | undefined }) {
  const { t } = useTranslation();
  if (atMs === undefined) return null;
  return (
    <div className="note warn sec">
      <Icon name="attend" />
      <div>
        <p className="h">{t('keys.wrongDigits', { when: momentText(atMs) })}</p>
        <p>{t('keys.wrongDigitsWay')}</p>
      </div>
    </div>
  );
}

/** The dialog that was asked for. */
function Asking({
  asked,
  keys,
  onClose,
}: {
  readonly asked: Asked | undefined;
  readonly keys: KeysView;
  readonly onClose: () => void;
}) {
  if (asked === 'sheet') return <TrySheet onClose={onClose} />;
  if (asked === 'passphrase') return <TryPassphrase onClose={onClose} />;
  if (asked === 'setPassphrase') return <SetPassphrase onClose={onClose} />;
  if (asked === 'device') return <AddDevice onClose={onClose} />;
  if (asked === 'removeDevices') return <RemoveDevices devices={keys.devices} onClose={onClose} />;
  if (asked === 'newSheet') return <NewSheet words={keys.trustWords} onClose={onClose} />;
  if (asked === 'change') return <ChangeKeys onClose={onClose} />;
  if (asked === 'freeze') return <Freeze onClose={onClose} />;
  return null;
}
