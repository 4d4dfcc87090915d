import { CodedError } from '../primitives/errors.ts';
import { ordinaryClasses, type Purpose, purposes, type RecordClass } from '../sdk/index.ts';

/** The words of a grant as people type them: several flags, or one with commas, in any letter case. */

/** HL7's words, in a person's. */
export const purposeMeanings: Readonly<Record<Purpose, string>> = {
  TREAT: 'treatment',
  ETREAT: 'emergency treatment',
  HPAYMT: 'payment',
  HRESCH: 'research',
  FAMRQT: 'asked for by the family',
  PATRQT: 'asked for by the patient',
  HOPERAT: 'running the hospital',
};

export const purposeHelp = `\nPurposes:\n${purposes.map((it) => `  ${it.padEnd(8)} ${purposeMeanings[it]}`).join('\n')}`;

/** `lab,vital`, also said several times, as single words. */
export function wordsOf(texts: readonly string[] | undefined): readonly string[] {
  return (texts ?? []).flatMap((it) => it.split(',')).flatMap((it) => it.trim() || []);
}

/**
 * "all" is every class but `private`, which goes by its own flag (K-6). Throws CLASS_UNKNOWN with every bad word and the
 * classes that there are.
 */
export function classesOf(
  texts: readonly string[] | undefined,
  isRestrictedToo = false,
): readonly RecordClass[] {
  const words = wordsOf(texts);
  const ordinary = words.includes('all')
    ? ordinaryClasses
    : known(words, ordinaryClasses, 'CLASS_UNKNOWN', 'class');
  return isRestrictedToo ? [...ordinary, 'private'] : ordinary;
}

/** Throws PURPOSE_UNKNOWN with every bad word and the purposes that there are. */
export function purposesOf(texts: readonly string[]): readonly Purpose[] {
  return known(wordsOf(texts), purposes, 'PURPOSE_UNKNOWN', 'purpose');
}

function known<Word extends string>(
  words: readonly string[],
  allowed: readonly Word[],
  code: 'CLASS_UNKNOWN' | 'PURPOSE_UNKNOWN',
  what: string,
): readonly Word[] {
  const found = words.map((word) => ({
    word,
    is: allowed.find((it) => it.toLowerCase() === word.toLowerCase()),
  }));
  const bad = found.filter(({ is }) => is === undefined);
  if (bad.length > 0) {
    const shown = bad.map(({ word }) => `"${word}"`).join(', ');
    throw new CodedError(code, {
      problem: `${shown} ${bad.length === 1 ? 'is' : 'are'} no ${what}; there are ${allowed.join(', ')}`,
    });
  }
  return [...new Set(found.flatMap(({ is }) => is ?? []))];
}
