/** What an operator has a data server do: a statement of the server to itself, its word `operator` and one of these. Rule VT-15. */
export const operatorWords = ['status', 'scrub', 'rebuild'] as const;
export type OperatorWord = (typeof operatorWords)[number];

export const operatorWord = (word: OperatorWord): string => `operator ${word}`;
