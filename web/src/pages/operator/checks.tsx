import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { momentText, timeLeft } from '../../app/dates.ts';
import { Icon } from '../../parts/icon.tsx';
import type { HealthView, NetworkView } from '../../worker/calls/network.ts';
import { bytesText } from './bytes-text.ts';
import { isBackupOld, isBehind, isDiskLittle, isLedgerBad, type Topic } from './troubles.ts';

/** What a cell says; amber or red where something is to be done, and without a sign where nobody here can know. */
interface Cell {
  readonly text: string;
  readonly state: 'well' | 'warn' | 'bad' | 'unknown';
}
type Own = NetworkView['own'];

/** Every check at every hospital that answers here; each cell that is not well leads to what to do. */
export function Checks({ all, own }: { readonly all: readonly HealthView[]; readonly own: Own }) {
  const { t } = useTranslation();
  const rows = useRows(own);
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
            {rows.map(([topic, row, cellOf]) => (
              <tr key={row}>
                <th scope="row" className="over-all">
                  {t(`network.row.${row}`)}
                </th>
                {all.map((it) => (
                  <CellOf key={it.hospital} title={it.title} topic={topic} cell={cellOf(it)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function CellOf({
  title,
  topic,
  cell: { text, state },
}: {
  readonly title: string;
  readonly topic: Topic;
  readonly cell: Cell;
}) {
  const isTrouble = state === 'warn' || state === 'bad';
  return (
    <td data-l={title} className={isTrouble ? state : ''}>
      {state !== 'unknown' && <Icon name={isTrouble ? 'attend' : 'check'} />}
      {isTrouble ? <Link to={`/network/runbook/${topic}`}>{text}</Link> : text}
    </td>
  );
}

type RowName = 'ledger' | 'behind' | 'store' | 'disk' | 'backup' | 'process';

/** Of the own hospital the operator knows more than `/health` says of the others. */
function useRows(own: Own): readonly (readonly [Topic, RowName, (it: HealthView) => Cell])[] {
  const { t } = useTranslation();
  const unknown: Cell = { text: t('network.itsOwn'), state: 'unknown' };
  const ofOwn = (cell: Cell) => (it: HealthView) =>
    it.hospital === own.hospital.name ? cell : unknown;
  return [
    [
      'ledger',
      'ledger',
      (it) => ({
        text: t('network.inStep', { age: timeLeft(it.ageMs) }),
        state: it.reads ? (isLedgerBad(it) ? 'warn' : 'well') : 'bad',
      }),
    ],
    [
      'behind',
      'behind',
      (it) => ({ text: String(it.behind), state: isBehind(it) ? 'warn' : 'well' }),
    ],
    ['disk', 'store', ofOwn(storeCell(own, t))],
    ['disk', 'disk', (it) => diskCell(it, t)],
    ['backup', 'backup', ofOwn(backupCell(own, t))],
    ['process', 'process', ofOwn(processCell(own, t))],
  ];
}

type T = TFunction;

const storeCell = ({ storeMs }: Own, t: T): Cell =>
  storeMs === undefined
    ? { text: t('network.unknown'), state: 'unknown' }
    : { text: t('network.answersIn', { ms: Math.max(1, storeMs) }), state: 'well' };

const diskCell = (it: HealthView, t: T): Cell => ({
  text:
    it.freeBytes === undefined
      ? t('network.unknown')
      : t('network.free', { bytes: bytesText(it.freeBytes) }),
  state: it.writes ? (isDiskLittle(it) ? 'warn' : 'well') : 'bad',
});

const backupCell = (own: Own, t: T): Cell => ({
  text: own.backup === undefined ? t('network.noBackup') : momentText(own.backup.createdMs),
  state: isBackupOld(own) ? 'warn' : 'well',
});

function processCell({ processes }: Own, t: T): Cell {
  const running = processes.filter((it) => it.state === 'running').length;
  if (processes.length === 0) return { text: t('network.alone'), state: 'well' };
  return {
    text: t('network.running', { running, all: processes.length }),
    state: running === processes.length ? 'well' : 'bad',
  };
}
