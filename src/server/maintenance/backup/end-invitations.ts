import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { hospitalsOf, serversOf } from '../../process.ts';
import { followBound } from '../../row-key.ts';

/**
 * Ends the invitations that are open in a restored home, and returns how many. One of them may have been used after
 * the backup; even where the ledger has the account, nothing there says by which invitation it came.
 * Source: docs/operations/backup.md, rule K-12.
 */
export function endOpenInvitations(home: string, nowMs: number): number {
  let ended = 0;
  for (const hospital of hospitalsOf(home)) {
    const db = new DatabaseSync(join(serversOf(home), hospital, 'gateway.db'));
    try {
      // A file of before has none that anybody could come with.
      const hasEnds = db.prepare(
        "SELECT 1 FROM pragma_table_info('invitations') WHERE name = 'endedMs'",
      );
      if (hasEnds.get() === undefined) continue;
      db.exec('PRAGMA synchronous=FULL');
      followBound(db, join(serversOf(home), hospital));
      // One that somebody has claimed is that account's, whether the ledger has it or not.
      const end = db.prepare(
        'UPDATE invitations SET endedMs = ? WHERE account IS NULL AND endedMs IS NULL',
      );
      ended += Number(end.run(nowMs).changes);
    } finally {
      db.close();
    }
  }
  return ended;
}
