import { alertsChapter } from './alerts/story/index.ts';
import {
  encryptedChapter,
  storesChapter,
  tamperChapter,
  vitalsChapter,
} from './vitals/story/index.ts';

/** The chapters of the wings, a line each. Only `story/main.ts` reads it. */
export const wingChapters = [
  vitalsChapter,
  tamperChapter,
  storesChapter,
  encryptedChapter,
  alertsChapter,
] as const;
