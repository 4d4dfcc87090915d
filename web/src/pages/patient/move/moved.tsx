import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useAct } from '../../../boundary/use-call.ts';
import { Answer } from '../../../parts/answer.tsx';
import { Failed } from '../../../parts/failure.tsx';
import { Icon } from '../../../parts/icon.tsx';
import { usePersonName } from '../../../parts/person-sign.tsx';
import type {
  ClosedView,
  LeftEntry,
  MovedView,
  MoveTarget,
  MoveView,
} from '../../../worker/calls/moving.ts';
import { CloseDialog } from './close.tsx';

/** What was moved, what was not and why; then shares, and the old account, each a choice of its own. */
export function Moved({
  view,
  target,
  moved,
  onClosed,
}: {
  readonly view: MoveView;
  readonly target: MoveTarget;
  readonly moved: MovedView;
  readonly onClosed: (closed: ClosedView) => void;
}) {
  const { t } = useTranslation();
  const go = useNavigate();
  const show = useAct('hospital.show');
  const [isClosing, setClosing] = useState(false);
  const { from } = view;
  const to = target.title;
  const facts = [
    ['moved', moved.moved],
    ['before', moved.before],
    ['history', moved.history],
    ['alike', moved.alike],
    ['left', moved.left.length],
  ] as const;
  return (
    <>
      <Answer>{t(moved.left.length === 0 ? 'moving.done' : 'moving.partly', { to })}</Answer>
      <dl className="facts two sec" data-testid="moved">
        {facts.map(([fact, count]) => (
          <div key={fact}>
            <dt>{t(`moving.fact.${fact}`, { from })}</dt>
            <dd className="n">{count}</dd>
          </div>
        ))}
      </dl>
      {moved.left.length > 0 && <Left entries={moved.left} />}
      <div className="acts">
        <button
          type="button"
          className="btn main"
          onClick={() =>
            show.mutate({ account: target.account }, { onSuccess: () => void go('/home') })
          }
        >
          {t('moving.show', { hospital: to })}
        </button>
      </div>
      <Shares view={view} target={target} />
      <section className="sec">
        <div className="sec-head">
          <h2>{t('moving.oldTitle', { from })}</h2>
        </div>
        <p>{t('moving.oldText', { from })}</p>
        <div className="acts">
          <button type="button" className="btn stop" onClick={() => setClosing(true)}>
            {t('moving.close', { from })}
          </button>
        </div>
      </section>
      {isClosing && (
        <CloseDialog
          from={from}
          to={target.account}
          left={moved.left.length}
          onClose={() => setClosing(false)}
          onClosed={onClosed}
        />
      )}
    </>
  );
}

function Left({ entries }: { readonly entries: readonly LeftEntry[] }) {
  const { t } = useTranslation();
  return (
    <div className="note warn">
      <Icon name="attend" />
      <div>
        <p className="h">{t('moving.leftTitle')}</p>
        <ul className="sm">
          {entries.map(({ name, code }, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: names may be the same, and the list does not change.
            <li key={at}>
              <bdi>{name === '' ? t('moving.unnamed') : name}</bdi>:{' '}
              {t(`refusals.${code}.what` as 'refusals.INTERNAL.what')}{' '}
              <span className="xs dim">{code}</span>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

/** Shares do not move by themselves: who may read at the new hospital is said there anew. */
function Shares({ view, target }: { readonly view: MoveView; readonly target: MoveTarget }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const give = useAct('move.shares');
  const { again, byHand } = view.shares;
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('moving.sharesTitle')}</h2>
      </div>
      {again + byHand.length === 0 && <p className="dim">{t('moving.noShares')}</p>}
      {again > 0 && <p>{t('moving.sharesText', { again, to: target.title })}</p>}
      {give.error !== null && <Failed error={give.error} />}
      {give.data !== undefined && <p role="status">{t('moving.given', { given: give.data })}</p>}
      {again > 0 && give.data === undefined && (
        <div className="acts">
          <button
            type="button"
            className="btn line"
            disabled={give.isPending}
            onClick={() => give.mutate({ to: target.account })}
          >
            {give.isPending ? t('moving.working') : t('moving.give')}
          </button>
        </div>
      )}
      {byHand.length > 0 && (
        <>
          <p className="mt">{t('moving.byHand')}</p>
          <ul className="list">
            {byHand.map((it) => (
              <li key={it.consent}>
                <bdi>{nameOf(it.person, it.calledName)}</bdi>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
