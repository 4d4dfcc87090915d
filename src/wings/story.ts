import { alertsChapter } from './alerts/story/index.ts';
import { vitalsChapter } from './vitals/story/index.ts';
import { storesChapter } from './vitals/story/stores.ts';

/** The chapters of the wings, a line each. Only `story/main.ts` reads it. */
export const wingChapters = [vitalsChapter, storesChapter, alertsChapter] as const;
