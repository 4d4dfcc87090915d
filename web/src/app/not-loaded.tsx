import { useTranslation } from 'react-i18next';
import { Answer } from '../parts/answer.tsx';
import { OfflineBar } from './offline-bar.tsx';

/** A screen whose file did not come, or that failed: in place of nothing at all. */
export function NotLoaded() {
  const { t } = useTranslation();
  return (
    <>
      <OfflineBar />
      <main id="page" className="page" tabIndex={-1}>
        <div role="alert">
          <Answer>{t('notLoaded.answer')}</Answer>
        </div>
        <p className="lead">{t('notLoaded.text')}</p>
        <div className="acts">
          <button type="button" className="btn main" onClick={() => location.reload()}>
            {t('parts.again')}
          </button>
        </div>
      </main>
    </>
  );
}
