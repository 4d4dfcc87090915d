import { useEffect } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { dayOf, momentText } from '../../../app/dates.ts';
import { Answer } from '../../../parts/answer.tsx';
import { Icon } from '../../../parts/icon.tsx';
import { usePersonName } from '../../../parts/person-sign.tsx';
import type { DoneShare } from './draft.ts';
import { useShareWords } from './words.ts';

/** What is true now that it is shared. */
export function Shared({ done }: { readonly done: DoneShare }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const words = useShareWords();
  const { given, draft } = done;
  const name = nameOf(given.person);
  useEffect(() => {
    scrollTo(0, 0);
  }, []);
  return (
    <div>
      <Answer>
        <Trans
          i18nKey="share.done"
          values={{ name, what: words.what(draft), day: dayOf(given.untilMs) }}
          components={{ em: <em /> }}
        />
      </Answer>
      <p className="lead">{t('share.doneLead', { name, until: momentText(given.untilMs) })}</p>
      {given.oldIsEnding && (
        <div className="note warn mt" role="status">
          <Icon name="attend" />
          <p>{t('share.oldIsEnding')}</p>
        </div>
      )}
      <div className="acts">
        <Link className="btn main" to="/sharing">
          {t('home.ended')}
        </Link>
        <Link className="btn line" to="/home">
          {t('nav.home')}
        </Link>
      </div>
    </div>
  );
}
