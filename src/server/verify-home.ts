import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { decodeErased } from '../api/erase.ts';
import { decodeLeafContent, itemHeaderHash, itemLeafHash } from '../api/item.ts';
import { decodeSigned } from '../api/signed.ts';
import { labels } from '../crypto/labels.ts';
import { verifyLabelled, verifyVote } from '../crypto/signature.ts';
import type { Application } from '../engines/application.ts';
import { verifyLedger } from '../engines/embedded/verify.ts';
import { openLedgerApplication } from '../engines/ledger-application/open.ts';
import { parseTrustRoot } from '../ledger/chain/trust-root.ts';
import { merkleRoot } from '../ledger/merkle.ts';
import { anchorRowId } from '../ledger/state.ts';
import { equalBytes, hexToBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { parseAccountId } from '../primitives/ids.ts';
import { openFileBlobStore } from '../storage/file/file-blob-store.ts';
import { signatureChecks } from './ledger.ts';

export interface HomeProgress {
  readonly phase: 'ledger' | 'items' | 'blobs';
  readonly hospital?: string;
}

export interface HomeVerdict {
  readonly height: number;
  readonly headerHash: string;
  readonly blobs: number;
  readonly items: number;
  readonly erased: number;
}

/**
 * Verifies all that servers hold in a home: hashes and executes the whole ledger again, checks every item's
 * header and leaf against the anchored root, every tombstone's signature, and every stored byte. It reads
 * only, beside a running server or on a copy.
 *
 * Throws for the first thing that is broken, named in the details: LEDGER_CORRUPT `{height, what}`,
 * ITEM_HEADER_CORRUPT `{hospital, recordId, what}`, BLOB_CORRUPT `{hospital, blobId, reason}`, HOME_INVALID.
 */
export async function verifyHome(
  home: string,
  options: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: HomeProgress) => void;
  } = {},
): Promise<HomeVerdict> {
  const servers = join(home, 'servers');
  const genesisPath = join(servers, 'genesis.cbor');
  if (!existsSync(genesisPath)) throw new CodedError('HOME_INVALID', { missing: 'genesis.cbor' });
  const genesis = new Uint8Array(readFileSync(genesisPath));
  const trustPath = join(home, 'trust.json');
  options.onProgress?.({ phase: 'ledger' });
  const kept: KeptOpen[] = [];
  try {
    const verdict = await verifyLedger({
      directory: join(servers, 'ledger'),
      openApplication: async (folder) => {
        const application = await openLedgerApplication({
          path: join(folder, 'state.db'),
          genesis,
          verify: signatureChecks,
        });
        const open = new KeptOpen(application);
        kept.push(open);
        return open;
      },
      verifyVote,
      ...(existsSync(trustPath) && { trustRoot: parseTrustRoot(readFileSync(trustPath, 'utf8')) }),
    });
    if (!verdict.ok) {
      throw new CodedError('LEDGER_CORRUPT', { height: verdict.height, what: verdict.what });
    }
    const [state] = kept;
    if (state === undefined) throw new CodedError('INTERNAL');
    const { height, headerHash } = verdict;
    const found = { blobs: 0, items: 0, erased: 0 };
    for (const hospital of hospitalsIn(servers)) {
      options.signal?.throwIfAborted();
      options.onProgress?.({ phase: 'items', hospital });
      const rows = await verifyItems(join(servers, hospital), hospital, state);
      options.onProgress?.({ phase: 'blobs', hospital });
      const blobs = await verifyBlobs(
        join(servers, hospital),
        hospital,
        rows.needed,
        options.signal,
      );
      found.blobs += blobs;
      found.items += rows.items;
      found.erased += rows.erased;
    }
    return { height, headerHash, ...found };
  } finally {
    for (const open of kept) open.release();
  }
}

/** The re-executed state outlives the ledger's verification: items are checked against it. */
class KeptOpen implements Application {
  readonly #inner: Application;

  constructor(inner: Application) {
    this.#inner = inner;
  }
  info() {
    return this.#inner.info();
  }
  checkTx(tx: Uint8Array, nowMs: number) {
    return this.#inner.checkTx(tx, nowMs);
  }
  finalizeBlock(block: Parameters<Application['finalizeBlock']>[0]) {
    return this.#inner.finalizeBlock(block);
  }
  commit() {
    this.#inner.commit();
  }
  query(table: string, key: Uint8Array, prove: boolean) {
    return this.#inner.query(table, key, prove);
  }
  close() {}
  release() {
    this.#inner.close();
  }
}

