import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { makePasskey, PasskeyGone, PasskeyWeak, passkeyProblem } from '../boundary/passkey.ts';
import type { WaysToOpen } from '../worker/new-wallet.ts';
import { DeviceNameField, useDeviceName } from './device-name.tsx';
import { Icon } from './icon.tsx';

const leastCharacters = 10;

/** How a record is to be opened on this device: with one touch by a passkey, or by a passphrase that one chooses. */
export function WaysToOpenForm({
  busy,
  ready,
  onChosen,
}: {
  /** Something is being done: the buttons wait. */
  readonly busy: boolean;
  /** What else the form needs is there. */
  readonly ready: boolean;
  readonly onChosen: (ways: WaysToOpen) => void;
}) {
  const { t } = useTranslation();
  const [passphrase, setPassphrase] = useState('');
  const suggested = useDeviceName();
  const [typedName, setName] = useState<string>();
  const deviceName = typedName?.trim() || suggested;
  const [problem, setProblem] = useState<'weak' | 'gone'>();
  const why = passkeyProblem();
  const byPasskey = async () => {
    setProblem(undefined);
    try {
      onChosen({ passkey: await makePasskey('Salus'), deviceName });
    } catch (error) {
      if (error instanceof PasskeyGone) setProblem('gone');
      else if (error instanceof PasskeyWeak) setProblem('weak');
      else throw error;
    }
  };
  const byPassphrase = (event: FormEvent) => {
    event.preventDefault();
    onChosen({ passphrase, deviceName });
  };
  const isLong = Array.from(passphrase.normalize('NFKC')).length >= leastCharacters;
  return (
    <>
      <DeviceNameField value={typedName ?? suggested} onChange={setName} />
      {why === undefined ? (
        <div className="acts">
          <button
            type="button"
            className="btn main big fill"
            disabled={busy || !ready}
            onClick={() => void byPasskey()}
          >
            <Icon name="passkey" />
            {t('ways.withPasskey')}
          </button>
        </div>
      ) : (
        <p className="hint mt">{t(`ways.noPasskey.${why}`)}</p>
      )}
      {problem !== undefined && (
        <p className="mt" role="alert">
          {t(`ways.problem.${problem}`)}
        </p>
      )}
      <form onSubmit={byPassphrase}>
        <div className="field">
          <label htmlFor="new-passphrase">{t('ways.orPassphrase')}</label>
          <input
            id="new-passphrase"
            className="in-text"
            type="password"
            autoComplete="new-password"
            aria-describedby="new-passphrase-hint"
            value={passphrase}
            onChange={(event) => setPassphrase(event.target.value)}
          />
          <p id="new-passphrase-hint" className="hint">
            {t('ways.passphraseHint', { count: leastCharacters })}
          </p>
        </div>
        <div className="acts">
          <button type="submit" className="btn line" disabled={busy || !ready || !isLong}>
            {t('ways.withPassphrase')}
          </button>
        </div>
      </form>
    </>
  );
}
