/** Each with its own name and the direction that it is written in. */
export const languages = {
  en: { name: 'English', dir: 'ltr' },
  es: { name: 'Español', dir: 'ltr' },
  ar: { name: 'العربية', dir: 'rtl' },
} as const;
export type Language = keyof typeof languages;

export const chosenPlace = 'salus-language';
/** The words of each, in a file of its own. */
export const loadWords: Record<Language, () => Promise<{ default: object }>> = {
  en: () => import('../../words/en.json'),
  es: () => import('../../words/es.json'),
  ar: () => import('../../words/ar.json'),
};

/** Words of screens that few come to, fetched with the first of them. */
export const loadLaterWords = {
  en: () => import('../../words/later/en.json'),
  es: () => import('../../words/later/es.json'),
  ar: () => import('../../words/later/ar.json'),
} as const;

export const isLanguage = (text: string | null): text is Language =>
  text !== null && Object.hasOwn(languages, text);

/** The one that was chosen here, else the first of the browser's that there is. */
export function preferred(): Language {
  const chosen = localStorage.getItem(chosenPlace);
  if (isLanguage(chosen)) return chosen;
  const spoken = navigator.languages.map((it) => it.split('-')[0] ?? '');
  return spoken.find(isLanguage) ?? 'en';
}
