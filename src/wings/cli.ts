/** The commands of the wings, a line each, after those of the spine. Only `cli/commands/all.ts` reads it. */
export const wingCommands = [] as const;
