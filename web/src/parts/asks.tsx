import { Trans, useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { listed, momentText } from '../app/dates.ts';
import { comma } from '../app/language.ts';
import { useAct, useCall } from '../boundary/use-call.ts';
import type { AskView } from '../worker/calls/asking.ts';
import { Failed } from './failure.tsx';
import { PersonLine, PersonSign, usePersonName } from './person-sign.tsx';

/** Nothing on the ledger tells of a question. */
const everyMs = 60_000;

/** What others ask of this person, each with its answer or Not now; nothing where nobody asks. */
export function Asks() {
  const { t } = useTranslation();
  const asks = useCall('asking.list', undefined, { everyMs });
  if (asks.data === undefined || asks.data.length === 0) return null;
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('asks.title')}</h2>
      </div>
      <ul className="sheet rows">
        {asks.data.map((it) => (
          <AskRow key={it.handle} ask={it} />
        ))}
      </ul>
    </section>
  );
}

/** Kinds as words of a sentence; none: everything. */
export function useKindsText(): (readClasses: readonly string[]) => string {
  const { t } = useTranslation();
  return (readClasses) =>
    readClasses.length === 0
      ? t('sharing.everything')
      : listed(readClasses.map((it) => t(`classes.${it}` as 'classes.lab').toLocaleLowerCase()));
}

function AskRow({ ask }: { readonly ask: AskView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const drop = useAct('asking.drop');
  const name = nameOf(ask.person);
  return (
    <li className="row rowx">
      <PersonSign person={ask.person} />
      <div>
        <span className="t">
          <AskText ask={ask} name={name} />
        </span>
        <br />
        <span className="s">
          <bdi>
            <PersonLine person={ask.person} />
          </bdi>
          {comma()}
          {momentText(ask.askedMs)}
        </span>
        {drop.error !== null && <Failed error={drop.error} />}
      </div>
      <div className="e acts">
        <AnswerButton ask={ask} name={name} />
        <button
          type="button"
          className="btn bare small"
          disabled={drop.isPending}
          onClick={() => drop.mutate({ asker: ask.handle })}
        >
          {t('parts.notNow')}
          <span className="hide"> {name}</span>
        </button>
      </div>
    </li>
  );
}

function AskText({ ask, name }: { readonly ask: AskView; readonly name: string }) {
  const { t } = useTranslation();
  const kindsText = useKindsText();
  const components = { bdi: <bdi /> };
  if (ask.kind === 'who')
    return <Trans i18nKey="asks.who" values={{ who: name }} components={components} />;
  if (ask.kind === 'introduction')
    return <Trans i18nKey="asks.introduction" values={{ who: name }} components={components} />;
  const values = {
    who: name,
    what: kindsText(ask.readClasses),
    why: t(`purposes.${ask.purpose}` as 'purposes.TREAT'),
  };
  return <Trans i18nKey="asks.access" count={ask.days} values={values} components={components} />;
}

/** Share begins with what is asked, and nothing is given before it is touched there. */
function AnswerButton({ ask, name }: { readonly ask: AskView; readonly name: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const keep = useAct('asking.keep');
  const introduce = useAct('asking.introduce');
  const { kind, handle: asker } = ask;
  const act = {
    access: () =>
      keep.mutate({ asker }, { onSuccess: () => void navigate(`/share/asked/${asker}`) }),
    who: () => introduce.mutate({ asker }),
    introduction: () => keep.mutate({ asker }),
  }[kind];
  const error = keep.error ?? introduce.error;
  return (
    <>
      {error !== null && <Failed error={error} />}
      <button
        type="button"
        className="btn line small"
        disabled={keep.isPending || introduce.isPending}
        onClick={act}
      >
        {t(`asks.answer.${kind}`)}
        <span className="hide"> {name}</span>
      </button>
    </>
  );
}

/** Asks a patient to be let in; said afterwards is what was asked for. */
export function AskAccess({ patient, name }: { readonly patient: string; readonly name: string }) {
  const { t } = useTranslation();
  const kindsText = useKindsText();
  const access = useAct('asking.access');
  return (
    <div className="mt-s">
      {access.data === undefined ? (
        <button
          type="button"
          className="btn line small"
          disabled={access.isPending}
          onClick={() => access.mutate({ patient })}
        >
          {t('asks.ask')}
          <span className="hide"> {name}</span>
        </button>
      ) : (
        <p className="sm" role="status">
          {t('asks.asked', {
            what: kindsText(access.data.readClasses),
            count: access.data.days,
          })}
        </p>
      )}
      {access.error !== null && <Failed error={access.error} />}
    </div>
  );
}

/** Asks somebody who looked who he is. */
export function AskWho({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const who = useAct('asking.who');
  return (
    <div className="mt-s no-print">
      {who.isSuccess ? (
        <p className="sm" role="status">
          {t('asks.askedWho')}
        </p>
      ) : (
        <button
          type="button"
          className="btn line small"
          disabled={who.isPending}
          onClick={() => who.mutate({ account })}
        >
          {t('asks.askWho')}
        </button>
      )}
      {who.error !== null && <Failed error={who.error} />}
    </div>
  );
}
