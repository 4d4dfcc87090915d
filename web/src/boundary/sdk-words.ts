/** As the SDK says it: a key of `words.fields` or `words.said` is made of it. */
export const keyOf = (words: string): string =>
  words
    .replace(/[^A-Za-z ]/gu, '')
    .toLowerCase()
    .replace(/ ([a-z])/gu, (_, letter: string) => letter.toUpperCase());
