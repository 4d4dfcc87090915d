import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type en from '../../words/en.json';
import {
  chosenPlace,
  isLanguage,
  type Language,
  languages,
  loadWords,
  preferred,
} from './preferred.ts';

export { type Language, languages };

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: { words: typeof en };
  }
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
    const { default: words } = await loadWords[language]();
    i18next.addResourceBundle(language, 'words', words);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  document.documentElement.dir = languages[language].dir;
  if (isChosen) localStorage.setItem(chosenPlace, language);
}

/** Between two things that stand beside each other in a line. */
export const comma = (): string => (spokenNow() === 'ar' ? '، ' : ', ');

export const spokenNow = (): Language => (isLanguage(i18next.language) ? i18next.language : 'en');
