import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { AccountId } from '../../../primitives/ids.ts';
import { codesFromMs, codesSentQuery, codesWindow } from '../api/codes-sent.ts';

/**
 * From when a letter with a code goes again to an address of this account; undefined: one goes now, or the file cannot be read, which
 * is its operator's matter (AL-17, AL-20).
 */
export function readCodesFromMs(...of: Parameters<typeof codesFromIn>): number | undefined {
  try {
    return codesFromIn(...of);
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ERR_SQLITE_ERROR')
      return undefined;
    throw error;
  }
}

function codesFromIn(lettersPath: string, account: AccountId, nowMs: number): number | undefined {
  if (!existsSync(lettersPath)) return undefined;
  const db = new DatabaseSync(lettersPath, { readOnly: true, timeout: 2_000, readBigInts: true });
  try {
    // Made, and nothing written yet.
    const table = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'letters'").get();
    if (table === undefined) return undefined;
    const rows = db.prepare(codesSentQuery).all(account, ...codesWindow(nowMs));
    return codesFromMs(rows.map((row) => Number(row.changedMs)));
  } finally {
    db.close();
  }
}
