import { useTranslation } from 'react-i18next';
import { useAsOf, useAway } from '../boundary/use-away.ts';
import { useSession } from '../boundary/use-call.ts';
import { momentText, timeLeft, timeOf } from './dates.ts';

/** Under the bar while nobody can be asked: since when, of when what is shown is, and that all goes on by itself. */
export function OfflineBar() {
  const { t } = useTranslation();
  const offMs = useSession()?.clockOffMs;
  const away = useAway();
  const asOfMs = useAsOf();
  return (
    <div role="status">
      {away !== undefined && (
        <div className="offbar">
          <span className="b">{t(away.why === 'network' ? 'shell.offline' : 'shell.away')}</span>
          {away.sinceMs !== undefined && (
            <span>{t('shell.awaySince', { time: timeOf(away.sinceMs) })}</span>
          )}
          {asOfMs !== undefined && <span>{t('shell.asOf', { when: momentText(asOfMs) })}</span>}
        </div>
      )}
      {away === undefined && offMs !== undefined && (
        <div className="offbar">
          <span>
            {t(offMs > 0 ? 'shell.clockFast' : 'shell.clockSlow', {
              time: timeLeft(Math.abs(offMs)),
            })}
          </span>
        </div>
      )}
    </div>
  );
}
