import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { locale } from '../../app/dates.ts';
import { comma } from '../../app/language.ts';
import { Icon } from '../../parts/icon.tsx';
import type { ConsortiumView } from './calls.ts';

type Member = ConsortiumView['members'][number];

/** What a cell says; amber where something is not as it should be, and without a sign where nobody here can know. */
interface Cell {
  readonly text: string;
  readonly state: 'well' | 'warn' | 'unknown';
}

/** Each member: its vote in the newest block, its machine as this one sees it, and what it holds for this hospital. */
export function Members({ view }: { readonly view: ConsortiumView }) {
  const { t } = useTranslation();
  const hasMachine = view.machine !== undefined;
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('consortium.members')}</h2>
      </div>
      <div className="sheet">
        <table className="fold matrix">
          <caption className="hide">{t('consortium.caption')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('consortium.member')}</th>
              <th scope="col">{t('consortium.voted')}</th>
              {hasMachine && <th scope="col">{t('consortium.machine')}</th>}
              {hasMachine && <th scope="col">{t('consortium.held')}</th>}
            </tr>
          </thead>
          <tbody>
            {view.members.map((it) => (
              <tr key={it.account}>
                <th scope="row" className="over-all">
                  <bdi>{it.name}</bdi>{' '}
                  {it.frozen && <span className="tag bad">{t('consortium.frozen')}</span>}{' '}
                  {!it.counts && <span className="tag">{t('consortium.votesNot')}</span>}
                </th>
                <CellOf title={t('consortium.voted')} cell={votedCell(view, it, t)} />
                {hasMachine && (
                  <CellOf title={t('consortium.machine')} cell={machineCell(view, it, t)} />
                )}
                {hasMachine && <CellOf title={t('consortium.held')} cell={heldCell(view, it, t)} />}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function CellOf({ title, cell: { text, state } }: { readonly title: string; readonly cell: Cell }) {
  return (
    <td data-l={title} className={state === 'warn' ? 'warn' : ''}>
      {state !== 'unknown' && <Icon name={state === 'warn' ? 'attend' : 'check'} />}
      {text}
    </td>
  );
}

function votedCell(
  { validators, machine }: ConsortiumView,
  { account }: Member,
  t: TFunction,
): Cell {
  const at = validators.findIndex((it) => it.organisation === account);
  if (at === -1) return { text: t('consortium.ordersNot'), state: 'unknown' };
  const voted = machine?.voted[at];
  if (voted === undefined) return { text: t('consortium.orders'), state: 'unknown' };
  return voted
    ? { text: t('consortium.signed'), state: 'well' }
    : { text: t('consortium.notSigned'), state: 'warn' };
}

function machineCell(
  { machine, organisation }: ConsortiumView,
  { account }: Member,
  t: TFunction,
): Cell {
  if (account === organisation) return { text: t('consortium.own'), state: 'unknown' };
  const peer = machine?.peers.find((it) => it.account === account);
  if (peer === undefined) return { text: t('consortium.unknown'), state: 'unknown' };
  return peer.isConnected
    ? { text: t('consortium.connected'), state: 'well' }
    : { text: t('consortium.away'), state: 'warn' };
}

function heldCell(
  { machine, organisation }: ConsortiumView,
  { account }: Member,
  t: TFunction,
): Cell {
  if (account === organisation) return { text: t('consortium.own'), state: 'unknown' };
  const held = machine?.replicas?.members.find((it) => it.account === account);
  if (held === undefined) return { text: t('consortium.unknown'), state: 'unknown' };
  const number = new Intl.NumberFormat(locale());
  const holds = t('consortium.holds', { n: number.format(held.pinned) });
  return held.lost === 0
    ? { text: holds, state: 'well' }
    : {
        text: `${holds}${comma()}${t('consortium.lost', { n: number.format(held.lost) })}`,
        state: 'warn',
      };
}
