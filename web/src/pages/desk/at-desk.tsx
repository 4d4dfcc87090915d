import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { momentText } from '../../app/dates.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { Failed } from '../../parts/failure.tsx';
import type { DeskView } from '../../worker/calls/desk.ts';

/** What a desk shows, once it is open: by the link that its operator made, which comes behind `#` and leaves the address. */
export function AtDesk({ children }: { readonly children: (desk: DeskView) => ReactNode }) {
  const { t } = useTranslation();
  const [link] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const state = useCall('desk.state', undefined);
  const open = useAct('desk.open');
  const { mutate } = open;
  useEffect(() => {
    if (link === '') return;
    history.replaceState(history.state, '', location.pathname);
    mutate({ link });
  }, [link, mutate]);
  if (state.data !== undefined && state.data !== null) return <>{children(state.data)}</>;
  const waits = state.isPending || open.isPending;
  return (
    <div className="maxw">
      <Answer>{waits ? t('desk.opening') : t('desk.closed')}</Answer>
      {!waits && <p className="lead">{t('desk.closedLead')}</p>}
      {open.error !== null && <Failed error={open.error} />}
      {state.error !== null && <Failed error={state.error} again={() => void state.refetch()} />}
    </div>
  );
}

/** Whose desk this is, until when, and its end. */
export function DeskFoot({ desk }: { readonly desk: DeskView }) {
  const { t } = useTranslation();
  const close = useAct('desk.close');
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('desk.this')}</h2>
      </div>
      <p className="sm dim">
        {t('desk.until', { hospital: desk.hospital, when: momentText(desk.expiresMs) })}
      </p>
      <div className="acts mt-s">
        <button type="button" className="btn line small" onClick={() => close.mutate(undefined)}>
          {t('desk.close')}
        </button>
      </div>
    </section>
  );
}
