import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { listed, momentText } from '../../app/dates.ts';
import type { OutputOf } from '../../boundary/messages.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { type Answered, AskedPage } from '../../parts/asked-page.tsx';
import { Failed } from '../../parts/failure.tsx';
import { NeedsNetwork } from '../../parts/needs-network.tsx';
import type { AlertsView, WayView } from './calls.ts';
import { Confirm } from './confirm.tsx';
import { Inbox } from './inbox.tsx';
import { endPushes, isPushedHere } from './push.ts';
import { WayForm } from './way-form.tsx';

/** While something that was tried out is on its way. */
const everyMs = 3_000;

/** How somebody is told that there is news, and what is new. */
export function OwnAlertsPage() {
  const { t } = useTranslation();
  const [isTried, setTried] = useState(false);
  const asked = useCall('alerts.now', undefined, isTried ? { everyMs } : {});
  return (
    <AskedPage asked={asked} what={t('alerts.waiting')}>
      {(answered) => <Known {...answered} isTried={isTried} onTried={() => setTried(true)} />}
    </AskedPage>
  );
}

interface KnownProps extends Answered<AlertsView> {
  readonly isTried: boolean;
  readonly onTried: () => void;
}

function Known({ view, error, again, isTried, onTried }: KnownProps) {
  const { t } = useTranslation();
  const { ways, isKept } = view;
  const on = ways.filter(isOn).map((it) => t(`alerts.by.${it.channel}`));
  const isAnySet = ways.some((it) => it.set?.isCurrent === true && it.set.isOffered);
  const isNone = ways.every((it) => it.set?.isOffered === false);
  return (
    <>
      <Answer>{on.length === 0 ? t('alerts.none') : t('alerts.some', { ways: listed(on) })}</Answer>
      <p className="lead">{t(isNone ? 'alerts.off' : 'alerts.lead')}</p>
      {error !== null && <Failed error={error} again={again} />}
      {isKept && <Inbox everyMs={isTried ? everyMs : undefined} />}
      {ways.length > 0 && (
        <section className="sec" aria-labelledby="ways">
          <div className="sec-head">
            <h2 id="ways">{t('alerts.ways')}</h2>
          </div>
          <ul className="rows">
            {ways.map((it) => (
              <Way key={it.channel} way={it} view={view} />
            ))}
          </ul>
          {isAnySet && <TryOut onTried={onTried} />}
        </section>
      )}
    </>
  );
}

/** News goes there now. */
const isOn = ({ set }: WayView): boolean => set !== undefined && standingOf(set) === 'on';

function standingOf(set: NonNullable<WayView['set']>): 'on' | 'notOn' | 'confirm.not' {
  if (!set.isOffered || !set.isCurrent) return 'notOn';
  return set.isConfirmed ? 'on' : 'confirm.not';
}

function Way({ way, view }: { readonly way: WayView; readonly view: AlertsView }) {
  const { t } = useTranslation();
  const off = useAct('alerts.off');
  const [isOpen, setOpen] = useState(false);
  const [became, setBecame] = useState<OutputOf<'alerts.set'>>();
  const { channel, set } = way;
  const name = t(`alerts.names.${channel}`);
  const end = () => {
    if (channel === 'push') void endPushes();
    off.mutate({ channel });
  };
  return (
    <li className="sheet pad mt-s" data-way={channel}>
      <div className="sec-head">
        <h3>{name}</h3>
        {set !== undefined && <span className="tag">{t(`alerts.${standingOf(set)}`)}</span>}
      </div>
      <p className="sm dim">
        {set?.address ? <bdi dir="ltr">{set.address}</bdi> : t(`alerts.what.${channel}`)}
      </p>
      {set?.endpoint !== undefined && <PushedElsewhere endpoint={set.endpoint} />}
      {set?.secret !== undefined && (
        <p className="sm mt-s">
          {t('alerts.secret')}{' '}
          <bdi dir="ltr" className="mono">
            {set.secret}
          </bdi>
        </p>
      )}
      {set?.isOffered === false && (
        <p className="sm mt-s" role="status">
          {t('alerts.notOffered')}
        </p>
      )}
      {set?.isOffered === true && !set.isCurrent && (
        <p className="sm mt-s" role="status">
          {t('alerts.notThere')}
        </p>
      )}
      {set?.isOffered === true && set.isCurrent && !set.isConfirmed && (
        <Confirm codesFromMs={view.codesFromMs} isUnasked={became?.isAsked === false} />
      )}
      {off.error !== null && <Failed error={off.error} />}
      <div className="acts mt-s">
        <button type="button" className="btn line small" onClick={() => setOpen(true)}>
          {t(set === undefined ? 'alerts.set' : 'alerts.change')}
          <span className="hide"> {name}</span>
        </button>
        {set !== undefined && (
          <button type="button" className="btn quiet small" disabled={off.isPending} onClick={end}>
            {t('alerts.end')}
            <span className="hide"> {name}</span>
          </button>
        )}
      </div>
      {isOpen && <WayForm way={way} view={view} onSet={setBecame} onClose={() => setOpen(false)} />}
    </li>
  );
}

/** One browser is pushed to: another one says that it is not it. */
function PushedElsewhere({ endpoint }: { readonly endpoint: string }) {
  const { t } = useTranslation();
  const [isHere, setHere] = useState(true);
  useEffect(() => {
    let isShown = true;
    const told = (it: boolean) => isShown && setHere(it);
    isPushedHere(endpoint).then(told, () => told(false));
    return () => {
      isShown = false;
    };
  }, [endpoint]);
  if (isHere) return null;
  return (
    <p className="sm mt-s" role="status">
      {t('alerts.push.elsewhere')}
    </p>
  );
}

function TryOut({ onTried }: Pick<KnownProps, 'onTried'>) {
  const { t } = useTranslation();
  const act = useAct('alerts.try');
  return (
    <div className="mt">
      {act.error !== null && <Failed error={act.error} />}
      <NeedsNetwork />
      <button
        type="button"
        className="btn line small"
        disabled={act.isPending}
        onClick={() => act.mutate(undefined, { onSuccess: onTried })}
      >
        {t('alerts.try')}
      </button>
      {act.data !== undefined && (
        <p className="sm dim mt-s" role="status">
          {act.data.ways.length > 0 && t('alerts.tried')}{' '}
          {act.data.codesFromMs !== undefined &&
            t('alerts.confirm.later', { time: momentText(act.data.codesFromMs) })}
        </p>
      )}
    </div>
  );
}
