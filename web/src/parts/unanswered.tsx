import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Answer, AnswerWaiting } from './answer.tsx';
import { Failed } from './failure.tsx';

/**
 * In place of a page until there is something to show: grey bars while it is asked for; once that failed, a heading that
 * says so and the way on. A page that failed does not look as if it were still coming.
 */
export function Unanswered({
  what,
  error,
  again,
  children,
}: {
  /** What is being asked for, to readers of the page. */
  readonly what: string;
  readonly error: unknown;
  readonly again: () => void;
  /** More of the shape of what comes. */
  readonly children?: ReactNode;
}) {
  const { t } = useTranslation();
  if (error === null) {
    return (
      <>
        <AnswerWaiting what={what} />
        {children}
      </>
    );
  }
  return (
    <>
      <Answer>{t('parts.notShown')}</Answer>
      <div className="mt">
        <Failed error={error} again={again} />
      </div>
    </>
  );
}
