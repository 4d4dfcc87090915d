import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../primitives/errors.ts';
import { type AccountId, type BlobId, parseAccountId, parseBlobId } from '../../primitives/ids.ts';
import { noGuard, type RowGuard, type UnboundRow } from '../../primitives/row-guard.ts';
import type { BlobTree } from '../blob-id.ts';

/**
 * What a storage node remembers of the network. `replicas`: who pinned what of ours, `lost` 1 when a challenge failed
 * since. `erasures`: whom to tell that a claim of ours ended. `erased`: ids of which our
 * last claim ended, `is_back` 1 when they were claimed again. `pins`, `tombstones`: what others asked us to keep, and to erase. `blocks`: in which blob a leaf (its place) or a node
 * (-1 - its place in the tree) is. `reports`: what an operator should know, newest last.
 */
const schema = `
  CREATE TABLE replicas (
    id TEXT NOT NULL, member TEXT NOT NULL, at_ms INTEGER NOT NULL, lost INTEGER NOT NULL,
    PRIMARY KEY (id, member)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX replicas_of_member ON replicas (member, id);
  CREATE TABLE erasures (
    id TEXT NOT NULL, member TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (id, member)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE erased (
    id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, is_back INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE pins (
    id TEXT NOT NULL, custodian TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (id, custodian)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tombstones (
    id TEXT NOT NULL, custodian TEXT NOT NULL, at_ms INTEGER NOT NULL, statement BLOB NOT NULL,
    PRIMARY KEY (id, custodian)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE blocks (
    block TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (block, id, place)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX blocks_of_blob ON blocks (id);
  CREATE TABLE reports (
    at_ms INTEGER NOT NULL, code TEXT NOT NULL, member TEXT NOT NULL, id TEXT NOT NULL
  ) STRICT;
  PRAGMA user_version = 1;
`;
const schemaVersion = 1;
const reportsKept = 1_000;

/** Something that a member did or failed to do, or that became of a blob. */
export interface Report {
  readonly atMs: number;
  /** HOLDER_LIED, HOLDER_SILENT, BLOB_UNKNOWN (lost by its holder), or what it was refused with. */
  readonly code: string;
  readonly member: AccountId;
  readonly blobId: BlobId;
}

/** A leaf or a node of a blob. `place`: of the leaf; of a node -1 - its place in `BlobTree.nodes`. */
export interface BlockPlace {
  readonly blobId: BlobId;
  readonly place: number;
}

/** The database of a storage node. All of it can be made again by asking the network, but for tombstones and erasures. */
export class NetworkRows {
  /** What was not as it had been written when it was opened. */
  readonly unbound: readonly UnboundRow[];
  readonly #db: DatabaseSync;
  readonly #guard: RowGuard<DatabaseSync>;
  readonly #told: (wrong: UnboundRow) => void;
  readonly #statements;

