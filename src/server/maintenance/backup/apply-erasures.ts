import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { decodeErased } from '../../../api/erase.ts';
import { decodeSigned } from '../../../api/signed.ts';
import { claimOwnerColumn } from '../../../gateway/parts/custody/claim-owner.ts';
import { hospitalsOf } from '../../process.ts';
import { followBound } from '../../row-key.ts';

/**
 * Erases in a restored home what was erased in a newer one: a backup still holds the rows that people erased
 * after it was made. Only tombstones are taken over; the verification that follows refuses one that its
 * holder did not sign. The bodies' claims end when the server starts, and the tombstones are anchored anew.
 * Source: docs/operations/backup.md, rule K-7.
 */
export function applyErasuresOf(newerHome: string, home: string): number {
  let erased = 0;
  for (const hospital of hospitalsOf(home)) {
    const newer = join(newerHome, 'servers', hospital, 'gateway.db');
    if (!existsSync(newer)) continue;
    erased += applyTo(join(home, 'servers', hospital), newer);
  }
  return erased;
}

function applyTo(folder: string, newer: string): number {
  const from = new DatabaseSync(newer, { readOnly: true, timeout: 5_000 });
  const db = new DatabaseSync(join(folder, 'gateway.db'));
  try {
    followBound(db, folder);
    db.exec('PRAGMA secure_delete=ON; PRAGMA synchronous=FULL; BEGIN IMMEDIATE');
    // The chart's claim, and in a home that an earlier build wrote the deliverer's.
    const claim = db.prepare(
      `INSERT OR IGNORE INTO ended_claims
       SELECT blob, deliverer FROM items JOIN deliveries USING (delivery)
       WHERE items.account = ?1 AND leaf = ?2 AND tombstone IS NULL AND blob IS NOT NULL AND deliverer <> ''
       UNION SELECT blob, ${claimOwnerColumn} FROM items JOIN deliveries USING (delivery)
       WHERE items.account = ?1 AND leaf = ?2 AND tombstone IS NULL AND blob IS NOT NULL`,
    );
    const erase = db.prepare(
      `UPDATE items SET salt = NULL, leafContent = NULL, header = NULL, class = NULL, blob = NULL, tombstone = ?3
       WHERE account = ?1 AND leaf = ?2 AND tombstone IS NULL`,
    );
    const notice = db.prepare(
      "INSERT INTO inbox (account, kind, receivedMs, sealed, shown) VALUES (?, 'erased', ?, ?, 1)",
    );
    const leafOfBatch = db.prepare(
      "INSERT INTO batch_leaves (kind, content, atMs, inboxId) VALUES ('erased', ?, ?, ?)",
    );
    let erased = 0;
    const rows = from.prepare('SELECT account, leaf, tombstone FROM items WHERE tombstone NOTNULL');
    for (const { account, leaf, tombstone } of rows.iterate()) {
      if (!(leaf instanceof Uint8Array) || !(tombstone instanceof Uint8Array)) continue;
      claim.run(String(account), leaf);
      const changed = Number(erase.run(String(account), leaf, tombstone).changes);
      if (changed === 0) continue;
      erased += changed;
      const { erasedMs } = decodeErased(decodeSigned(tombstone).bytes);
      const { lastInsertRowid } = notice.run(String(account), erasedMs, tombstone);
      leafOfBatch.run(tombstone, erasedMs, lastInsertRowid);
    }
    db.exec('COMMIT');
    return erased;
  } finally {
    db.close();
    from.close();
  }
}
