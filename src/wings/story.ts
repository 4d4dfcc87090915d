import { alertsChapter } from './alerts/story/index.ts';
import { vitalsChapters } from './vitals/story/index.ts';

/** The chapters of the wings, a line each. Only `story/main.ts` reads it. */
export const wingChapters = [...vitalsChapters, alertsChapter] as const;