  /**
   * `told`: of each row that is met and does not hold, here or later. Throws HOME_INVALID for a database of another version.
   * Source: docs/protocol/stores.md, rule SR-12.
   */
  constructor(
    path: string,
    guard: RowGuard<DatabaseSync> = noGuard,
    told: (wrong: UnboundRow) => void = () => {},
  ) {
    this.#guard = guard;
    this.#told = told;
    this.#db = new DatabaseSync(path, { timeout: 5_000 });
    try {
      chmodSync(path, 0o600);
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      this.#db.exec('BEGIN IMMEDIATE');
      if (this.#db.prepare('PRAGMA user_version').get()?.user_version === 0) this.#db.exec(schema);
      const version = this.#db.prepare('PRAGMA user_version').get()?.user_version;
      if (version !== schemaVersion) throw new CodedError('HOME_INVALID', { part: 'storage' });
      // The places of blocks are as many as there are leaves: the scrub looks at them, and so does whoever reads one.
      this.unbound = guard.unbound(this.#db, ['blocks']);
      guard.open(this.#db);
      // With its tables: a scrub beside this sees none that is not bound.
      this.#db.exec('COMMIT');
      this.#statements = prepareAll(this.#db);
      // Told first: a crash in between tells it again.
      for (const it of this.unbound) told(it);
      if (this.unbound.length > 0) this.#mend();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /**
   * A copy that somebody else's row speaks of is asked for again, an erasure that nobody of us wrote is told nobody; what is
   * left is bound as it is.
   */
  #mend(): void {
    this.together(() => {
      for (const table of ['replicas', 'erasures'] as const) {
        const named = this.#db.prepare(`SELECT id, member FROM ${table}`).all();
        const wrong = named.filter(
          ({ id, member }) =>
            this.#guard.wrong(this.#db, table, [String(id), String(member)]) !== undefined,
        );
        const drop = this.#db.prepare(`DELETE FROM ${table} WHERE id = ? AND member = ?`);
        for (const { id, member } of wrong) drop.run(String(id), String(member));
      }
      this.#guard.settle(this.#db);
    });
  }

  /** Of a row that does not hold nothing is believed, and it is told. */
  #holds(table: string, ...name: readonly (string | number)[]): boolean {
    const wrong = this.#guard.wrong(this.#db, table, name);
    if (wrong !== undefined) this.#told(wrong);
    return wrong === undefined;
  }

  /** All of `work` or nothing of it. */
  together<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const done = work();
      this.#db.exec('COMMIT');
      return done;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }

  /** A member has it now. What was still to be told it about an earlier erasure is void. */
  pinned(id: BlobId, member: AccountId, atMs: number): void {
    this.#statements.pinned.run(id, member, atMs);
    this.#statements.notErase.run(id, member);
  }

  lost(id: BlobId, member: AccountId): void {
    this.#statements.lost.run(id, member);
  }

  /** Members that have it, as far as is known. */
  membersWith(id: BlobId): AccountId[] {
    return this.#statements.membersWith
      .all(id)
      .map((row) => parseAccountId(row.member))
      .filter((member) => this.#holds('replicas', id, member));
  }

  /** Blobs that a member has, the next ones after this id. */
  heldBy(member: AccountId, after: string, limit: number): BlobId[] {
    return this.#statements.heldBy.all(member, after, limit).map((row) => parseBlobId(row.id));
  }

  counts(member: AccountId): { readonly pinned: number; readonly lost: number } {
    const row = this.#statements.counts.get(member);
    return { pinned: numberIn(row?.pinned), lost: numberIn(row?.lost) };
  }

  /** Ids that some member has or had of us, the next ones after this one. */
  replicated(after: string, limit: number): BlobId[] {
    return this.#statements.replicated.all(after, limit).map((row) => parseBlobId(row.id));
  }

  /**
   * Our last claim on it ended: everybody who ever pinned it is to be told. Whatever a clock says, not earlier than it
   * was pinned or erased before.
   */
  erase(id: BlobId, nowMs: number): void {
    const pinnedMs = numberIn(this.#statements.pinnedAt.get(id)?.at_ms);
    const atMs = Math.max(nowMs, pinnedMs, this.lastErasedAt(id) ?? 0);
    this.#statements.erase.run(atMs, id);
    this.#statements.forget.run(id);
    this.#statements.erased.run(id, atMs);
  }

  /** Whether our last claim on it ended, and it was not claimed again; true also where another hand wrote it. */
  isErased(id: BlobId): boolean {
    if (!this.#holds('erased', id)) return true;
    return this.#statements.erasedAt.get(id)?.is_back === 0;
  }

  /** When our last claim on it ended last, whatever came then; undefined: never. */
  lastErasedAt(id: BlobId): number | undefined {
    const row = this.#statements.erasedAt.get(id);
    return row === undefined ? undefined : numberIn(row.at_ms);
  }

  /** It is claimed again. */
  notErased(id: BlobId): void {
    this.#statements.notErased.run(id);
  }

  /** The oldest first. */
  erasuresFor(member: AccountId, limit: number): { readonly id: BlobId; readonly atMs: number }[] {
    return this.#statements.erasuresFor
      .all(member, limit)
      .map((row) => ({ id: parseBlobId(row.id), atMs: numberIn(row.at_ms) }))
      .filter(({ id }) => this.#holds('erasures', id, member));
  }

  erasuresWaiting(member: AccountId): number {
    return numberIn(this.#statements.erasuresWaiting.get(member)?.n);
  }

  erasureTold(id: BlobId, member: AccountId, atMs: number): void {
    this.#statements.erasureTold.run(id, member, atMs);
  }

  /** What has waited since before this, and no member will ever answer. */
  dropErasures(beforeMs: number): void {
    this.#statements.dropErasures.run(beforeMs);
  }

  pinFor(id: BlobId, custodian: AccountId, atMs: number): void {
    this.#statements.pinFor.run(id, custodian, atMs);
  }

  /** Undefined also of a row of another hand: what its custodian signed to be erased is not kept for it. */
  pinnedForAt(id: BlobId, custodian: AccountId): number | undefined {
    if (!this.#holds('pins', id, custodian)) return undefined;
    const row = this.#statements.pinnedForAt.get(id, custodian);
    return row === undefined ? undefined : numberIn(row.at_ms);
  }

  bury(id: BlobId, custodian: AccountId, stone: { atMs: number; statement: Uint8Array }): void {
    this.#statements.bury.run(id, custodian, stone.atMs, stone.statement);
    this.#statements.unpin.run(id, custodian);
  }

  /** Later than everything where the stone is not as it was put: what was erased does not come back by it. */
  tombstoneAt(id: BlobId, custodian: AccountId): number | undefined {
    if (!this.#holds('tombstones', id, custodian)) return Number.MAX_SAFE_INTEGER;
    const row = this.#statements.tombstoneAt.get(id, custodian);
    return row === undefined ? undefined : numberIn(row.at_ms);
  }

  /** The blocks of a large blob, so that each is found by its own id. */
  indexTree(id: BlobId, tree: BlobTree, leafIdAt: (place: number) => BlobId): void {
    const leaves = tree.leafDigests.length / 32;
    this.together(() => {
      for (let place = 0; place < leaves; place++) {
        this.#statements.indexBlock.run(leafIdAt(place), id, place);
      }
      for (const [at, node] of tree.nodes.entries()) {
        this.#statements.indexBlock.run(node.id, id, -1 - at);
      }
    });
  }

  isIndexed(id: BlobId): boolean {
    return this.#statements.isIndexed.get(id) !== undefined;
  }

  dropIndex(id: BlobId): void {
    this.#statements.dropIndex.run(id);
  }

  /** The blobs that this block is part of. */
  placesOf(block: BlobId): BlockPlace[] {
    return this.#statements.placesOf
      .all(block)
      .map((row) => ({ blobId: parseBlobId(row.id), place: numberIn(row.place) }))
      .filter(({ blobId, place }) => this.#holds('blocks', block, blobId, place));
  }

  report({ atMs, code, member, blobId }: Report): void {
    this.#statements.report.run(atMs, code, member, blobId);
    this.#statements.dropReports.run(reportsKept);
  }

  /** Newest first. */
  reports(limit: number): Report[] {
    return this.#statements.reports.all(limit).map((row) => ({
      atMs: numberIn(row.at_ms),
      code: String(row.code),
      member: parseAccountId(row.member),
      blobId: parseBlobId(row.id),
    }));
  }
}

function numberIn(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function prepareAll(db: DatabaseSync) {
  return {
    pinned: db.prepare(
      `INSERT INTO replicas (id, member, at_ms, lost) VALUES (?, ?, ?, 0)
       ON CONFLICT (id, member) DO UPDATE SET at_ms = excluded.at_ms, lost = 0`,
    ),
    lost: db.prepare('UPDATE replicas SET lost = 1 WHERE id = ? AND member = ?'),
    membersWith: db.prepare('SELECT member FROM replicas WHERE id = ? AND lost = 0'),
    heldBy: db.prepare(
      'SELECT id FROM replicas WHERE member = ? AND lost = 0 AND id > ? ORDER BY id LIMIT ?',
    ),
    counts: db.prepare(
      'SELECT COUNT(*) - COALESCE(SUM(lost), 0) AS pinned, COALESCE(SUM(lost), 0) AS lost FROM replicas WHERE member = ?',
    ),
    replicated: db.prepare('SELECT DISTINCT id FROM replicas WHERE id > ? ORDER BY id LIMIT ?'),
    erase: db.prepare(
      `INSERT INTO erasures (id, member, at_ms)
       SELECT id, member, ? FROM replicas WHERE id = ?
       ON CONFLICT (id, member) DO UPDATE SET at_ms = excluded.at_ms`,
    ),
    pinnedAt: db.prepare('SELECT MAX(at_ms) AS at_ms FROM replicas WHERE id = ?'),
    forget: db.prepare('DELETE FROM replicas WHERE id = ?'),
    erased: db.prepare('INSERT OR REPLACE INTO erased (id, at_ms, is_back) VALUES (?, ?, 0)'),
    erasedAt: db.prepare('SELECT at_ms, is_back FROM erased WHERE id = ?'),
    notErased: db.prepare('UPDATE erased SET is_back = 1 WHERE id = ?'),
    notErase: db.prepare('DELETE FROM erasures WHERE id = ? AND member = ?'),
    erasuresFor: db.prepare(
      'SELECT id, at_ms FROM erasures WHERE member = ? ORDER BY at_ms, id LIMIT ?',
    ),
    erasuresWaiting: db.prepare('SELECT COUNT(*) AS n FROM erasures WHERE member = ?'),
    erasureTold: db.prepare('DELETE FROM erasures WHERE id = ? AND member = ? AND at_ms <= ?'),
    dropErasures: db.prepare('DELETE FROM erasures WHERE at_ms < ?'),
    pinFor: db.prepare(
      `INSERT INTO pins (id, custodian, at_ms) VALUES (?, ?, ?)
       ON CONFLICT (id, custodian) DO UPDATE SET at_ms = MAX(at_ms, excluded.at_ms)`,
    ),
    pinnedForAt: db.prepare('SELECT at_ms FROM pins WHERE id = ? AND custodian = ?'),
    unpin: db.prepare('DELETE FROM pins WHERE id = ? AND custodian = ?'),
    bury: db.prepare(
      `INSERT OR REPLACE INTO tombstones (id, custodian, at_ms, statement) VALUES (?, ?, ?, ?)`,
    ),
    tombstoneAt: db.prepare('SELECT at_ms FROM tombstones WHERE id = ? AND custodian = ?'),
    indexBlock: db.prepare('INSERT OR IGNORE INTO blocks (block, id, place) VALUES (?, ?, ?)'),
    isIndexed: db.prepare('SELECT 1 FROM blocks WHERE id = ? LIMIT 1'),
    dropIndex: db.prepare('DELETE FROM blocks WHERE id = ?'),
    placesOf: db.prepare('SELECT id, place FROM blocks WHERE block = ? LIMIT 8'),
    report: db.prepare('INSERT INTO reports (at_ms, code, member, id) VALUES (?, ?, ?, ?)'),
    dropReports: db.prepare(
      'DELETE FROM reports WHERE rowid <= (SELECT MAX(rowid) FROM reports) - ?',
    ),
    reports: db.prepare('SELECT at_ms, code, member, id FROM reports ORDER BY rowid DESC LIMIT ?'),
  };
}
