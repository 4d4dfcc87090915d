import { DatabaseSync } from 'node:sqlite';

/** The tables of `gateway.db` as every home had them when the whole file had one version: never edited. */
const tables = `
CREATE TABLE progress (one INTEGER PRIMARY KEY CHECK (one = 1), height INTEGER NOT NULL) STRICT;
INSERT INTO progress VALUES (1, 0);

CREATE TABLE accounts (account TEXT PRIMARY KEY, organisation TEXT NOT NULL, role TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE consents (consent TEXT PRIMARY KEY, account TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE shared_blobs (blob TEXT PRIMARY KEY, account TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE anchors (
  account TEXT NOT NULL, root BLOB NOT NULL, txId TEXT NOT NULL, height INTEGER NOT NULL, timeMs INTEGER NOT NULL,
  epoch INTEGER NOT NULL, consent TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (account, root)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
  delivery INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, root BLOB NOT NULL, epoch INTEGER NOT NULL,
  consent TEXT NOT NULL, count INTEGER NOT NULL, deliverer TEXT NOT NULL, receivedMs INTEGER NOT NULL,
  txId TEXT, height INTEGER, timeMs INTEGER, shownAs INTEGER, UNIQUE (account, root)
) STRICT;
CREATE INDEX deliveries_by_height ON deliveries (account, height);
CREATE INDEX deliveries_by_change ON deliveries (account, shownAs) WHERE shownAs IS NOT NULL;
CREATE TABLE items (
  delivery INTEGER NOT NULL REFERENCES deliveries ON DELETE CASCADE, position INTEGER NOT NULL,
  account TEXT NOT NULL, recordId TEXT NOT NULL, leaf BLOB NOT NULL,
  salt BLOB, leafContent BLOB, header BLOB, class TEXT, blob TEXT, tombstone BLOB,
  erasedAs INTEGER,
  PRIMARY KEY (delivery, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX items_by_record ON items (account, recordId);
CREATE INDEX items_by_leaf ON items (account, leaf);
CREATE INDEX items_by_blob ON items (blob) WHERE blob IS NOT NULL;
CREATE INDEX items_by_change ON items (account, erasedAs) WHERE erasedAs IS NOT NULL;
CREATE TABLE row_changes (account TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE ended_claims (
  blob TEXT NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (blob, owner)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, kind TEXT NOT NULL, receivedMs INTEGER NOT NULL,
  sealed BLOB NOT NULL, signed BLOB, anchor TEXT, shown INTEGER NOT NULL, entryHash BLOB
) STRICT;
CREATE INDEX inbox_by_account ON inbox (account, id) WHERE shown = 1;
CREATE UNIQUE INDEX inbox_by_entry ON inbox (entryHash) WHERE entryHash IS NOT NULL;
CREATE TABLE inbox_seen (hash BLOB PRIMARY KEY, seenMs INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE read_nonces (
  reader TEXT NOT NULL, nonce BLOB NOT NULL, seenMs INTEGER NOT NULL, PRIMARY KEY (reader, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX read_nonces_by_time ON read_nonces (seenMs);

CREATE TABLE batch_leaves (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, content BLOB NOT NULL, atMs INTEGER NOT NULL,
  inboxId INTEGER, root BLOB, position INTEGER, path BLOB, count INTEGER
) STRICT;
CREATE INDEX batch_leaves_by_root ON batch_leaves (root);
CREATE TABLE refused_callers (
  reader TEXT NOT NULL, hour INTEGER NOT NULL, leaves INTEGER NOT NULL, beyond INTEGER NOT NULL,
  firstMs INTEGER NOT NULL, lastMs INTEGER NOT NULL, PRIMARY KEY (reader, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE wallet_copies (
  locator TEXT PRIMARY KEY, account TEXT NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL,
  updatedMs INTEGER NOT NULL
) STRICT;
CREATE INDEX wallet_copies_by_account ON wallet_copies (account);

CREATE TABLE invitations (
  hash BLOB PRIMARY KEY, role TEXT NOT NULL, createdMs INTEGER NOT NULL, account TEXT, txId TEXT, height INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE cards (account TEXT PRIMARY KEY, card BLOB NOT NULL) STRICT, WITHOUT ROWID;
`;

/** A file as the build of that layout left it, with the rows that `fill` writes. */
export function layout3(path: string, fill: (db: DatabaseSync) => void = () => {}): void {
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode=WAL; BEGIN IMMEDIATE; ${tables}; PRAGMA user_version=3; COMMIT`);
  fill(db);
  db.close();
}
