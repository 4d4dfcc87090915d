import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import type { CallError } from '../../boundary/link.ts';
import { Answer } from '../../parts/answer.tsx';
import { AskAccess } from '../../parts/asks.tsx';
import { Failed } from '../../parts/failure.tsx';

/** Which of the four things is wrong; undefined: it is something else. */
const refusals = {
  NOT_SHARED: 'notShared',
  CONSENT_ENDED: 'over',
  CONSENT_NOT_LIVE: 'over',
  CLASS_NOT_GRANTED: 'notThisKind',
  PURPOSE_NOT_GRANTED: 'notThisPurpose',
} as const;

export const refusalIn = (error: CallError | undefined) =>
  error !== undefined && Object.hasOwn(refusals, error.code)
    ? refusals[error.code as keyof typeof refusals]
    : undefined;

/** In place of a chart that does not open: which of the four, and the way on. */
export function NotOpen({
  error,
  again,
}: {
  readonly error: CallError;
  readonly again: () => void;
}) {
  const { t } = useTranslation();
  const { handle } = useParams();
  const refusal = refusalIn(error);
  return (
    <>
      <Answer>{refusal === undefined ? t('chart.notOpened') : t(`refusal.${refusal}.what`)}</Answer>
      {refusal === undefined ? (
        <div className="mt">
          <Failed error={error} again={again} />
        </div>
      ) : (
        <>
          <p className="lead">{t(`refusal.${refusal}.way`)}</p>
          {handle !== undefined && <AskAccess patient={handle} name="" />}
        </>
      )}
      <div className="acts">
        <Link className="btn line" to="/patients">
          {t('chart.toPatients')}
        </Link>
      </div>
    </>
  );
}
