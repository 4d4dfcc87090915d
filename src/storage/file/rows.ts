import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../primitives/errors.ts';
import { type BlobId, parseBlobId } from '../../primitives/ids.ts';
import { type Amount, type BlobOwner, wholeOf } from '../blob-store.ts';

/**
 * The table of a file store: small blobs themselves, and what is known of large ones.
 * `content` null: the bytes are a file. `leaves`: SHA-256 of each leaf, for files of several leaves.
 * The row of `owners` named '' counts every blob once, one named `WHOLE:` what all parts of that whole claim.
 * `put_ms` is 0 once anchored: when something came is kept only while it decides how long it waits.
 */
const schema = `
  CREATE TABLE blobs (
    id TEXT PRIMARY KEY, bytes INTEGER NOT NULL, leaves BLOB, content BLOB
  ) STRICT;
  CREATE TABLE claims (
    id TEXT NOT NULL, owner TEXT NOT NULL, put_ms INTEGER NOT NULL, anchored INTEGER NOT NULL,
    PRIMARY KEY (id, owner)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX claims_unanchored ON claims (put_ms) WHERE anchored = 0;
  CREATE TABLE owners (
    owner TEXT PRIMARY KEY, blobs INTEGER NOT NULL, bytes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = 1;
`;
const schemaVersion = 1;
const everybody = '';
const patienceMs = 5_000;
const cacheKiB = 24 * 1024;

export interface BlobRow {
  readonly id: BlobId;
  readonly bytes: number;
  readonly isFile: boolean;
  readonly leaves: Uint8Array | undefined;
}

export interface Claim {
  readonly id: BlobId;
  readonly owner: BlobOwner;
}

export interface RowsOptions {
  readonly readOnly: boolean;
  /** A ceiling for tests of a full disk; 0: none. */
  readonly maxPages: number;
}

/**
 * The SQLite file of a blob store: small blobs themselves, of large ones a row, and who claims
 * what.
 */
export class Rows {
  readonly #db: DatabaseSync;
  readonly #statements;

  /** Throws HOME_INVALID for a database of another kind or version. */
  constructor(path: string, { readOnly, maxPages }: RowsOptions) {
    this.#db = new DatabaseSync(path, { readOnly, timeout: patienceMs });
    try {
      // A chart of thousands is read by several at once: its pages must not come from the disk for each of them.
      this.#db.exec(`PRAGMA cache_size = -${cacheKiB}`);
      if (!readOnly) this.#prepareForWriting(path, maxPages);
      const version = this.#db.prepare('PRAGMA user_version').get()?.user_version;
      if (version !== schemaVersion) throw new CodedError('HOME_INVALID', { part: 'blobs' });
      this.#statements = prepareAll(this.#db);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  #prepareForWriting(path: string, maxPages: number): void {
    chmodSync(path, 0o600);
    // 8 KiB pages: most rows are a few KiB, and a whole one then needs no chain of overflow pages.
    this.#db.exec('PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    // What was erased is overwritten, not only forgotten (docs/protocol/storage.md, S-11).
    this.#db.exec('PRAGMA secure_delete = ON');
    if (this.#db.prepare('PRAGMA user_version').get()?.user_version === 0) {
      this.#db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`);
    }
    if (maxPages > 0) this.#db.exec(`PRAGMA max_page_count = ${maxPages}`);
  }

  begin(): void {
    this.#db.exec('BEGIN IMMEDIATE');
  }

  commit(): void {
    this.#db.exec('COMMIT');
  }

  /** Also after SQLite rolled back by itself, as it does when the disk is full. */
  rollback(): void {
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
  }

  /** Empties the write-ahead log, where erased bytes may still stand. False: a reader is in the way. */
  scrub(): boolean {
    // The whole server stands still meanwhile; the writer tries again.
    this.#db.exec('PRAGMA busy_timeout = 50');
    try {
      return this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0;
    } finally {
      this.#db.exec(`PRAGMA busy_timeout = ${patienceMs}`);
    }
  }

  close(): void {
    this.#db.close();
  }

  blob(id: BlobId): BlobRow | undefined {
    const row = this.#statements.blob.get(id);
    if (row === undefined) return undefined;
    const leaves = row.leaves instanceof Uint8Array ? row.leaves : undefined;
    return { id, bytes: numberIn(row.bytes), isFile: row.is_file === 1, leaves };
  }

  /** A small blob's bytes and the length that they should have, in one look; undefined for what is none. */
  small(id: BlobId): { readonly bytes: number; readonly content: Uint8Array } | undefined {
    const row = this.#statements.small.get(id);
    return row?.content instanceof Uint8Array
      ? { bytes: numberIn(row.bytes), content: row.content }
      : undefined;
  }

  content(id: BlobId): Uint8Array | undefined {
    const content = this.#statements.content.get(id)?.content;
    return content instanceof Uint8Array ? content : undefined;
  }

  /** The next ids after `after` in their order. */
  idsAfter(after: string, limit: number): BlobId[] {
    return this.#statements.idsAfter.all(after, limit).map((row) => parseBlobId(row.id));
  }

  /** The next blobs after `after` in the order of ids. */
  listAfter(
    after: string,
    limit: number,
  ): { readonly id: BlobId; readonly bytes: number; readonly isLarge: boolean }[] {
    return this.#statements.listAfter.all(after, limit).map((row) => ({
      id: parseBlobId(row.id),
      bytes: numberIn(row.bytes),
      isLarge: row.is_large === 1,
    }));
  }

  insertBlob(
    id: BlobId,
    bytes: number,
    stored: { readonly leaves?: Uint8Array; readonly content?: Uint8Array },
  ): void {
    this.#statements.insertBlob.run(id, bytes, stored.leaves ?? null, stored.content ?? null);
    this.#count(everybody, 1, bytes);
  }

  /** Puts good bytes in the place of changed ones. */
  replaceContent(id: BlobId, content: Uint8Array): void {
    this.#statements.replaceContent.run(content, content.length, id);
  }

  replaceLeaves(id: BlobId, leaves: Uint8Array | undefined): void {
    this.#statements.replaceLeaves.run(leaves ?? null, id);
  }

  hasClaim({ id, owner }: Claim): boolean {
    return this.#statements.claim.get(id, owner) !== undefined;
  }

  insertClaim({ id, owner }: Claim, bytes: number, nowMs: number): void {
    this.#statements.insertClaim.run(id, owner, nowMs);
    this.#count(owner, 1, bytes);
  }

  /** Sent again: the wait for its anchor begins anew. */
  renewClaim({ id, owner }: Claim, nowMs: number): void {
    this.#statements.renewClaim.run(nowMs, id, owner);
  }

  isUnanchored({ id, owner }: Claim): boolean {
    return this.#statements.claim.get(id, owner)?.anchored === 0;
  }

  anchorClaim({ id, owner }: Claim): boolean {
    return this.#statements.anchorClaim.run(id, owner).changes === 1;
  }

  unanchored(untilMs: number, limit: number): Claim[] {
    return this.#statements.unanchored
      .all(untilMs, limit)
      .map((row) => ({ id: parseBlobId(row.id), owner: String(row.owner) }));
  }

  unanchoredOf(owner: BlobOwner, limit: number): BlobId[] {
    return this.#statements.unanchoredOf.all(owner, limit).map((row) => parseBlobId(row.id));
  }

  /** The blob that nobody claims any more and that left the table with this claim, if so. */
  deleteClaim(claim: Claim): BlobRow | undefined {
    const blob = this.blob(claim.id);
    if (blob === undefined) return undefined;
    this.#statements.deleteClaim.run(claim.id, claim.owner);
    this.#count(claim.owner, -1, -blob.bytes);
    if (this.#statements.anyClaim.get(claim.id) !== undefined) return undefined;
    this.#statements.deleteBlob.run(claim.id);
    this.#count(everybody, -1, -blob.bytes);
    return blob;
  }

  usage(owner: BlobOwner): Amount {
    const row = this.#statements.usage.get(owner);
    return row === undefined
      ? { blobs: 0, bytes: 0 }
      : { blobs: numberIn(row.blobs), bytes: numberIn(row.bytes) };
  }

  total(): Amount {
    return this.usage(everybody);
  }

  #count(owner: BlobOwner, blobs: number, bytes: number): void {
    for (const counted of [owner, wholeOf(owner)]) {
      if (counted === undefined) continue;
      this.#statements.count.run(counted, blobs, bytes);
      // Who has nothing here any more is not remembered as somebody who once had.
      if (blobs < 0) this.#statements.forget.run(counted);
    }
  }
}

