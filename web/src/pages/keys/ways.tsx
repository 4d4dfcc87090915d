import { useTranslation } from 'react-i18next';
import { shortDayOf } from '../../app/dates.ts';
import { askPasskey, makePasskey, PasskeyGone, passkeyProblem } from '../../boundary/passkey.ts';
import { useAct } from '../../boundary/use-call.ts';
import { Failed } from '../../parts/failure.tsx';
import { Icon, type IconName } from '../../parts/icon.tsx';
import type { WayView } from '../../worker/calls/keys.ts';

/** Ways of which a try is a dialog of its own. */
export type Tried = 'sheet' | 'passphrase';

/** Each way in with the day on which it last worked; the first that was never tried has the page's filled button. */
export function Ways({
  ways,
  onTry,
}: {
  readonly ways: readonly WayView[];
  readonly onTry: (tried: Tried) => void;
}) {
  const first = ways.findIndex((it) => it.workedMs === undefined);
  return (
    <ul className="sheet rows">
      {ways.map((it, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: ways have no other name that is sure to be one
        <WayRow key={at} way={it} isNext={at === first} onTry={onTry} />
      ))}
    </ul>
  );
}

const icons: Readonly<Record<WayView['kind'], IconName>> = {
  passkey: 'passkey',
  passphrase: 'passphrase',
  sheet: 'sheet',
};

function WayRow({
  way,
  isNext,
  onTry,
}: {
  readonly way: WayView;
  readonly isNext: boolean;
  readonly onTry: (tried: Tried) => void;
}) {
  const { t } = useTranslation();
  const attempt = useAct('keys.tryPasskey');
  const { kind, workedMs, passkey } = way;
  const isTried = workedMs !== undefined;
  const name = t(`keys.kind.${kind}`);
  const tryPasskey = async () => {
    if (passkey === undefined) return;
    try {
      attempt.mutate({ answer: await askPasskey([passkey]) });
    } catch (error) {
      if (!(error instanceof PasskeyGone)) throw error;
    }
  };
  const touched = () => {
    if (kind === 'passkey') void tryPasskey();
    else onTry(kind);
  };
  return (
    <li className="row rowx">
      <span className={isTried ? 'glyph' : 'glyph warn'}>
        <Icon name={icons[kind]} />
      </span>
      <div>
        <bdi className="t">{name}</bdi>{' '}
        <span className={isTried ? 'tag good' : 'tag warn'}>
          <Icon name={isTried ? 'check' : 'attend'} />
          {isTried ? t('keys.worked', { day: shortDayOf(workedMs) }) : t('keys.never')}
        </span>
        <br />
        <span className="s">{t(`keys.about.${kind}`)}</span>
        {attempt.error !== null && <Failed error={attempt.error} />}
      </div>
      <div className="e">
        <button
          type="button"
          className={isNext ? 'btn main small' : 'btn line small'}
          onClick={touched}
        >
          {isTried ? t('keys.try') : t('keys.tryNow')}
          <span className="hide">: {name}</span>
        </button>
      </div>
    </li>
  );
}

export function AddPasskey() {
  const { t } = useTranslation();
  const add = useAct('keys.addPasskey');
  const why = passkeyProblem();
  if (why !== undefined) return <p className="hint">{t(`ways.noPasskey.${why}`)}</p>;
  const make = async () => {
    try {
      add.mutate({ made: await makePasskey('Salus') });
    } catch (error) {
      if (!(error instanceof PasskeyGone)) throw error;
    }
  };
  return (
    <>
      <button type="button" className="btn line small" onClick={() => void make()}>
        <Icon name="passkey" />
        {t('keys.addPasskey')}
      </button>
      {add.error !== null && <Failed error={add.error} />}
    </>
  );
}
