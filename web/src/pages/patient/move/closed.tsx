import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { dayOf } from '../../../app/dates.ts';
import { useSession } from '../../../boundary/use-call.ts';
import { Answer } from '../../../parts/answer.tsx';
import { Icon } from '../../../parts/icon.tsx';
import { saveFile } from '../../../parts/save.ts';
import type { ClosedView } from '../../../worker/calls/moving.ts';

/** An account is closed: what went with it, and the receipt that anybody checks. */
export function Closed({ closed }: { readonly closed: ClosedView }) {
  const { t } = useTranslation();
  const session = useSession();
  const { title, revoked, erased, copiesGoneMs, receipt } = closed;
  const isElsewhere = session?.open === true && session.hospitals.length > 0;
  return (
    <>
      <Answer>{t('moving.closed', { from: title })}</Answer>
      <dl className="facts two sec">
        <div>
          <dt>{t('moving.fact.revoked')}</dt>
          <dd className="n">{revoked}</dd>
        </div>
        <div>
          <dt>{t('moving.fact.erased')}</dt>
          <dd className="n">{erased}</dd>
        </div>
        <div>
          <dt>{t('moving.fact.copies')}</dt>
          <dd>{copiesGoneMs === undefined ? t('moving.noCopies') : dayOf(copiesGoneMs)}</dd>
        </div>
      </dl>
      <p className="lead">{t('moving.what.ledger')}</p>
      <div className="acts">
        {receipt !== undefined && (
          <button
            type="button"
            className={isElsewhere ? 'btn line' : 'btn main'}
            onClick={() => saveFile(new Blob([receipt]), 'closed-account.receipt')}
          >
            <Icon name="save" />
            {t('proof.save')}
          </button>
        )}
        {isElsewhere && (
          <Link className="btn main" to="/home">
            {t('nav.home')}
          </Link>
        )}
      </div>
    </>
  );
}
