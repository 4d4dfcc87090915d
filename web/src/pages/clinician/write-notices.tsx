import { useEffect, useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { agoText } from '../../app/dates.ts';
import type { CallError } from '../../boundary/link.ts';
import { useAct, useSession } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import type { OpenDraft } from '../../worker/calls/writing.ts';
import type { ChartView } from '../../worker/chart-view.ts';
import type { DraftText } from '../../worker/drafts.ts';
import { usePatientNamed } from './banner.tsx';
import { refusalIn } from './refused.tsx';

/** The draft is here all the same. */
export function ChartMissing({
  error,
  again,
}: {
  readonly error: CallError;
  readonly again: () => void;
}) {
  const { t } = useTranslation();
  const refusal = refusalIn(error);
  if (refusal === undefined) {
    return (
      <Failed error={error} again={again}>
        <p>{t('write.draftStays')}</p>
      </Failed>
    );
  }
  return (
    <div className="note warn" role="alert">
      <Icon name="attend" />
      <div>
        <p className="h">{t(`refusal.${refusal}.what`)}</p>
        <p>
          {t(`refusal.${refusal}.way`)} {t('write.draftStays')}
        </p>
      </div>
    </div>
  );
}

/** Who signs, for whom, who reads it, and that it cannot be unsigned. */
export function WhatHappens({
  chart,
  kind,
  name,
}: {
  readonly chart: ChartView | undefined;
  readonly kind: DraftText['kind'] | undefined;
  readonly name: string;
}) {
  const { t } = useTranslation();
  const session = useSession();
  const named = usePatientNamed();
  const who =
    session?.open === true
      ? [session.name, session.hospital].filter((it) => it !== undefined).join(', ')
      : '';
  return (
    <>
      {chart?.banner !== undefined && (
        <p className="b forwhom">{t('write.isIt', { who: named(chart) })}</p>
      )}
      <ul className="what sm">
        <li>
          <Icon name="verified" />
          <span>
            <Trans
              i18nKey={`write.enters.${kind ?? 'note'}`}
              values={{ name, who }}
              components={{ b: <b /> }}
            />
          </span>
        </li>
        <li>
          <Icon name="people" />
          <span>{t(`write.readers.${kind ?? 'note'}`)}</span>
        </li>
        <li className="no">
          <Icon name="attend" />
          <span>{t('write.cannot')}</span>
        </li>
      </ul>
    </>
  );
}

/** Says that it is kept, and how long ago; the clock alone is not read out. */
export function Kept({
  keptMs,
  hasText,
}: {
  readonly keptMs: number | undefined;
  readonly hasText: boolean;
}) {
  const { t } = useTranslation();
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const ticking = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(ticking);
  }, []);
  if (!hasText) return <p className="hint mt-s">{t('write.willBeKept')}</p>;
  if (keptMs === undefined) return <p className="hint mt-s">{t('write.keeping')}</p>;
  return (
    <p className="hint mt-s">
      <Icon name="check" /> {t('write.kept', { ago: agoText(keptMs, Math.max(nowMs, keptMs)) })}
    </p>
  );
}

export function Waits({
  state,
  place,
  reopen,
}: {
  readonly state: OpenDraft['state'];
  readonly place: string;
  readonly reopen: () => void;
}) {
  const { t } = useTranslation();
  const resume = useAct('drafts.resume');
  const isSent = state === 'sent';
  return (
    <div className="note mt" role="status">
      <Icon name="clock" />
      <div>
        <p className="h">{t(isSent ? 'write.sent' : 'write.waits')}</p>
        <p>{t(isSent ? 'write.sentText' : 'write.waitsText')}</p>
        {resume.error !== null && <Failed error={resume.error} />}
        <div className="way">
          <Link className="btn line small" to="/drafts">
            {t('titles.drafts')}
          </Link>
          {isSent && (
            <button
              type="button"
              className="btn bare small"
              disabled={resume.isPending}
              onClick={() => resume.mutate({ place }, { onSuccess: reopen })}
            >
              {t('write.notThere')}
            </button>
          )}
        </div>
      </div>
    </div>
  );
}

export function Done({ patient, name }: { readonly patient: string; readonly name: string }) {
  const { t } = useTranslation();
  return (
    <>
      <Answer>
        <Trans i18nKey="write.done" values={{ name }} components={{ em: <em /> }} />
      </Answer>
      <p className="lead" role="status">
        {t('write.doneText')}
      </p>
      <div className="acts">
        <Link className="btn main" to="/patients">
          {t('chart.toPatients')}
        </Link>
        <Link className="btn line" to={`/chart/${patient}`}>
          {t('write.toChart')}
        </Link>
      </div>
    </>
  );
}
