import { isCoded } from '../primitives/errors.ts';
import { isSqliteFull } from '../primitives/sqlite-full.ts';

/** SQLite without room, or an application that found the disk full by other means. */
export const isDiskFull = (error: unknown): boolean =>
  isCoded(error, 'DISK_FULL') || isSqliteFull(error);