function numberIn(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function prepareAll(db: DatabaseSync) {
  const claimed = 'WHERE id = ? AND owner = ?';
  return {
    blob: db.prepare('SELECT bytes, leaves, content IS NULL AS is_file FROM blobs WHERE id = ?'),
    content: db.prepare('SELECT content FROM blobs WHERE id = ?'),
    small: db.prepare('SELECT bytes, content FROM blobs WHERE id = ?'),
    idsAfter: db.prepare('SELECT id FROM blobs WHERE id > ? ORDER BY id LIMIT ?'),
    listAfter: db.prepare(
      'SELECT id, bytes, leaves IS NOT NULL AS is_large FROM blobs WHERE id > ? ORDER BY id LIMIT ?',
    ),
    insertBlob: db.prepare('INSERT INTO blobs (id, bytes, leaves, content) VALUES (?, ?, ?, ?)'),
    replaceContent: db.prepare('UPDATE blobs SET content = ?, bytes = ? WHERE id = ?'),
    replaceLeaves: db.prepare('UPDATE blobs SET leaves = ? WHERE id = ?'),
    deleteBlob: db.prepare('DELETE FROM blobs WHERE id = ?'),
    claim: db.prepare(`SELECT anchored FROM claims ${claimed}`),
    anyClaim: db.prepare('SELECT 1 FROM claims WHERE id = ? LIMIT 1'),
    insertClaim: db.prepare('INSERT INTO claims (id, owner, put_ms, anchored) VALUES (?, ?, ?, 0)'),
    renewClaim: db.prepare(`UPDATE claims SET put_ms = ? ${claimed} AND anchored = 0`),
    anchorClaim: db.prepare(`UPDATE claims SET anchored = 1, put_ms = 0 ${claimed}`),
    unanchored: db.prepare(
      'SELECT id, owner FROM claims WHERE anchored = 0 AND put_ms <= ? ORDER BY put_ms LIMIT ?',
    ),
    unanchoredOf: db.prepare('SELECT id FROM claims WHERE anchored = 0 AND owner = ? LIMIT ?'),
    deleteClaim: db.prepare(`DELETE FROM claims ${claimed}`),
    usage: db.prepare('SELECT blobs, bytes FROM owners WHERE owner = ?'),
    forget: db.prepare('DELETE FROM owners WHERE owner = ? AND blobs <= 0'),
    count: db.prepare(
      `INSERT INTO owners (owner, blobs, bytes) VALUES (?, ?, ?) ON CONFLICT (owner)
       DO UPDATE SET blobs = blobs + excluded.blobs, bytes = bytes + excluded.bytes`,
    ),
  };
}
