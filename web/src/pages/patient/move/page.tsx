import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct, useCall } from '../../../boundary/use-call.ts';
import { Answer } from '../../../parts/answer.tsx';
import { Failed } from '../../../parts/failure.tsx';
import { Unanswered } from '../../../parts/unanswered.tsx';
import type { ClosedView, MoveTarget, MoveView } from '../../../worker/calls/moving.ts';
import { Begin, GoOn } from './begin.tsx';
import { Closed } from './closed.tsx';
import { Moved } from './moved.tsx';
import { Steps } from './steps.tsx';

/** A record is taken to another hospital: what happens, how far it is, what came of it. It goes on after a closed tab. */
export function MovePage() {
  const { t } = useTranslation();
  const view = useCall('move', undefined);
  const [closed, setClosed] = useState<ClosedView>();
  return (
    <main id="page" className="page" tabIndex={-1}>
      <div className="maxw">
        {closed !== undefined ? (
          <Closed closed={closed} />
        ) : view.data === undefined ? (
          <Unanswered
            what={t('moving.waiting')}
            error={view.error}
            again={() => void view.refetch()}
          />
        ) : (
          <Moving view={view.data} onClosed={setClosed} />
        )}
      </div>
    </main>
  );
}

function Moving({
  view,
  onClosed,
}: {
  readonly view: MoveView;
  readonly onClosed: (closed: ClosedView) => void;
}) {
  const { t } = useTranslation();
  const enrol = useAct('move.enrol');
  const records = useAct('move.records');
  const isWorking = enrol.isPending || records.isPending;
  const goOn = ({ account: to }: Pick<MoveTarget, 'account'>) => records.mutate({ to });
  const target = view.targets.find((it) => it.account === records.variables?.to);
  if (records.data !== undefined && target !== undefined) {
    return <Moved view={view} target={target} moved={records.data} onClosed={onClosed} />;
  }
  const error = enrol.error ?? records.error;
  return (
    <>
      <Answer>{t('moving.answer')}</Answer>
      <p className="lead">{t('moving.lead', { from: view.from })}</p>
      {isWorking ? (
        <Steps
          now={enrol.isPending ? 'enrolling' : (records.progress?.phase ?? 'moving')}
          done={records.progress?.done ?? 0}
          total={records.progress?.total ?? 0}
          onCancel={enrol.isPending ? undefined : records.cancel}
        />
      ) : (
        <>
          {error !== null && <Failed error={error} />}
          {view.targets.length > 0 ? (
            <GoOn view={view} onChosen={goOn} />
          ) : (
            <Begin view={view} onChosen={(invited) => enrol.mutate(invited, { onSuccess: goOn })} />
          )}
        </>
      )}
    </>
  );
}
