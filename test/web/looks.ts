import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

export type Language = 'en' | 'es' | 'ar';

/** How a screen is looked at. */
export interface Look {
  readonly language: Language;
  readonly dark: boolean;
  /** A phone of 320 px, else a desk. */
  readonly narrow: boolean;
}

export const languages: readonly Language[] = ['en', 'es', 'ar'];

/** All twelve. */
export const looks: readonly Look[] = languages.flatMap((language) =>
  [false, true].flatMap((dark) => [false, true].map((narrow) => ({ language, dark, narrow }))),
);

export const lookName = ({ language, dark, narrow }: Look): string =>
  `${language}, ${dark ? 'dark' : 'light'}, ${narrow ? '320 px' : 'desk'}`;

/** The look that a seed draws for the screen of this name: one seed, one look, whatever else runs. */
export function drawnLook(seed: number, name: string): Look {
  let hash = seed | 0;
  for (const character of name)
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  const look = looks[(hash >>> 0) % looks.length];
  if (look === undefined) throw new Error('no looks');
  return look;
}

type Words = { readonly [key: string]: string | Words };

const wordsIn = (path: string): Words =>
  JSON.parse(
    readFileSync(new URL(`../../web/words/${path}.json`, import.meta.url), 'utf8'),
  ) as Words;
const wordsOf = (language: Language): Words => ({
  ...wordsIn(language),
  ...wordsIn(`later/${language}`),
});
const words: Readonly<Record<Language, Words>> = {
  en: wordsOf('en'),
  es: wordsOf('es'),
  ar: wordsOf('ar'),
};

/** What a key says, up to where something is filled in. */
export function wordOf(language: Language, key: string): string {
  let found: string | Words | undefined = words[language];
  for (const part of key.split('.')) found = typeof found === 'string' ? undefined : found?.[part];
  if (typeof found !== 'string') throw new Error(`no words: ${key}`);
  return found;
}

function flat(of: Words, path = ''): readonly (readonly [string, string])[] {
  return Object.entries(of).flatMap(([key, it]) =>
    typeof it === 'string' ? [[`${path}${key}`, it] as const] : flat(it, `${path}${key}.`),
  );
}

/** Sentences of the English file that say something else in this language: there they are forgotten ones. */
const forgotten = (language: Language): readonly string[] => {
  const own = new Set(flat(words[language]).map(([, text]) => text));
  return flat(words.en)
    .map(([, text]) => text)
    .filter((text) => /\S \S+ \S/u.test(text) && !/[{<]/u.test(text) && !own.has(text));
};
const english = {
  en: new Set<string>(),
  es: new Set(forgotten('es')),
  ar: new Set(forgotten('ar')),
};

/** Words of charts that stand on each other, pair by pair. */
export async function overlapping(page: Page): Promise<readonly string[]> {
  return (await page.evaluate(`[...document.querySelectorAll('svg.chart')].flatMap((chart) => {
    const words = [...chart.querySelectorAll('text')]
      .map((it) => ({ said: it.textContent, at: it.getBoundingClientRect() }))
      .filter(({ at }) => at.width > 0);
    // A line is higher than its letters.
    const shrunk = ({ left, right, top, bottom }) =>
      ({ left, right, top: top + (bottom - top) / 4, bottom: bottom - (bottom - top) / 4 });
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    return words.flatMap((a, i) => words.slice(i + 1)
      .filter((b) => meet(shrunk(a.at), shrunk(b.at)))
      .map((b) => a.said + ' on ' + b.said));
  })`)) as readonly string[];
}

/** Keys in place of words, gaps that nothing filled, values that are none, English where another language is spoken. */
export async function missingWords(page: Page, language: Language): Promise<readonly string[]> {
  const said = (await page.evaluate(`[
    ...[...document.querySelectorAll('body *')].flatMap((it) => [...it.childNodes])
      .filter((it) => it.nodeType === 3).map((it) => it.data.trim()),
    ...['aria-label', 'aria-description', 'aria-valuetext', 'placeholder', 'title', 'alt']
      .flatMap((name) => [...document.querySelectorAll('[' + name + ']')].map((it) => it.getAttribute(name))),
    document.title,
  ]`)) as readonly string[];
  const keys = new RegExp(`(^|\\s)(${Object.keys(words.en).join('|')})(\\.[A-Za-z0-9_]+)+$`, 'u');
  return said.filter(
    (it) =>
      keys.test(it) ||
      /\{\{|\}\}|\[object |\bundefined\b|\bNaN\b|Invalid Date/u.test(it) ||
      english[language].has(it),
  );
}
