import { storesChapter, vitalsChapter } from './vitals/story/index.ts';

/** The chapters of the wings, a line each. Only `story/main.ts` reads it. */
export const wingChapters = [vitalsChapter, storesChapter] as const;
