import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeErased } from '../../api/erase.ts';
import {
  decodeLeafContent,
  decodeStoredHeader,
  itemHeaderHash,
  itemLeafHash,
} from '../../api/item.ts';
import { decodeSigned } from '../../api/signed.ts';
import { labels } from '../../crypto/labels.ts';
import { verifyLabelled } from '../../crypto/signature.ts';
import { merkleRoot } from '../../ledger/merkle.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type AccountId, parseBlobId, type TxId } from '../../primitives/ids.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import { faultOfNow, isUnopened, isUnreadable } from './sqlite-faults.ts';

export interface AnchorFacts {
  readonly account: AccountId;
  readonly txId: TxId;
  readonly height: number;
  readonly timeMs: number;
  readonly epoch: number;
  readonly count: number;
  readonly consent: string;
}

/** What the verified blocks say. */
export interface LedgerFacts {
  readonly height: number;
  /** By `account root`. */
  readonly anchors: Map<string, AnchorFacts>;
  readonly organisationOf: ReadonlyMap<AccountId, AccountId>;
  /** Signing keys that an organisation has or had, hex. */
  readonly organisationKeys: ReadonlyMap<AccountId, ReadonlySet<string>>;
}

export interface VerifiedRows {
  readonly items: number;
  readonly erased: number;
  readonly announced: number;
}

interface RowsToVerify {
  readonly path: string;
  readonly facts: LedgerFacts;
  readonly blobs: BlobStore;
  readonly signal?: AbortSignal;
}

type Columns = Readonly<Record<string, unknown>>;

/**
 * Compares a gateway's rows with the ledger: each delivery has its anchor, its leaves give the anchored
 * root, and each leaf is the hash of salt, content and header as they lie there. What was erased has a
 * tombstone that its holder signed. Throws PROOF_INVALID, ITEM_HEADER_CORRUPT, BLOB_CORRUPT, STORE_BUSY, DISK_FULL.
 */
export async function verifyRows(rows: RowsToVerify): Promise<VerifiedRows> {
  const opened = openToRead(rows.path);
  try {
    const { db } = opened;
    const sound = db.prepare('PRAGMA integrity_check(1)').get();
    if (sound?.integrity_check !== 'ok') {
      throw new CodedError('ITEM_HEADER_CORRUPT', { file: 'gateway.db' });
    }
    // One picture of everything, although the gateway may be writing.
    db.exec('BEGIN');
    return await verifyDeliveries(db, rows);
  } catch (error) {
    if (!isUnreadable(error)) throw faultOfNow(error) ?? error;
    throw new CodedError('ITEM_HEADER_CORRUPT', { file: 'gateway.db' }, error);
  } finally {
    opened.close();
  }
}

/** A database of a home, also where its folder may not be written to. Throws what SQLite throws where it is locked, or has no room. */
export function openToRead(path: string): {
  readonly db: DatabaseSync;
  readonly close: () => void;
} {
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    db.prepare('SELECT 1 FROM sqlite_schema').get();
    return { db, close: () => db.close() };
  } catch (error) {
    // What somebody writes to meanwhile is never copied: half of it would be older than the other.
    if (!isUnreadable(error) && !isUnopened(error)) throw error;
    // A folder that may not be written to: SQLite reads a write-ahead log only beside a file it may touch.
    const temporary = mkdtempSync(join(tmpdir(), 'salus-verify-'));
    const leave = () => rmSync(temporary, { recursive: true, force: true });
    try {
      for (const end of ['', '-wal']) {
        if (existsSync(path + end)) copyFileSync(path + end, join(temporary, `rows.db${end}`));
      }
      const db = new DatabaseSync(join(temporary, 'rows.db'));
      return {
        db,
        close: () => {
          db.close();
          leave();
        },
      };
    } catch (again) {
      leave();
      throw again;
    }
  }
}

async function verifyDeliveries(
  db: DatabaseSync,
  { facts, blobs, signal, path }: RowsToVerify,
): Promise<VerifiedRows> {
  let items = 0;
  let erased = 0;
  const delivered = new Set<string>();
  const custody = new Set<AccountId>();
  const organisation = custodianOf(db, facts);
  for (const [account, of] of facts.organisationOf) if (of === organisation) custody.add(account);
  const itemsOf = db.prepare('SELECT * FROM items WHERE delivery = ? ORDER BY position');
  for (const delivery of db.prepare('SELECT * FROM deliveries WHERE height IS NOT NULL').all()) {
    if (signal?.aborted === true) throw new CodedError('INTERRUPTED');
    await nextTurn();
    // Anchored while we were reading blocks: the next verification sees it.
    if (Number(delivery.height) > facts.height) continue;
    const key = `${delivery.account} ${bytesToHex(bytesOf(delivery, 'root'))}`;
    requireAnchor(facts.anchors.get(key), delivery);
    delivered.add(key);
    const rows = itemsOf.all(Number(delivery.delivery));
    for (const row of rows) {
      if (row.tombstone !== null) {
        await requireTombstone(row, { organisation, facts });
        erased += 1;
      } else {
        await requireItem(row, { delivery, blobs, path });
        items += 1;
      }
    }
    requireRoot(delivery, rows);
  }
  const announced = [...facts.anchors].filter(
    ([key, { account }]) => custody.has(account) && !delivered.has(key),
  ).length;
  return { items, erased, announced };
}

