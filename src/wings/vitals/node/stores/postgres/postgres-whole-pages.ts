import type { Row } from '../page-rows.ts';
import type { BadRow } from '../upkeep.ts';
import type { Ask } from './postgres-session.ts';

/** What the tables of pages lack of each other: rows without theirs, which no row shows by itself. Rule VT-5. */

/** So many are named at once: each makes a report longer. */
const most = 256;

const isGone = (table: string, key: string): string =>
  `NOT EXISTS (SELECT 1 FROM ${table} WHERE ${table}.id = ${key})`;

/** Tables whose rows are of a page or a day: the database lets nobody take that away, but who owns them. */
export const tablesOfPages = ['shares', 'bodies', 'sayings', 'page_envelopes'] as const;
export const tablesOfDays = ['day_sums', 'day_counters'] as const;

/** Pages that wait and cannot be judged. */
export const withoutBody = `SELECT id FROM pages WHERE state = 'waiting' AND ${isGone('bodies', 'pages.id')}`;

/** Rows of these tables whose page or day there is not, by number. */
export const orphansIn = (table: string): string =>
  `SELECT DISTINCT id FROM ${table} WHERE ${isGone(
    tablesOfPages.some((it) => it === table) ? 'pages' : 'day_batches',
    `${table}.id`,
  )}`;

/** Trios of pages that are not among the trios. */
export const lostTrios =
  'SELECT DISTINCT trio FROM pages WHERE NOT EXISTS (SELECT 1 FROM trios WHERE trios.trio = pages.trio)';

/** Batches of pages whose day has no sums, or that have sums of days without pages; `where`: of which trio and batch. */
export const batchesWithoutDays = (where = 'TRUE'): string => `
  WITH there AS (SELECT DISTINCT trio, panel, hour / 24 AS day, batch FROM pages WHERE batch > 0 AND state = 'accepted' AND ${where}),
    kept AS (SELECT trio, panel, day, batch FROM day_batches WHERE ${where})
  SELECT DISTINCT trio, batch FROM (
    (SELECT * FROM there EXCEPT SELECT * FROM kept) UNION ALL (SELECT * FROM kept EXCEPT SELECT * FROM there)
  ) AS other`;

export async function lackingRows(ask: Ask): Promise<readonly BadRow[]> {
  const gone = (table: string, row: Row): BadRow => ({
    ...{ table, row: String(row.id), column: '', bound: 'row gone' },
  });
  const bad = (await ask(`${withoutBody} LIMIT ${most}`)).map((row) => gone('bodies', row));
  for (const table of [...tablesOfPages, ...tablesOfDays])
    for (const row of await ask(`${orphansIn(table)} LIMIT ${most}`)) bad.push(gone(table, row));
  return bad;
}
