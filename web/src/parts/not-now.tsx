import { Trans, useTranslation } from 'react-i18next';
import { momentText } from '../app/dates.ts';
import { Answer } from './answer.tsx';
import { Failed } from './failure.tsx';

interface NotNowProps {
  /** When what is still shown was asked for. */
  readonly askedMs: number;
  readonly error: unknown;
  readonly again: () => void;
}

/** In place of how something is: what was well a minute ago is not called well while nobody answers. */
export function NotNow({ askedMs, error, again }: NotNowProps) {
  const { t } = useTranslation();
  return (
    <>
      <Answer>
        <Trans i18nKey="network.notNow" components={{ warn: <span className="warn" /> }} />
      </Answer>
      <p className="lead">{t('network.notNowText', { when: momentText(askedMs) })}</p>
      <div className="maxw mt">
        <Failed error={error} again={again} />
      </div>
    </>
  );
}
