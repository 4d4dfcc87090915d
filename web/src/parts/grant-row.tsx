import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { dayOf, listed, timeLeft } from '../app/dates.ts';
import { comma } from '../app/language.ts';
import { useAct } from '../boundary/use-call.ts';
import type { GrantView } from '../worker/grant-view.ts';
import { Dialog } from './dialog.tsx';
import { DialogActs } from './dialog-acts.tsx';
import { Failed } from './failure.tsx';
import { Icon } from './icon.tsx';
import { saidKinds } from './kinds.ts';
import { NeedsNetwork } from './needs-network.tsx';
import { PersonLine, PersonSign, usePersonName } from './person-sign.tsx';

/** A live share: who, what, until when, and Stop; `more` stands beside it. */
export function GrantRow({
  grant,
  more,
}: {
  readonly grant: GrantView;
  readonly more?: ReactNode;
}) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const [isAsking, setAsking] = useState(false);
  const name = nameOf(grant.person, grant.calledName);
  return (
    <li className="row grant">
      <PersonSign person={grant.person} />
      <div>
        <bdi className="t">{name}</bdi>
        <br />
        <span className="s">
          <PersonLine person={grant.person} />
        </span>
      </div>
      <div className="e">
        <button type="button" className="btn stop small" onClick={() => setAsking(true)}>
          {t('sharing.stop')}
          <span className="hide"> {name}</span>
        </button>
        {more}
      </div>
      <div className="terms sm">
        <GrantTerms grant={grant} />
        <br />
        <span className="dim">
          <span className="nw">{t('sharing.until', { day: dayOf(grant.untilMs) })}</span>
          {comma()}
          <span className="nw">
            {t('sharing.left', { time: timeLeft(grant.untilMs - Date.now()) })}
          </span>
        </span>
        <Burn fromMs={grant.fromMs} untilMs={grant.untilMs} />
      </div>
      {isAsking && (
        <StopDialog consent={grant.consent} name={name} onClose={() => setAsking(false)} />
      )}
    </li>
  );
}

/** `Can read everything, for treatment`, and what may be written; of an ended share what could. */
export function GrantTerms({ grant }: { readonly grant: GrantView }) {
  const { t } = useTranslation();
  const isOver = grant.state === 'ended';
  const ordinary = grant.readClasses.filter((it) => it !== 'private');
  const classes = listed(
    saidKinds(ordinary).map((it) => t(`classes.${it}` as 'classes.lab').toLocaleLowerCase()),
  );
  const what =
    grant.onlyRecords > 0
      ? t('sharing.onlyRecords', { count: grant.onlyRecords })
      : ordinary.length >= 11
        ? t('sharing.everything')
        : classes;
  const purposes = listed(grant.purposes.map((it) => t(`purposes.${it}` as 'purposes.TREAT')));
  const adds = listed(
    grant.writeClasses.map((it) => t(`classes.${it}` as 'classes.lab').toLocaleLowerCase()),
  );
  const parts = [
    ...(grant.readClasses.length > 0
      ? [
          isOver
            ? t('sharing.couldRead', { what, purposes })
            : t('sharing.reads', { what, purposes }),
        ]
      : []),
    ...(grant.readsPrivate ? [t('sharing.readsPrivate')] : []),
    ...(adds === ''
      ? []
      : [isOver ? t('sharing.couldAdd', { what: adds }) : t('sharing.writes', { what: adds })]),
  ];
  return <>{parts.join('. ')}</>;
}

/** What is left of a share's time; the words beside it carry the fact. */
export function Burn({ fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number }) {
  const all = Math.max(1, untilMs - fromMs);
  const left = Math.min(1, Math.max(0, (untilMs - Date.now()) / all));
  const isShort = untilMs - Date.now() < 86_400_000 || left < 0.1;
  return (
    <span className="burn">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect className="tr" width="100" height="6" rx="3" />
        <rect className={isShort ? 'on warn' : 'on'} width={100 * left} height="6" rx="3" />
      </svg>
    </span>
  );
}

/** What happens before the touch, and what nobody can take back. */
export function StopDialog({
  consent,
  name,
  onClose,
}: {
  readonly consent: string;
  readonly name: string;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const stop = useAct('sharing.stop');
  return (
    <Dialog title={t('sharing.stopTitle', { name })} onClose={onClose}>
      <ul className="what">
        <li>
          <Icon name="refused" />
          <span>{t('sharing.stopNow', { name })}</span>
        </li>
        <li className="no">
          <Icon name="attend" />
          <span>{t('sharing.stopLimit', { name })}</span>
        </li>
      </ul>
      {stop.error !== null && <Failed error={stop.error} />}
      {stop.data?.state === 'waits' ? (
        <p role="status">{t('away.stopWaits')}</p>
      ) : (
        <>
          <NeedsNetwork what="stop" />
          <DialogActs onClose={onClose}>
            <button
              type="button"
              className="btn stop"
              disabled={stop.isPending}
              onClick={() =>
                stop.mutate(
                  { consent },
                  // What waits is said before the window closes.
                  { onSuccess: ({ state }) => state === 'stopped' && onClose() },
                )
              }
            >
              {stop.isPending ? t('sharing.stopping') : t('sharing.stopFor', { name })}
            </button>
          </DialogActs>
        </>
      )}
    </Dialog>
  );
}
