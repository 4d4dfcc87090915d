import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate } from 'react-router';
import { Answer } from '../parts/answer.tsx';
import { Icon } from '../parts/icon.tsx';

/**
 * In place of a page whose files did not come, or that broke: the bar around it stays, and so does the wallet. What was
 * thrown may hold what somebody typed, and is neither shown nor sent.
 */
export function Broken() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const go = useNavigate();
  return (
    <main id="page" className="page" tabIndex={-1}>
      <Answer>{t('broken.answer')}</Answer>
      <p className="lead" role="alert">
        {t('broken.lead')}
      </p>
      <div className="acts">
        <button
          type="button"
          className="btn main"
          onClick={() => void go(pathname, { replace: true })}
        >
          <Icon name="again" />
          {t('parts.again')}
        </button>
        <button type="button" className="btn line" onClick={() => location.reload()}>
          {t('broken.anew')}
        </button>
      </div>
      <p className="hint mt">{t('broken.hint')}</p>
    </main>
  );
}
