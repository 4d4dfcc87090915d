/** What the wings say: one import and one line a wing, `...notesCodes`. Only `codes/index.ts` reads this. */
export const wingCodes = {} as const;
