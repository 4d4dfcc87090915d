import { type FormEvent, type ReactNode, useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { dayOf, momentText, shortDayOf } from '../../app/dates.ts';
import { link } from '../../boundary/link.ts';
import { askPasskey, makePasskey, PasskeyGone, passkeyProblem } from '../../boundary/passkey.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon, type IconName } from '../../parts/icon.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { Unanswered } from '../../parts/unanswered.tsx';
import type { KeysView, WayView } from '../../worker/calls/keys.ts';
import { AddDevice } from './add-device.tsx';
import { CodeField } from './code-field.tsx';

/** Each way in with the day on which it last worked; what to do when something happens. */
export function Keys() {
  const { t } = useTranslation();
  const keys = useCall('keys', undefined);
  return (
    <main id="page" className="page" tabIndex={-1}>
      {keys.data === undefined ? (
        <Unanswered what={t('keys.waiting')} error={keys.error} again={() => void keys.refetch()} />
      ) : (
        <Known keys={keys.data} />
      )}
    </main>
  );
}

type Asked = 'sheet' | 'passphrase' | 'setPassphrase' | 'device' | 'newSheet' | 'change' | 'freeze';

function Known({ keys }: { readonly keys: KeysView }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Asked>();
  const close = () => setAsked(undefined);
  const untried = keys.ways.filter((it) => it.workedMs === undefined).length;
  const first = keys.ways.findIndex((it) => it.workedMs === undefined && it.kind !== 'device');
  return (
    <div className="split">
      <div>
        <Answer>
          <Trans i18nKey="keys.answer" count={keys.ways.length} components={{ em: <em /> }} />{' '}
          {untried > 0 && <span className="warn">{t('keys.untried', { count: untried })}</span>}
        </Answer>
        <p className="lead">{t('keys.lead')}</p>
        {keys.waitingCodeMs !== undefined && <WaitingCode fromMs={keys.waitingCodeMs} />}
        {keys.wrongDigitsMs.length > 0 && (
          <div className="note warn sec">
            <Icon name="attend" />
            <div>
              <p className="h">
                {t('keys.wrongDigits', { when: momentText(keys.wrongDigitsMs.at(-1) ?? 0) })}
              </p>
              <p>{t('keys.wrongDigitsWay')}</p>
            </div>
          </div>
        )}
        <section className="sec">
          <div className="sec-head">
            <h2>{t('keys.ways')}</h2>
          </div>
          <ul className="sheet rows">
            {keys.ways.map((it, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: ways have no other name that is sure to be one
              <WayRow key={at} way={it} isFirst={at === first} onTry={setAsked} />
            ))}
          </ul>
          <div className="acts mt">
            <button type="button" className="btn line small" onClick={() => setAsked('device')}>
              <Icon name="phone" />
              {t('keys.addDevice')}
            </button>
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
        </section>
        <p className="hint mt">{t('keys.hint')}</p>
      </div>
      <div>
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
            <button type="button" className="btn line small" onClick={() => setAsked('change')}>
              {t('keys.change')}
            </button>
            <button type="button" className="btn stop small" onClick={() => setAsked('freeze')}>
              {t('keys.freeze')}
            </button>
          </div>
        </section>
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
        <section className="sec">
          <div className="sec-head">
            <h2>{t('keys.words')}</h2>
          </div>
          <p className="sm dim">{t('keys.wordsText')}</p>
          <p className="sm mono" dir="ltr">
            {keys.trustWords.join(' ')}
          </p>
        </section>
      </div>
      {asked === 'sheet' && <TrySheet onClose={close} />}
      {asked === 'passphrase' && <TryPassphrase onClose={close} />}
      {asked === 'setPassphrase' && <SetPassphrase onClose={close} />}
      {asked === 'device' && <AddDevice onClose={close} />}
      {asked === 'newSheet' && <NewSheet words={keys.trustWords} onClose={close} />}
      {asked === 'change' && <ChangeKeys onClose={close} />}
      {asked === 'freeze' && <Freeze onClose={close} />}
    </div>
  );
}

const icons: Readonly<Record<WayView['kind'], IconName>> = {
  passkey: 'passkey',
  passphrase: 'passphrase',
  sheet: 'sheet',
  device: 'phone',
};

function WayRow({
  way,
  isFirst,
  onTry,
}: {
  readonly way: WayView;
  /** The one to try next: of all buttons of the page it alone is filled. */
  readonly isFirst: boolean;
  readonly onTry: (asked: Asked) => void;
}) {
  const { t } = useTranslation();
  const attempt = useAct('keys.tryPasskey');
  const { kind, workedMs, passkey } = way;
  const isTried = workedMs !== undefined;
  const name = kind === 'device' ? way.name : t(`keys.kind.${kind}`);
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
    else if (kind !== 'device') onTry(kind);
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
        <span className="s">
          {kind === 'device' && way.isThis ? t('keys.this') : t(`keys.about.${kind}`)}
        </span>
        {attempt.error !== null && <Failed error={attempt.error} />}
      </div>
      <div className="e">
        {kind !== 'device' && (
          <button
            type="button"
            className={isFirst ? 'btn main small' : 'btn line small'}
            onClick={touched}
          >
            {isTried ? t('keys.try') : t('keys.tryNow')}
            <span className="hide">: {name}</span>
          </button>
        )}
      </div>
    </li>
  );
}

