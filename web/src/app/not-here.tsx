import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Answer } from '../parts/answer.tsx';

/** A path that is no place of the app. */
export function NotHere() {
  const { t } = useTranslation();
  return (
    <main id="page" className="page">
      <Answer>{t('notHere.answer')}</Answer>
      <p className="lead">{t('notHere.lead')}</p>
      <div className="acts">
        <Link className="btn main" to="/">
          {t('notHere.way')}
        </Link>
      </div>
    </main>
  );
}
