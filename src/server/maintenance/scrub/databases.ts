import type { DatabaseSync } from 'node:sqlite';

/** Its pages do not fit together. */
export const isUnsound = (db: DatabaseSync): boolean =>
  db.prepare('PRAGMA quick_check(1)').get()?.quick_check !== 'ok';

/** SQLite cannot read what lies there. */
export const isUnreadable = (error: unknown): boolean =>
  error instanceof Error && Reflect.get(error, 'code') === 'ERR_SQLITE_ERROR';
