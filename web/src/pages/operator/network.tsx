import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { locale, momentText, timeLeft } from '../../app/dates.ts';
import { useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Unanswered } from '../../parts/unanswered.tsx';
import type { HealthView, NetworkView } from '../../worker/calls/network.ts';
import { isDiskLittle, isLedgerBad, type Topic, type Trouble, troublesOf } from './troubles.ts';

/** One sentence answers; each red or amber cell leads to what to do. What is in order has no colour. */
export function Network() {
  const { t } = useTranslation();
  const network = useCall('network', undefined);
  return (
    <main id="page" className="page" tabIndex={-1}>
      {network.data === undefined ? (
        <Unanswered
          what={t('network.waiting')}
          error={network.error}
          again={() => void network.refetch()}
        />
      ) : (
        <Known network={network.data} />
      )}
    </main>
  );
}

function Known({ network }: { readonly network: NetworkView }) {
  const { t } = useTranslation();
  const { own, all, askedMs } = network;
  const troubles = troublesOf(network);
  const [first] = troubles;
  const number = new Intl.NumberFormat(locale());
  const refused = own.refusals.reduce((sum, it) => sum + it.count, 0);
  return (
    <>
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
      <Matrix all={all} own={own} />
      <p className="hint mt-s">{t('network.checked', { when: momentText(askedMs) })}</p>
      <section className="sec">
        <div className="sec-head">
          <h2>{t('network.refusals')}</h2>
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

function Matrix({
  all,
  own,
}: {
  readonly all: readonly HealthView[];
  readonly own: NetworkView['own'];
}) {
  const { t } = useTranslation();
  const { backup } = own;
  const rows: readonly (readonly [
    Topic,
    (it: HealthView) => readonly [string, boolean, isUnknown?: boolean],
  ])[] = [
    ['ledger', (it) => [t('network.inStep', { age: timeLeft(it.ageMs) }), isLedgerBad(it)]],
    ['behind', (it) => [String(it.behind), it.behind > 10]],
    [
      'disk',
      (it) => [
        it.freeBytes === undefined
          ? t('network.unknown')
          : t('network.free', { bytes: bytesText(it.freeBytes) }),
        isDiskLittle(it) || !it.writes,
      ],
    ],
    [
      'backup',
      (it) =>
        it.hospital === own.hospital.name
          ? [
              backup === undefined ? t('network.noBackup') : momentText(backup.createdMs),
              backup === undefined || backup.ageMs > 2 * 86_400_000,
            ]
          : [t('network.itsOwn'), false, true],
    ],
  ];
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('network.every')}</h2>
      </div>
      <div className="sheet">
        <table className="fold matrix">
          <caption className="hide">{t('network.caption')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('network.check')}</th>
              {all.map((it) => (
                <th key={it.hospital} scope="col">
                  {it.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([topic, cell]) => (
              <tr key={topic}>
                <th scope="row" className="over-all">
                  {t(`network.row.${topic as 'ledger'}`)}
                </th>
                {all.map((it) => {
                  const [text, isWarn, isUnknown] = cell(it);
                  return (
                    <td key={it.hospital} data-l={it.title} className={isWarn ? 'warn' : ''}>
                      {isUnknown !== true && <Icon name={isWarn ? 'attend' : 'check'} />}
                      {isWarn ? <Link to={`/network/runbook/${topic}`}>{text}</Link> : text}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** `41 GB`, in powers of a thousand as disks are sold. */
function bytesText(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
  const at = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return new Intl.NumberFormat(locale(), {
    style: 'unit',
    unit: units[at] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  }).format(bytes / 1_000 ** at);
}
