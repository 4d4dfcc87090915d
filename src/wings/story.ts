import type { AnyChapter } from '../story/chapter.ts';

/** The chapters of the wings, a line each. Only `story/main.ts` reads it. */
export const wingChapters: readonly AnyChapter[] = [];
