import { useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { momentText } from '../../app/dates.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Answer, AnswerWaiting } from '../../parts/answer.tsx';
import { AskAccess, Asks } from '../../parts/asks.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { initialsShown } from '../../parts/person-sign.tsx';
import type { ClosedRow, PatientsView, WaitingRow } from '../../worker/calls/clinician.ts';
import { endsSoon, PatientsTable } from './patients-table.tsx';
import { useDense } from './use-dense.ts';

/** Who let me in, what ends today, what is new. */
export function Patients() {
  const { t } = useTranslation();
  useDense();
  const patients = useCall('patients', undefined);
  return (
    <main id="page" className="page" tabIndex={-1}>
      {patients.data === undefined ? (
        patients.error === null ? (
          <AnswerWaiting what={t('patients.waiting')} />
        ) : (
          <>
            <Answer>{t('patients.notKnown')}</Answer>
            <Failed error={patients.error} again={() => void patients.refetch()} />
          </>
        )
      ) : (
        <>
          {patients.error !== null && (
            <Failed error={patients.error} again={() => void patients.refetch()} />
          )}
          <Known patients={patients.data} />
        </>
      )}
    </main>
  );
}

function Known({ patients }: { readonly patients: PatientsView }) {
  const { t } = useTranslation();
  const [sought, setSought] = useState('');
  const { open, closed, waiting } = patients;
  const live = open.filter((it) => it.beginsMs === undefined);
  const ending = live.filter(endsSoon).length;
  const fresh = live.filter((it) => it.news.isNew || it.news.additions > 0).length;
  const fits = ({ name }: { readonly name: string }): boolean =>
    name.toLocaleLowerCase().includes(sought.trim().toLocaleLowerCase());
  const found = open.filter(fits);
  return (
    <>
      <Answer>
        {live.length === 0 ? t('patients.none') : t('patients.letIn', { count: live.length })}{' '}
        {ending > 0 && (
          <Trans
            i18nKey="patients.ending"
            count={ending}
            components={{ warn: <span className="warn" /> }}
          />
        )}
      </Answer>
      <p className="lead">
        {live.length > 0 && t('patients.fresh', { count: fresh })}{' '}
        {live.length > 0 ? t('patients.oneLook') : t('patients.noneText')}
      </p>
      <Asks />
      {waiting.length > 0 && <Waiting waiting={waiting} />}
      {open.length > 0 && (
        <section className="sec">
          <div className="sec-head">
            <h2>{t('patients.open')}</h2>
          </div>
          {open.length + closed.length > 2 && (
            <div className="field search">
              <label className="hide" htmlFor="sought">
                {t('patients.search')}
              </label>
              <Icon name="search" />
              <input
                id="sought"
                className="in-text"
                type="search"
                autoComplete="off"
                placeholder={t('patients.search')}
                value={sought}
                onChange={(event) => setSought(event.target.value)}
              />
            </div>
          )}
          {found.length === 0 ? (
            <p className="dim mt" role="status">
              {t('patients.notFound')}
            </p>
          ) : (
            <PatientsTable rows={found} />
          )}
        </section>
      )}
      {closed.some(fits) && (
        <section className="sec">
          <div className="sec-head">
            <h2>{t('patients.closed')}</h2>
          </div>
          <ul className="sheet rows">
            {closed.filter(fits).map((it) => (
              <Closed key={it.handle} row={it} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

/** Which of the four things is wrong, and the way on: a question that waits with the patient. */
function Closed({ row: { handle, name, refusal, endedMs } }: { readonly row: ClosedRow }) {
  const { t } = useTranslation();
  return (
    <li className="row rowx">
      <span className={name === '' ? 'mono-g none' : 'mono-g'} aria-hidden="true">
        {name === '' ? '?' : initialsShown(name)}
      </span>
      <div>
        <bdi className="t">{name === '' ? t('patients.unnamed') : name}</bdi>{' '}
        {endedMs !== undefined && (
          <span className="s">{t('patients.ended', { when: momentText(endedMs) })}</span>
        )}
        <br />
        <span className="sm">
          <b>{t(`refusal.${refusal}.what`)}</b> {t(`refusal.${refusal}.way`)}
        </span>
        <AskAccess patient={handle} name={name} />
      </div>
    </li>
  );
}

function Waiting({ waiting }: { readonly waiting: readonly WaitingRow[] }) {
  const { t } = useTranslation();
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('patients.letters')}</h2>
      </div>
      <p className="dim sm">{t('patients.lettersText')}</p>
      <ul className="sheet rows mt-s">
        {waiting.map((it) => (
          <Letter key={it.handle} row={it} />
        ))}
      </ul>
    </section>
  );
}

function Letter({ row }: { readonly row: WaitingRow }) {
  const { t } = useTranslation();
  const accept = useAct('patients.accept');
  const drop = useAct('patients.drop');
  const name = row.name === '' ? t('patients.unnamed') : row.name;
  const isBusy = accept.isPending || drop.isPending;
  const error = accept.error ?? drop.error;
  return (
    <li className="row rowx">
      <span className="mono-g none" aria-hidden="true">
        ?
      </span>
      <div>
        <bdi className="t">{name}</bdi>
        <br />
        <span className="s">
          {t('patients.cameWhen', { when: momentText(row.cameMs), count: row.letters })}
        </span>
        {error !== null && <Failed error={error} />}
      </div>
      <div className="e acts">
        <button
          type="button"
          className="btn line small"
          disabled={isBusy}
          onClick={() => accept.mutate({ from: row.handle })}
        >
          {t('patients.accept')}
          <span className="hide"> {name}</span>
        </button>
        <button
          type="button"
          className="btn bare small"
          disabled={isBusy}
          onClick={() => drop.mutate({ from: row.handle })}
        >
          {t('patients.drop')}
          <span className="hide"> {name}</span>
        </button>
      </div>
    </li>
  );
}
