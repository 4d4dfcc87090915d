import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type en from '../../words/en.json';
import type later from '../../words/later/en.json';
import {
  chosenPlace,
  isLanguage,
  type Language,
  languages,
  loadLaterWords,
  loadWords,
  preferred,
} from './preferred.ts';

export { type Language, languages };

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: { words: typeof en & typeof later };
  }
}

export async function startWords(): Promise<void> {
  await i18next.use(initReactI18next).init({
    ns: ['words'],
    defaultNS: 'words',
    fallbackLng: false,
    // React escapes what it shows; what is filled in stands for itself.
    interpolation: { escapeValue: true, escape: isolated },
    returnNull: false,
  });
  const { formatter } = i18next.services;
  formatter?.add('words', (count: number) => inWords(count));
  formatter?.add('opening', (count: number) => {
    const words = inWords(count);
    return words.charAt(0).toLocaleUpperCase() + words.slice(1);
  });
  await speak(preferred());
}

/** Up to ten as a word, where the language has one that fits every noun; `opening` begins a sentence with it. */
const inWords = (count: number): string =>
  count >= 2 && count <= 10 ? i18next.t(`numbers.${count as 2}`) : String(count);

/** Fetches the words of a language and shows the app in it. */
export async function speak(language: Language, isChosen = false): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'words')) {
    const { default: words } = await loadWords[language]();
    i18next.addResourceBundle(language, 'words', words);
  }
  if (isLater) await addLater(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  document.documentElement.dir = languages[language].dir;
  if (isChosen) localStorage.setItem(chosenPlace, language);
}

let isLater = false;

/** Before a screen is shown whose words are apart: in this language, and from now on in each that is spoken. */
export async function speakLater(): Promise<void> {
  isLater = true;
  await addLater(spokenNow());
}

async function addLater(language: Language): Promise<void> {
  if (i18next.exists('questions.new', { lng: language })) return;
  const { default: words } = await loadLaterWords[language]();
  i18next.addResourceBundle(language, 'words', words, true);
}

/** What the SDK says in English, in the language of the page: for a page that is read without the app. */
export function sdkWords(): Readonly<Record<'fields' | 'said' | 'marks', Record<string, string>>> {
  const { fields, said, chart } = i18next.getResourceBundle(spokenNow(), 'words') as typeof en;
  return { fields, said, marks: chart.marks };
}

/** Between two things that stand beside each other in a line. */
export const comma = (): string => (spokenNow() === 'ar' ? '، ' : ', ');

/**
 * Texts beside each other in a line. In a page that runs from right to left a name in Latin letters would draw the number
 * after it to itself, so each stands for itself there (Unicode 16.0, UAX 9, isolates).
 */
export const inLine = (texts: readonly string[]): string => texts.map(isolated).join(comma());

/** What holds both scripts runs as the page does, whichever of them it begins with. */
export function isolated(text: string): string {
  if (spokenNow() !== 'ar' || !/\p{Script=Latin}/u.test(text)) return text;
  return `${/\p{Script=Arabic}/u.test(text) ? '\u2067' : '\u2068'}${text}\u2069`;
}

export const spokenNow = (): Language => (isLanguage(i18next.language) ? i18next.language : 'en');
