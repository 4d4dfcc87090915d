import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Languages } from '../../app/languages.tsx';
import { askPasskey, PasskeyGone, passkeyProblem } from '../../boundary/passkey.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { useDeviceName } from '../../parts/device-name.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Mark } from '../../parts/mark.tsx';
import type { HeldWallet } from '../../worker/device.ts';
import type { SessionState } from '../../worker/session.ts';

/** In place of every page that needs a wallet, at the same address: what was open is gone, and comes back with it. */
export function Locked({ session }: { readonly session: Extract<SessionState, { open: false }> }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(session.wallets[0]?.id);
  const wallet = session.wallets.find((it) => it.id === chosen);
  return (
    <main id="page" className="lockpage" tabIndex={-1}>
      <div>
        <div className="brand lockbrand">
          <Mark />
          <span>Salus</span>
        </div>
        <Answer>{t('locked.answer')}</Answer>
        <p className="lead">{t(`locked.why.${session.why}`)}</p>
        {session.wallets.length > 1 && (
          <fieldset className="field">
            <legend className="lab">{t('locked.which')}</legend>
            <div className="chips">
              {session.wallets.map((it) => (
                <label key={it.id} className="chip">
                  <input
                    type="radio"
                    name="wallet"
                    checked={it.id === chosen}
                    onChange={() => setChosen(it.id)}
                  />
                  {it.initials} · {t(`roles.${it.role}` as 'roles.unknown')}
                </label>
              ))}
            </div>
          </fieldset>
        )}
        {wallet === undefined ? <Nothing /> : <Unlock key={wallet.id} wallet={wallet} />}
        <p className="mt">
          <Link className="btn bare" to="/open/sheet">
            {t('locked.sheet')}
          </Link>
        </p>
        <p>
          <Link className="btn bare" to="/">
            {t('locked.else')}
          </Link>
        </p>
        <Languages />
      </div>
    </main>
  );
}

function Unlock({ wallet }: { readonly wallet: HeldWallet }) {
  const { t } = useTranslation();
  const [passphrase, setPassphrase] = useState('');
  const unlock = useAct('wallet.unlock');
  const passkeys = useCall('wallet.passkeys', { id: wallet.id });
  const byPasskey = useAct('wallet.unlockByPasskey');
  const hasPasskey = (passkeys.data?.length ?? 0) > 0 && passkeyProblem() === undefined;
  const askForPasskey = async () => {
    try {
      const answer = await askPasskey(passkeys.data ?? []);
      byPasskey.mutate({ id: wallet.id, answer });
    } catch (error) {
      // Somebody closed the browser's question: the other ways are there still.
      if (!(error instanceof PasskeyGone)) throw error;
    }
  };
  const demo = useAct('demo.open');
  const deviceName = useDeviceName();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    unlock.mutate({ id: wallet.id, passphrase });
  };
  return (
    <>
      {wallet.isDemo && (
        <div className="acts">
          <button
            type="button"
            className="btn main big fillw"
            disabled={demo.isPending}
            onClick={() => demo.mutate({ name: wallet.id.slice('demo-'.length), deviceName })}
          >
            {t('locked.demo')}
          </button>
        </div>
      )}
      {demo.error !== null && <Failed error={demo.error} />}
      {hasPasskey && (
        <div className="acts">
          <button
            type="button"
            className="btn main big fillw"
            disabled={byPasskey.isPending}
            onClick={() => void askForPasskey()}
          >
            <Icon name="passkey" />
            {t('locked.withPasskey')}
          </button>
        </div>
      )}
      {byPasskey.error !== null && <Failed error={byPasskey.error} />}
      {wallet.hasPassphrase && (
        <form onSubmit={submit}>
          <div className="field">
            <label htmlFor="passphrase">{t('locked.passphrase')}</label>
            <input
              id="passphrase"
              className="in-text"
              type="password"
              autoComplete="current-password"
              value={passphrase}
              onChange={(event) => setPassphrase(event.target.value)}
            />
          </div>
          {unlock.error !== null && <Failed error={unlock.error} />}
          <div className="acts">
            <button
              type="submit"
              className={wallet.isDemo || hasPasskey ? 'btn line fillw' : 'btn main big fillw'}
              disabled={unlock.isPending || passphrase === ''}
            >
              {unlock.isPending ? t('locked.opening') : t('locked.unlock')}
            </button>
          </div>
        </form>
      )}
    </>
  );
}

function Nothing() {
  const { t } = useTranslation();
  return <p className="mt">{t('locked.nothing')}</p>;
}
