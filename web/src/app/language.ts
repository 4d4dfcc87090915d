import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type en from '../../words/en.json';

/** Each with its own name and the direction that it is written in. */
export const languages = {
  en: { name: 'English', dir: 'ltr' },
  es: { name: 'Español', dir: 'ltr' },
  ar: { name: 'العربية', dir: 'rtl' },
} as const;
export type Language = keyof typeof languages;

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: { words: typeof en };
  }
}

const place = 'salus-language';
const load: Record<Language, () => Promise<{ default: object }>> = {
  en: () => import('../../words/en.json'),
  es: () => import('../../words/es.json'),
  ar: () => import('../../words/ar.json'),
};

const isLanguage = (text: string | null): text is Language =>
  text !== null && Object.hasOwn(languages, text);

/** The one that was chosen here, else the first of the browser's that there is. */
function preferred(): Language {
  const chosen = localStorage.getItem(place);
  if (isLanguage(chosen)) return chosen;
  const spoken = navigator.languages.map((it) => it.split('-')[0] ?? '');
  return spoken.find(isLanguage) ?? 'en';
}

export async function startWords(): Promise<void> {
  await i18next.use(initReactI18next).init({
    ns: ['words'],
    defaultNS: 'words',
    fallbackLng: false,
    // React escapes what it shows.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  await speak(preferred());
}

/** Fetches the words of a language and shows the app in it. */
export async function speak(language: Language, isChosen = false): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'words')) {
    const { default: words } = await load[language]();
    i18next.addResourceBundle(language, 'words', words);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  document.documentElement.dir = languages[language].dir;
  if (isChosen) localStorage.setItem(place, language);
}

/** Between two things that stand beside each other in a line. */
export const comma = (): string => (spokenNow() === 'ar' ? '، ' : ', ');

export const spokenNow = (): Language => (isLanguage(i18next.language) ? i18next.language : 'en');
