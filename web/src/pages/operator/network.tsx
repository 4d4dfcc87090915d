import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { locale, momentText, timeLeft } from '../../app/dates.ts';
import { useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { type Answered, AskedPage } from '../../parts/asked-page.tsx';
import { Icon } from '../../parts/icon.tsx';
import { NotNow } from '../../parts/not-now.tsx';
import { webWings } from '../../wings/all.ts';
import type { NetworkView } from '../../worker/calls/network.ts';
import { bytesText } from './bytes-text.ts';
import { Checks } from './checks.tsx';
import { type Trouble, troublesOf } from './troubles.ts';

/** While it is open it asks again by itself. */
const everyMs = 10_000;

/** One sentence answers; each red or amber cell leads to what to do. What is in order has no colour. */
export function Network() {
  const { t } = useTranslation();
  const network = useCall('network', undefined, { everyMs });
  return (
    <AskedPage asked={network} what={t('network.waiting')}>
      {(answered) => <Known {...answered} isAsking={network.isFetching} />}
    </AskedPage>
  );
}

interface KnownProps extends Answered<NetworkView> {
  readonly isAsking: boolean;
}

function Known({ view, error, isAsking, again }: KnownProps) {
  const { t } = useTranslation();
  const { own, all, askedMs } = view;
  const troubles = troublesOf(view);
  const number = new Intl.NumberFormat(locale());
  const refused = own.refusals.reduce((sum, it) => sum + it.count, 0);
  return (
    <>
      {error === null ? (
        <HowItIs troubles={troubles} />
      ) : (
        <NotNow askedMs={askedMs} error={error} again={again} />
      )}
      <p className="lead">{t('network.lead', { hospital: own.hospital.title })}</p>
      {troubles.map((it) => (
        <TroubleNote key={`${it.topic} ${it.where}`} trouble={it} />
      ))}
      <dl className="beat">
        <div>
          <dt>{t('network.block')}</dt>
          <dd>
            {timeLeft(own.blockAgeMs)}
            <small>{t('network.blockNumber', { height: number.format(own.height) })}</small>
          </dd>
        </div>
        <div>
          <dt>{t('network.refused')}</dt>
          <dd>
            {number.format(refused)}
            <small>{t('network.since', { when: momentText(own.startedMs) })}</small>
          </dd>
        </div>
        <div>
          <dt>{t('network.kept')}</dt>
          <dd>{bytesText(own.blobBytes)}</dd>
        </div>
        <div>
          <dt>{t('network.desks')}</dt>
          <dd>{number.format(own.deskSessions)}</dd>
        </div>
      </dl>
      <Checks all={all} own={own} />
      <p className="hint mt-s">
        {t('network.again', { when: momentText(askedMs), seconds: everyMs / 1_000 })}{' '}
        <button type="button" className="btn bare small" disabled={isAsking} onClick={again}>
          {t('network.now')}
        </button>
      </p>
      <ul className="list maxw mt-s">
        {webWings.flatMap(({ name, operator }) =>
          operator === undefined
            ? []
            : [
                <li key={name}>
                  <Link to={operator.path}>{t(operator.word)}</Link>
                </li>,
              ],
        )}
      </ul>
      <Processes own={own} />
      <section className="sec">
        <div className="sec-head">
          <h2>{t('network.refusals')}</h2>
          {own.refusals.length > 0 && (
            <Link to="/network/runbook/refusals">
              {t('network.whatToDo')}
              <span className="hide"> {t('network.refusals')}</span>
            </Link>
          )}
        </div>
        {own.refusals.length === 0 ? (
          <p className="dim">{t('network.noRefusals')}</p>
        ) : (
          <ul className="list maxw">
            {own.refusals.slice(0, 10).map((it) => (
              <li key={it.code}>
                <span className="t n">{number.format(it.count)}</span>{' '}
                <span>{t(`refusals.${it.code}.what` as 'refusals.INTERNAL.what')}</span>{' '}
                <span className="s mono">{it.code}</span>
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  );
}

function HowItIs({ troubles }: { readonly troubles: readonly Trouble[] }) {
  const { t } = useTranslation();
  const [first] = troubles;
  return (
    <Answer>
      {first === undefined ? (
        t('network.well')
      ) : (
        <>
          {t('network.except')}{' '}
          <span className={first.isBad ? 'bad' : 'warn'}>
            {t(`network.trouble.${first.topic}`, { where: first.where })}
          </span>
          .{troubles.length > 1 && ` ${t('network.more', { count: troubles.length - 1 })}`}
        </>
      )}
    </Answer>
  );
}

/** The wings' own processes beside the server, each with since when it is as it is. */
function Processes({ own: { processes } }: Pick<NetworkView, 'own'>) {
  const { t } = useTranslation();
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('network.processes')}</h2>
      </div>
      {processes.length === 0 ? (
        <p className="dim">{t('network.noProcesses')}</p>
      ) : (
        <ul className="list maxw">
          {processes.map((it) => (
            <li key={it.name}>
              <span className="t">{it.name}</span>{' '}
              <span className="s">
                {t(`network.state.${it.state as 'running'}`, { when: momentText(it.sinceMs) })}
                {it.restarts > 0 && ` · ${t('network.restarts', { count: it.restarts })}`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function TroubleNote({ trouble }: { readonly trouble: Trouble }) {
  const { t } = useTranslation();
  return (
    <div className={trouble.isBad ? 'note bad mt maxw' : 'note warn mt maxw'}>
      <Icon name="attend" />
      <div>
        <p className="h">{t(`network.trouble.${trouble.topic}`, { where: trouble.where })}</p>
        <p>{t(`runbook.${trouble.topic}.what`)}</p>
        <div className="way">
          <Link className="btn main small" to={`/network/runbook/${trouble.topic}`}>
            {t('network.whatToDo')}
          </Link>
        </div>
      </div>
    </div>
  );
}