/** Whose gateway this is: the organisation of the accounts in its custody. */
function custodianOf(db: DatabaseSync, facts: LedgerFacts): AccountId | undefined {
  const row = db
    .prepare('SELECT account FROM deliveries WHERE height IS NOT NULL AND height <= ? LIMIT 1')
    .get(facts.height);
  for (const [account, organisation] of facts.organisationOf) {
    if (account === row?.account) return organisation;
  }
  return undefined;
}

function requireAnchor(anchor: AnchorFacts | undefined, delivery: Columns): void {
  const { txId, height, timeMs, epoch, count, consent } = delivery;
  const holds =
    anchor !== undefined &&
    anchor.txId === txId &&
    anchor.height === height &&
    anchor.timeMs === timeMs &&
    anchor.epoch === epoch &&
    anchor.count === count &&
    anchor.consent === consent;
  if (!holds) throw broken('PROOF_INVALID', delivery, 'anchor');
}

function requireRoot(delivery: Columns, rows: readonly Columns[]): void {
  const inOrder = rows.length === delivery.count && rows.every((row, at) => row.position === at);
  const leaves = rows.map((row) => bytesOf(row, 'leaf'));
  if (!inOrder || !equalBytes(merkleRoot(leaves), bytesOf(delivery, 'root'))) {
    throw broken('PROOF_INVALID', rows[0] ?? delivery, 'root');
  }
}

async function requireItem(
  row: Columns,
  {
    delivery,
    blobs,
    path,
  }: { readonly delivery: Columns; readonly blobs: BlobStore; readonly path: string },
): Promise<void> {
  const defect = leafDefect(row, delivery);
  if (defect === 'leaf') throw broken('PROOF_INVALID', row, 'leaf');
  if (defect !== undefined) throw broken('ITEM_HEADER_CORRUPT', row, defect);
  const { blobId } = decodeLeafContent(bytesOf(row, 'leafContent'));
  const { recordId } = row;
  if (!(await blobs.has(parseBlobId(blobId))) && !wasErasedMeanwhile(path, row)) {
    throw new CodedError('BLOB_CORRUPT', { blobId, recordId: String(recordId), reason: 'missing' });
  }
}

/** What of an item's row does not follow from its leaf: the leaf, the header or the columns beside them; undefined: all does. */
export function leafDefect(
  row: Columns,
  delivery: Columns,
): 'leaf' | 'header' | 'columns' | undefined {
  const { salt, leafContent, leaf, header } = row;
  const parts = [salt, leafContent, leaf, header].filter((it) => it instanceof Uint8Array);
  const [saltBytes, content, leafBytes, headerBytes] = parts;
  if (!saltBytes || !content || !leafBytes || !headerBytes) return 'columns';
  try {
    if (!equalBytes(itemLeafHash(saltBytes, content), leafBytes)) return 'leaf';
    const { headerHash, blobId, recordClass } = decodeLeafContent(content);
    if (!equalBytes(itemHeaderHash(headerBytes), headerHash)) return 'header';
    const { recordId, epoch } = decodeStoredHeader(headerBytes);
    const agrees =
      row.class === recordClass &&
      row.blob === blobId &&
      row.recordId === recordId &&
      row.account === delivery.account &&
      delivery.epoch === epoch;
    return agrees ? undefined : 'columns';
  } catch (cause) {
    if (!isCoded(cause)) throw cause;
    return 'header';
  }
}

/** The blob store is read as it is now, the rows as they were when we began. */
function wasErasedMeanwhile(path: string, row: Columns): boolean {
  const { db, close } = openToRead(path);
  try {
    const now = db
      .prepare('SELECT tombstone FROM items WHERE account = ? AND leaf = ?')
      .get(String(row.account), bytesOf(row, 'leaf'));
    return now?.tombstone instanceof Uint8Array;
  } finally {
    close();
  }
}

async function requireTombstone(
  row: Columns,
  {
    organisation,
    facts,
  }: { readonly organisation: AccountId | undefined; readonly facts: LedgerFacts },
): Promise<void> {
  const wrong = (what: string) => broken('ITEM_HEADER_CORRUPT', row, what);
  if (row.salt !== null || row.leafContent !== null || row.header !== null) {
    throw wrong('not erased');
  }
  let signed: ReturnType<typeof decodeSigned>;
  let erased: ReturnType<typeof decodeErased>;
  try {
    signed = decodeSigned(bytesOf(row, 'tombstone'));
    erased = decodeErased(signed.bytes);
  } catch (cause) {
    if (!isCoded(cause)) throw cause;
    throw wrong('tombstone');
  }
  const { holder, holderKey, leaf, account } = erased;
  const known = facts.organisationKeys.get(holder)?.has(bytesToHex(holderKey)) === true;
  const holds =
    known &&
    holder === organisation &&
    account === row.account &&
    equalBytes(leaf, bytesOf(row, 'leaf')) &&
    (await verifyLabelled(holderKey, labels.erasedSign, signed.bytes, signed.signature));
  if (!holds) throw wrong('tombstone');
}

function bytesOf(row: Columns, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw broken('ITEM_HEADER_CORRUPT', row, column);
  return value;
}

function broken(
  code: 'PROOF_INVALID' | 'ITEM_HEADER_CORRUPT',
  row: Columns,
  what: string,
): CodedError {
  const { recordId, height } = row;
  return new CodedError(code, {
    ...(typeof recordId === 'string' && { recordId }),
    ...(typeof height === 'number' && { height }),
    what,
  });
}
