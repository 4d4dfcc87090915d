import { DatabaseSync } from 'node:sqlite';
import { indexesAmong, pageTables } from '../guarded-tables.ts';
import type { BadRow } from '../upkeep.ts';
import { foundIn, unsound } from './sqlite-index-looks.ts';
import { isPageIndexWhole } from './sqlite-page-index.ts';

/**
 * What a page store's file shows without a key: its trees, its indexes, and those pages that are found by one. As it stands now, by a
 * connection that writes nothing; takes as long as the file is large. Throws what SQLite throws where it opens none.
 * Source: docs/protocol/vitals-tampering.md, rule VT-8a.
 */
export function lookAtFile(path: string): readonly BadRow[] {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    // One instant of it, whatever is written meanwhile.
    db.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
    const reader: Parameters<typeof isPageIndexWhole>[0] = {
      get: (sql, ...values) => db.prepare(sql).get(...values),
      each: (sql, ...values) => db.prepare(sql).iterate(...values),
    };
    const pages = foundIn('sealed_pages', () =>
      isPageIndexWhole(reader)
        ? []
        : [{ table: 'sealed_pages', row: '', column: '', bound: 'index' }],
    );
    return [...unsound(db, indexesAmong(pageTables)), ...pages];
  } finally {
    db.close();
  }
}
