import { useTranslation } from 'react-i18next';
import { link } from '../../boundary/link.ts';
import { Icon } from '../../parts/icon.tsx';

/** What to do when a phone is lost, a passphrase forgotten or a sheet seen. */
export function IfSomethingHappens({
  onChange,
  onFreeze,
}: {
  readonly onChange: () => void;
  readonly onFreeze: () => void;
}) {
  const { t } = useTranslation();
  return (
    <section className="sec side1">
      <div className="sec-head">
        <h2>{t('keys.ifTitle')}</h2>
      </div>
      <ul className="list">
        {(['lost', 'forgotten', 'seen'] as const).map((it) => (
          <li key={it}>
            <span className="t">{t(`keys.if.${it}.what`)}</span>
            <br />
            <span className="s">{t(`keys.if.${it}.way`)}</span>
          </li>
        ))}
      </ul>
      <div className="acts mt-s">
        <button type="button" className="btn line small" onClick={onChange}>
          {t('keys.change')}
        </button>
        <button type="button" className="btn stop small" onClick={onFreeze}>
          {t('keys.freeze')}
        </button>
      </div>
    </section>
  );
}

/** What is open leaves memory. */
export function LockNow() {
  const { t } = useTranslation();
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('keys.lockTitle')}</h2>
      </div>
      <p className="sm dim">{t('keys.lockText')}</p>
      <div className="acts mt-s">
        <button
          type="button"
          className="btn line small"
          onClick={() => void link.call('wallet.lock', undefined)}
        >
          <Icon name="lock" />
          {t('keys.lockNow')}
        </button>
      </div>
    </section>
  );
}

/** The ledger that is believed, to compare with what stands on the desk's sheet. */
export function LedgerWords({ words }: { readonly words: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('keys.words')}</h2>
      </div>
      <p className="sm dim">{t('keys.wordsText')}</p>
      <p className="sm mono mt-s" dir="ltr">
        {words.join(' ')}
      </p>
    </section>
  );
}