function AddPasskey() {
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

function WaitingCode({ fromMs }: { readonly fromMs: number }) {
  const { t } = useTranslation();
  const stop = useAct('keys.stopNewSheet');
  return (
    <div className="note warn sec">
      <Icon name="attend" />
      <div>
        <p className="h">{t('keys.waitingCode', { day: dayOf(fromMs) })}</p>
        <p>{t('keys.waitingCodeText')}</p>
        {stop.error !== null && <Failed error={stop.error} />}
        <div className="way">
          <button
            type="button"
            className="btn stop small"
            disabled={stop.isPending}
            onClick={() => stop.mutate({})}
          >
            {t('keys.stopCode')}
          </button>
        </div>
      </div>
    </div>
  );
}

interface Closing {
  readonly onClose: () => void;
}

/** A form in a dialog: what is asked, the error beside it, one filled button. */
function Form({
  title,
  text,
  children,
  button,
  isStop = false,
  act,
  onSubmit,
  onClose,
  disabled = false,
}: Closing & {
  readonly title: string;
  readonly text: string;
  readonly children?: ReactNode;
  readonly button: string;
  readonly isStop?: boolean;
  readonly act: { readonly error: unknown; readonly isPending: boolean };
  readonly onSubmit: () => void;
  readonly disabled?: boolean;
}) {
  const { t } = useTranslation();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <p className="mt">{text}</p>
        {children}
        {act.error !== null && <Failed error={act.error} />}
        <div className="acts">
          <button
            type="submit"
            className={isStop ? 'btn stop' : 'btn main'}
            disabled={act.isPending || disabled}
          >
            {act.isPending ? t('keys.working') : button}
          </button>
          <button type="button" className="btn line" onClick={onClose}>
            {t('parts.notNow')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function TrySheet({ onClose }: Closing) {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const act = useAct('keys.trySheet');
  return (
    <Form
      title={t('keys.sheetTitle')}
      text={t('keys.sheetText')}
      button={t('keys.try')}
      act={act}
      onClose={onClose}
      onSubmit={() => act.mutate({ code }, { onSuccess: onClose })}
      disabled={code.trim() === ''}
    >
      <CodeField value={code} onChange={setCode} />
    </Form>
  );
}

function TryPassphrase({ onClose }: Closing) {
  const { t } = useTranslation();
  const [passphrase, setPassphrase] = useState('');
  const act = useAct('keys.tryPassphrase');
  return (
    <Form
      title={t('keys.passphraseTitle')}
      text={t('keys.passphraseText')}
      button={t('keys.try')}
      act={act}
      onClose={onClose}
      onSubmit={() => act.mutate({ passphrase }, { onSuccess: onClose })}
      disabled={passphrase === ''}
    >
      <div className="field">
        <label htmlFor="try-passphrase">{t('locked.passphrase')}</label>
        <input
          id="try-passphrase"
          className="in-text"
          type="password"
          autoComplete="current-password"
          value={passphrase}
          onChange={(event) => setPassphrase(event.target.value)}
        />
      </div>
    </Form>
  );
}

function SetPassphrase({ onClose }: Closing) {
  const { t } = useTranslation();
  const [passphrase, setPassphrase] = useState('');
  const act = useAct('keys.setPassphrase');
  return (
    <Form
      title={t('keys.setTitle')}
      text={t('keys.setText')}
      button={t('keys.set')}
      act={act}
      onClose={onClose}
      onSubmit={() => act.mutate({ passphrase }, { onSuccess: onClose })}
      disabled={passphrase === ''}
    >
      <div className="field">
        <label htmlFor="set-passphrase">{t('keys.newPassphrase')}</label>
        <input
          id="set-passphrase"
          className="in-text"
          type="password"
          autoComplete="new-password"
          value={passphrase}
          onChange={(event) => setPassphrase(event.target.value)}
        />
      </div>
    </Form>
  );
}

function NewSheet({ words, onClose }: Closing & { readonly words: readonly string[] }) {
  const { t } = useTranslation();
  const [oldCode, setOld] = useState('');
  const act = useAct('keys.newSheet');
  if (act.data !== undefined) {
    const { code, countsFromMs } = act.data;
    return (
      <Dialog title={t('sheet.title')} onClose={onClose}>
        <p className="mt">
          {countsFromMs === undefined
            ? t('keys.sheetCounts')
            : t('keys.sheetWaits', { day: dayOf(countsFromMs) })}
        </p>
        <Sheet code={code} hospital="" words={words} />
        <div className="acts">
          <button type="button" className="btn main" onClick={() => print()}>
            <Icon name="print" />
            {t('join.print')}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Form
      title={t('keys.newSheet')}
      text={t('keys.newSheetText')}
      button={t('keys.makeSheet')}
      act={act}
      onClose={onClose}
      onSubmit={() => act.mutate({ ...(oldCode.trim() !== '' && { oldCode }) })}
    >
      <CodeField value={oldCode} onChange={setOld} isOptional />
    </Form>
  );
}

function ChangeKeys({ onClose }: Closing) {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const act = useAct('keys.change');
  return (
    <Form
      title={t('keys.change')}
      text={t('keys.changeText')}
      button={t('keys.changeNow')}
      act={act}
      onClose={onClose}
      onSubmit={() => act.mutate({ ...(code.trim() !== '' && { code }) }, { onSuccess: onClose })}
    >
      <CodeField value={code} onChange={setCode} isOptional />
    </Form>
  );
}

function Freeze({ onClose }: Closing) {
  const { t } = useTranslation();
  const act = useAct('keys.freeze');
  return (
    <Form
      title={t('keys.freezeTitle')}
      text={t('keys.freezeText')}
      button={t('keys.freezeNow')}
      isStop
      act={act}
      onClose={onClose}
      onSubmit={() => act.mutate(undefined, { onSuccess: onClose })}
    />
  );
}
