import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { momentText } from '../../app/dates.ts';
import { comma } from '../../app/language.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { ActDialog } from '../../parts/act-dialog.tsx';
import { Answer, AnswerWaiting } from '../../parts/answer.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { ClassIcon } from '../../parts/record-row.tsx';
import type { DraftRow } from '../../worker/calls/writing.ts';
import { useDense } from './use-dense.ts';

/** What was begun and not signed, on this device alone. */
export function Drafts() {
  const { t } = useTranslation();
  useDense();
  const drafts = useCall('drafts.list', undefined);
  const { data } = drafts;
  return (
    <main id="page" className="page" tabIndex={-1}>
      {data === undefined ? (
        drafts.error === null ? (
          <AnswerWaiting what={t('drafts.opening')} />
        ) : (
          <>
            <Answer>{t('drafts.notOpened')}</Answer>
            <Failed error={drafts.error} again={() => void drafts.refetch()} />
          </>
        )
      ) : (
        <>
          <Answer>
            {data.length === 0 ? t('drafts.none') : t('drafts.answer', { count: data.length })}
          </Answer>
          <p className="lead">{t(data.length === 0 ? 'drafts.noneText' : 'drafts.text')}</p>
          {data.length === 0 ? (
            <div className="acts">
              <Link className="btn main" to="/patients">
                {t('chart.toPatients')}
              </Link>
            </div>
          ) : (
            <ul className="sheet rows sec">
              {data.map((it) => (
                <Row key={it.place} draft={it} />
              ))}
            </ul>
          )}
        </>
      )}
    </main>
  );
}

function Row({ draft }: { readonly draft: DraftRow }) {
  const { t } = useTranslation();
  const [isAsking, setAsking] = useState(false);
  const name = draft.patientName === '' ? t('patients.unnamed') : draft.patientName;
  const kind = t(draft.isAmending ? 'drafts.amendment' : `write.kinds.${draft.kind}`);
  return (
    <li className="row rowx">
      <ClassIcon name={draft.kind === 'diagnosis' ? 'diagnosis' : 'note'} />
      <div>
        <Link className="t" to={`/chart/${draft.patient}/write/${draft.place}`}>
          <bdi>{name}</bdi>
        </Link>{' '}
        <span className="s">
          {kind}
          {comma()}
          {momentText(draft.keptMs)}
        </span>
        <br />
        <span className="sm">
          <bdi>{draft.words}</bdi>
        </span>
        <br />
        <span className="sm">
          {draft.state === 'waiting' ? (
            <b>{t('write.waits')}</b>
          ) : draft.state === 'sent' ? (
            <b>{t('write.sent')}</b>
          ) : (
            draft.mayStillSign === false && <b className="old">{t('drafts.cannotSign')}</b>
          )}
        </span>
      </div>
      <div className="e">
        {draft.state !== 'waiting' && (
          <button type="button" className="btn bare small" onClick={() => setAsking(true)}>
            {t('drafts.drop')}
            <span className="hide"> {name}</span>
          </button>
        )}
      </div>
      {isAsking && <DropDialog draft={draft} name={name} onClose={() => setAsking(false)} />}
    </li>
  );
}

function DropDialog({
  draft,
  name,
  onClose,
}: {
  readonly draft: DraftRow;
  readonly name: string;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const drop = useAct('drafts.drop');
  return (
    <ActDialog
      title={t('drafts.dropTitle', { name })}
      error={drop.error}
      needsNetwork={false}
      onClose={onClose}
      act={
        <button
          type="button"
          className="btn stop"
          disabled={drop.isPending}
          onClick={() => drop.mutate({ place: draft.place }, { onSuccess: onClose })}
        >
          {t('drafts.dropNow')}
        </button>
      }
    >
      <ul className="what">
        <li className="no">
          <Icon name="attend" />
          <span>{t('drafts.dropLimit')}</span>
        </li>
      </ul>
    </ActDialog>
  );
}
