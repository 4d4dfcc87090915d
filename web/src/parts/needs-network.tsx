import { useTranslation } from 'react-i18next';
import { useAway } from '../boundary/use-away.ts';

/** Beside a button, while nobody can be asked: what of it cannot be done now, or that it waits and goes by itself. */
export function NeedsNetwork({
  what = 'act',
}: {
  readonly what?: 'act' | 'look' | 'sign' | 'stop';
}) {
  const { t } = useTranslation();
  const away = useAway();
  if (away === undefined) return null;
  return (
    <p className="hint mt-s" role="status">
      {t(`away.${what}`)}
    </p>
  );
}
