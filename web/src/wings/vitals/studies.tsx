import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { dayOf, listed } from '../../app/dates.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { ActDialog } from '../../parts/act-dialog.tsx';
import { Answer } from '../../parts/answer.tsx';
import { type Answered, AskedPage } from '../../parts/asked-page.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { WayBack } from '../../parts/way-back.tsx';
import type { AskedView, StudiesView, StudyView } from './calls-studies.ts';
import { useAmounts } from './words.ts';

/** In which studies one's readings count, what was asked of them, and the way in and out. */
export function StudiesPage() {
  const { t } = useTranslation();
  const asked = useCall('studies.list', undefined);
  return (
    <AskedPage
      asked={asked}
      what={t('studies.waiting')}
      back={<WayBack to="/vitals">{t('titles.vitals')}</WayBack>}
    >
      {(answered) => <Known {...answered} />}
    </AskedPage>
  );
}

function Known({ view, error, again }: Answered<StudiesView>) {
  const { t } = useTranslation();
  const { studies, hasDevice, behind } = view;
  const own = studies.filter((it) => it.isIn).length;
  return (
    <>
      <Answer>{own === 0 ? t('studies.none') : t('studies.some', { count: own })}</Answer>
      <p className="lead">{t(hasDevice ? 'studies.lead' : 'vitals.noDevice')}</p>
      {error !== null && <Failed error={error} again={again} />}
      {behind > 0 && (
        <p className="sm dim" role="status">
          {t('studies.behind', { count: behind })}
        </p>
      )}
      {studies.map((it) => (
        <Study key={it.id} study={it} />
      ))}
    </>
  );
}

function Study({ study }: { readonly study: StudyView }) {
  const { t } = useTranslation();
  const { nameOf } = useAmounts();
  const [isOpen, setOpen] = useState(false);
  const { vitals, purposes, least, isIn, asked } = study;
  const name = listed(vitals.map(nameOf));
  const why = listed(purposes.map((it) => t(`studies.purposes.${it}` as 'studies.purposes.trial')));
  return (
    <section className="sec sheet pad" aria-label={name}>
      <div className="sec-head">
        <h2>{name}</h2>
        {isIn && <span className="tag">{t('studies.in')}</span>}
      </div>
      <p className="sm">{t('studies.terms', { why, least })}</p>
      {isIn && <Asked asked={asked} />}
      <div className="acts">
        <button type="button" className="btn line small" onClick={() => setOpen(true)}>
          {t(isIn ? 'studies.leave' : 'studies.join')}
        </button>
      </div>
      {isOpen && <Change study={study} name={name} onClose={() => setOpen(false)} />}
    </section>
  );
}

function Asked({ asked }: Pick<StudyView, 'asked'>) {
  const { t } = useTranslation();
  if (asked === undefined) return <p className="dim sm mt-s">{t('studies.askedNotNow')}</p>;
  if (asked.length === 0) return <p className="dim sm mt-s">{t('studies.askedNone')}</p>;
  return (
    <ul className="list sm mt-s">
      {asked.map((it) => (
        <li key={it.query}>
          <Question asked={it} />
        </li>
      ))}
    </ul>
  );
}

function Question({ asked }: { readonly asked: AskedView }) {
  const { t } = useTranslation();
  const { nameOf } = useAmounts();
  const { kind, vitals, purpose, hospital, askedMs, isAboutMe } = asked;
  const what = t(`studies.kinds.${kind}` as 'studies.kinds.mean');
  const why = t(`studies.purposes.${purpose}` as 'studies.purposes.trial');
  return (
    <>
      {t('studies.question', { what, of: listed(vitals.map(nameOf)), why })}
      <br />
      <span className="dim">
        {[
          dayOf(askedMs),
          ...(hospital === '' ? [] : [t('studies.by', { hospital })]),
          t(isAboutMe ? 'studies.counted' : 'studies.notCounted'),
        ].join(' · ')}
      </span>
    </>
  );
}

/** What begins or ends, before the touch. */
function Change({
  study,
  name,
  onClose,
}: {
  readonly study: StudyView;
  readonly name: string;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const change = useAct('studies.change');
  const { id, isIn } = study;
  const act = isIn ? 'leave' : 'join';
  return (
    <ActDialog
      title={t(`studies.${act}Title`, { name })}
      error={change.error}
      onClose={onClose}
      act={
        <button
          type="button"
          className={isIn ? 'btn stop' : 'btn main'}
          disabled={change.isPending}
          onClick={() => change.mutate({ study: id, isIn: !isIn }, { onSuccess: onClose })}
        >
          {t(change.isPending ? 'studies.changing' : `studies.${act}`)}
        </button>
      }
    >
      <ul className="what">
        <li>
          <Icon name="verified" />
          <span>{t(`studies.${act}Now`)}</span>
        </li>
        <li className="no">
          <Icon name="attend" />
          <span>{t('studies.answered')}</span>
        </li>
      </ul>
    </ActDialog>
  );
}
