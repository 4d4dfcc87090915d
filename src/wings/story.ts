import { storesChapter, tamperChapter, vitalsChapter } from './vitals/story/index.ts';

/** The chapters of the wings, a line each. Only `story/main.ts` reads it. */
export const wingChapters = [vitalsChapter, tamperChapter, storesChapter] as const;
