import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

/** The two ways out of a hospital: with the record to another one, or with a file. */
export function Elsewhere() {
  const { t } = useTranslation();
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('moving.elsewhere')}</h2>
      </div>
      <div className="acts">
        <Link className="btn line small" to="/move">
          {t('moving.toMove')}
        </Link>
        <Link className="btn line small" to="/leave">
          {t('moving.toLeave')}
        </Link>
      </div>
    </section>
  );
}
