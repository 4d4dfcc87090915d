/**
 * `wallet_heads`: signed copies; `isWhole` 0: its shards may be gone. `wallet_named`: which shards a whole copy names, and
 * the one that is being written. `wallet_eras`: how often an account rotated with its printed code, and when last;
 * what was stored carries the number of then. `wallet_room` sums what each era takes: blobs are read for no sum, and
 * the columns before a blob without it. A shard counts as 4 KiB at least, so that their number has a bound too.
 */
export const copyTables = `
DROP TABLE wallet_copies;
CREATE TABLE wallet_heads (
  account TEXT NOT NULL, serial INTEGER NOT NULL, publicKey BLOB NOT NULL, writtenMs INTEGER NOT NULL, era INTEGER NOT NULL,
  isFirst INTEGER NOT NULL, isWhole INTEGER NOT NULL, counted INTEGER NOT NULL, sha256 BLOB NOT NULL, signed BLOB NOT NULL,
  PRIMARY KEY (account, serial)
) STRICT;
CREATE TABLE wallet_shards (
  account TEXT NOT NULL, name TEXT NOT NULL, sha256 BLOB NOT NULL, bytes INTEGER NOT NULL, storedMs INTEGER NOT NULL,
  era INTEGER NOT NULL, counted INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (account, name)
) STRICT;
CREATE TABLE wallet_named (
  account TEXT NOT NULL, serial INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (account, serial, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX wallet_named_by_name ON wallet_named (account, name);
CREATE TABLE wallet_eras (account TEXT PRIMARY KEY, era INTEGER NOT NULL, sinceMs INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE wallet_room (
  account TEXT NOT NULL, era INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (account, era)
) STRICT, WITHOUT ROWID;
${['wallet_heads', 'wallet_shards'].map(triggersOf).join('')}`;

function triggersOf(table: string): string {
  return `
CREATE TRIGGER ${table}_come AFTER INSERT ON ${table} BEGIN
  INSERT INTO wallet_room VALUES (new.account, new.era, new.counted)
  ON CONFLICT (account, era) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER ${table}_go AFTER DELETE ON ${table} BEGIN
  UPDATE wallet_room SET bytes = bytes - old.counted WHERE account = old.account AND era = old.era;
  DELETE FROM wallet_room WHERE account = old.account AND era = old.era AND bytes = 0;
END;`;
}

/** Whose copies are to go: when that was said, and when the account revoked its key; 0: not yet. Both by the gateway's clock. */
export const leavingTable = `
CREATE TABLE wallet_leaving (
  account TEXT PRIMARY KEY, askedMs INTEGER NOT NULL, revokedMs INTEGER NOT NULL
) STRICT, WITHOUT ROWID;`;