function hospitalsIn(servers: string): string[] {
  return readdirSync(servers)
    .filter((name) => existsSync(join(servers, name, 'gateway.db')))
    .sort();
}

type Row = Readonly<Record<string, SQLOutputValue>>;
const bytesOf = (value: SQLOutputValue | undefined): Uint8Array =>
  value instanceof Uint8Array ? value : new Uint8Array(0);

async function verifyItems(folder: string, hospital: string, state: Application) {
  const needed = new Map<string, string>();
  let items = 0;
  let erased = 0;
  await withCopy(join(folder, 'gateway.db'), async (db) => {
    const deliveries = db.prepare(
      'SELECT delivery, account, root, count FROM deliveries WHERE txId IS NOT NULL ORDER BY delivery',
    );
    const rowsOf = db.prepare('SELECT * FROM items WHERE delivery = ? ORDER BY position');
    for (const delivery of deliveries.all() as Row[]) {
      const rows = rowsOf.all(Number(delivery.delivery)) as Row[];
      for (const row of rows) {
        const recordId = String(row.recordId);
        const broken = (what: string) =>
          new CodedError('ITEM_HEADER_CORRUPT', { hospital, recordId, what });
        if (row.tombstone !== null) {
          if (!(await isTombstone(bytesOf(row.tombstone), bytesOf(row.leaf))))
            throw broken('tombstone');
          erased++;
          continue;
        }
        const leafContent = bytesOf(row.leafContent);
        if (!equalBytes(itemLeafHash(bytesOf(row.salt), leafContent), bytesOf(row.leaf)))
          throw broken('leaf');
        const leaf = decodeLeafContent(leafContent);
        if (!equalBytes(itemHeaderHash(bytesOf(row.header)), leaf.headerHash))
          throw broken('header');
        needed.set(leaf.blobId, recordId);
        items++;
      }
      const root = bytesOf(delivery.root);
      const [first] = rows;
      const recordId = String(first?.recordId ?? '');
      if (!equalBytes(merkleRoot(rows.map((row) => bytesOf(row.leaf))), root)) {
        throw new CodedError('ITEM_HEADER_CORRUPT', { hospital, recordId, what: 'root' });
      }
      const id =
        hexToBytes(anchorRowId(parseAccountId(delivery.account), root)) ?? new Uint8Array(0);
      if (state.query('anchors', id, false).value === undefined) {
        throw new CodedError('ITEM_HEADER_CORRUPT', { hospital, recordId, what: 'anchor' });
      }
    }
  });
  return { items, erased, needed };
}

async function isTombstone(signed: Uint8Array, leaf: Uint8Array): Promise<boolean> {
  const { bytes, signature } = decodeSigned(signed);
  const { leaf: named, holderKey } = decodeErased(bytes);
  return equalBytes(named, leaf) && verifyLabelled(holderKey, labels.erasedSign, bytes, signature);
}

async function verifyBlobs(
  folder: string,
  hospital: string,
  needed: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<number> {
  const store = openFileBlobStore({ folder: join(folder, 'blobs'), now: Date.now, readOnly: true });
  try {
    for await (const { id, reason } of store.corrupt(signal === undefined ? {} : { signal })) {
      const recordId = needed.get(id);
      throw new CodedError('BLOB_CORRUPT', {
        hospital,
        blobId: id,
        reason,
        ...(recordId !== undefined && { recordId }),
      });
    }
    const { blobs } = await store.total();
    return blobs;
  } finally {
    await store.close();
  }
}

/** SQLite cannot read a write-ahead log beside a file that it may not write to; so a copy is read. */
async function withCopy(path: string, work: (db: DatabaseSync) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-verify-'));
  try {
    for (const ending of ['', '-wal']) {
      if (existsSync(path + ending)) copyFileSync(path + ending, join(folder, `copy.db${ending}`));
    }
    const db = new DatabaseSync(join(folder, 'copy.db'));
    try {
      await work(db);
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
