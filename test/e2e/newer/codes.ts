/** What the acts of a later version refuse with. */
export const newerCodes = {
  NEWER_EMPTY: { kind: 'not-valid', number: 990, sentence: 'Nothing is noted.' },
} as const;
