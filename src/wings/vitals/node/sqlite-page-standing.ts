import type { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../../../crypto/hash.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { pageTables } from './guarded-tables.ts';
import { type Row, storedOf } from './page-rows.ts';
import type { StandingPage } from './page-store.ts';
import { shareIn } from './sqlite-page-upkeep.ts';
import type { SqliteRowGuard } from './sqlite-row-guard.ts';

const table = pageTables[1];

/** Of these pages, in their order, what stands: its MAC holds, and the manifest and the leaf are those of its hash. Rule VT-11. */
export function standingPages(
  db: DatabaseSync,
  guard: SqliteRowGuard,
  pages: readonly Uint8Array[],
): readonly (StandingPage | undefined)[] {
  const byPage = db.prepare('SELECT * FROM pages WHERE page = ?');
  return pages.map((page) => {
    const row = byPage.get(page);
    return row && standingOf(guard, row);
  });
}

function standingOf(guard: SqliteRowGuard, row: Row): StandingPage | undefined {
  try {
    guard.require(table, row);
    const { state, batch, ...names } = storedOf(row);
    const hash = sha256(names.manifest);
    const isNamed =
      state === 'accepted' &&
      equalBytes(hash, names.manifestHash) &&
      equalBytes(hash, names.leaf.subarray(0, 32));
    const kept = shareIn(row);
    return isNamed ? { names, batch, ...(kept && { kept }) } : undefined;
  } catch (error) {
    if (isCoded(error, 'ROW_TAMPERED') || isCoded(error, 'HOME_INVALID')) return undefined;
    throw error;
  }
}
