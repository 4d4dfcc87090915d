import { useTranslation } from 'react-i18next';
import { type Language, languages, speak, spokenNow } from './language.ts';

/** One touch, another language; each is named in itself. */
export function Languages() {
  const { t } = useTranslation();
  const now = spokenNow();
  return (
    <nav className="langs" aria-label={t('shell.language')}>
      {(Object.keys(languages) as Language[]).map((it) => (
        <button
          key={it}
          type="button"
          lang={it}
          aria-pressed={it === now}
          onClick={() => void speak(it, true)}
        >
          {languages[it].name}
        </button>
      ))}
    </nav>
  );
}
