import type { DatabaseSync } from 'node:sqlite';

/**
 * Whether the pages of each table and its indexes fit together, one table at a time: between two nothing is held. How long one takes
 * follows from its size.
 */
export function* soundTables(db: DatabaseSync): Generator<boolean> {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
  for (const { name } of tables.all()) {
    const quoted = `"${String(name).replaceAll('"', '""')}"`;
    yield db.prepare(`PRAGMA quick_check(${quoted})`).get()?.quick_check === 'ok';
  }
}
