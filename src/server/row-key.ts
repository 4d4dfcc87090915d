import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { bindFile, followRows, settleRows, unboundOf, unboundRow } from '../gateway/bound-rows.ts';
import type { RowGuard } from '../primitives/row-guard.ts';

/** Binds the rows of the hospital's `gateway.db` that nothing else binds (docs/protocol/stores.md, SR-4). */
export const rowKeyFile = 'rows.key';

/** Undefined: it is not there, as in a home that was restored without keys and has not been started since. */
export function readRowKey(hospitalFolder: string): Uint8Array | undefined {
  const path = join(hospitalFolder, rowKeyFile);
  return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
}

/** What is written through this connection into the gateway's file is bound as if the gateway had written it. */
export function followBound(db: DatabaseSync, hospitalFolder: string): void {
  const key = readRowKey(hospitalFolder);
  if (key !== undefined) followRows(db, key);
}

/** What binds the rows of a file beside the gateway's, under this key. Rule SR-11. */
export const rowGuard = (key: Uint8Array): RowGuard<DatabaseSync> => ({
  unbound: (db, unread) => unboundOf(db, key, unread),
  open: (db) => bindFile(db, key),
  wrong: (db, table, name) => unboundRow(db, key, { table, name }),
  settle: (db) => settleRows(db, key),
});
