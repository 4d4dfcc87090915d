import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../../src/crypto/hash.ts';
import { BlockStore } from '../../src/engines/blocks/block-store.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../src/primitives/bytes.ts';
import { parseBlobId } from '../../src/primitives/ids.ts';
import { blobIdOf } from '../../src/storage/blob-id.ts';
import type { BlobStore } from '../../src/storage/blob-store.ts';
import { openFileBlobStore } from '../../src/storage/file/file-blob-store.ts';
import type { Acknowledged } from './acknowledged.ts';

export interface Findings {
  /** Acknowledged and not there. */
  readonly lost: string[];
  /** There, and only half. */
  readonly half: string[];
}

interface HospitalFiles {
  readonly name: string;
  readonly folder: string;
  readonly db: DatabaseSync;
  readonly blobTable: DatabaseSync;
  readonly blobs: BlobStore;
}

/**
 * Holds what clients were told against the files of a server that has come up again. It reads the files
 * themselves, beside the server: what is missing there is missing, whatever the server answers.
 */
export class Checker {
  readonly #servers: readonly string[];
  /** `hospital/blob id` whose bytes were hashed once: they are only looked up from then on. */
  readonly #read = new Set<string>();

  /** One home, or one for each machine of a consortium: the ledger is that of the first. */
  constructor(homes: readonly string[]) {
    this.#servers = homes.map((home) => join(home, 'servers'));
  }

  async check(
    acked: Acknowledged,
    options: { readonly everything: boolean; readonly staleAnchors: ReadonlySet<string> },
  ): Promise<Findings> {
    const store = new BlockStore(join(this.#servers[0] ?? '', 'ledger', 'blocks.db'), {
      readOnly: true,
      check: false,
    });
    const hospitals = this.#servers.flatMap((servers) =>
      readdirSync(servers)
        .filter((name) => existsSync(join(servers, name, 'gateway.db')))
        .map((name) => openFiles(join(servers, name), name)),
    );
    if (options.everything) this.#read.clear();
    const findings: Findings = { lost: [], half: [] };
    try {
      checkLedger(acked, store, hospitals, findings);
      await this.#checkBlobs(acked, hospitals, findings);
      checkRows(acked, options.staleAnchors, hospitals, findings);
      checkPeople(acked, hospitals, findings);
      for (const hospital of hospitals) await this.#checkWhole(hospital, store, findings);
    } finally {
      store.close();
      for (const { db, blobTable, blobs } of hospitals) {
        db.close();
        blobTable.close();
        await blobs.close();
      }
    }
    return findings;
  }

  async #checkBlobs(acked: Acknowledged, hospitals: readonly HospitalFiles[], found: Findings) {
    const erased = new Set<string>();
    for (const { leaves } of deliveredLeaves(acked)) {
      for (const [leaf, blobId] of leaves) if (acked.maybeErased.has(leaf)) erased.add(blobId);
    }
    for (const key of acked.blobs) {
      const [name = '', id = ''] = key.split('/');
      if (erased.has(id)) continue;
      const grant = acked.maybePassedOn.get(key);
      if (grant !== undefined && acked.maybeRevoked.has(grant)) continue;
      // What another hospital took is there, and not kept by who passed it on.
      const holders = grant === undefined ? hospitals.filter((it) => it.name === name) : hospitals;
      const whole = await Promise.all(holders.map((hospital) => this.#isWhole(hospital, id)));
      if (!whole.includes(true)) found.lost.push(`blob ${key}`);
    }
  }

  async #isWhole({ name, blobs }: HospitalFiles, id: string): Promise<boolean> {
    const blobId = parseBlobId(id);
    if (!(await blobs.has(blobId))) return false;
    if (this.#read.has(`${name}/${id}`)) return true;
    const bytes = await blobs.read(blobId).catch(() => undefined);
    if (bytes === undefined || blobIdOf(bytes) !== blobId) return false;
    this.#read.add(`${name}/${id}`);
    return true;
  }

  /** Nothing half: what one file says is borne out by the others. */
  async #checkWhole(hospital: HospitalFiles, store: BlockStore, { half }: Findings) {
    const { db, name, blobTable } = hospital;
    const say = (what: string) => half.push(`${name}: ${what}`);
    const rows = db.prepare(
      `SELECT blob, leaf, tombstone IS NULL AS live, salt IS NULL OR leafContent IS NULL OR header IS NULL
       OR class IS NULL OR blob IS NULL AS bare, salt IS NOT NULL OR leafContent IS NOT NULL OR header IS NOT NULL
       OR blob IS NOT NULL AS filled FROM items`,
    );
    for (const { blob, live, bare, filled } of rows.iterate()) {
      if (live === 1 && bare === 1) say('an item that is not erased lacks a part');
      if (live === 0 && filled === 1) say('an erased item has a part');
      if (typeof blob === 'string' && !(await this.#isWhole(hospital, blob))) {
        say(`an item without its body ${blob}`);
      }
    }
    const counts = db.prepare(
      `SELECT 1 FROM deliveries AS d WHERE length(root) = 32 AND count <> (SELECT count(*) FROM items WHERE delivery = d.delivery)`,
    );
    if (counts.get() !== undefined) say('a delivery without all of its rows');
    const anchored = db.prepare(
      'SELECT txId, height FROM deliveries WHERE height IS NOT NULL UNION SELECT txId, height FROM anchors',
    );
    for (const { txId, height } of anchored.iterate()) {
      const place = store.find(hexToBytes(String(txId)) ?? new Uint8Array(0));
      if (place?.height !== height) say(`an anchor that the ledger has not: ${txId}`);
    }
    const looks = db.prepare(
      "SELECT anchor FROM inbox WHERE kind = 'look' AND shown = 1 AND anchor IS NOT NULL",
    );
    for (const { anchor } of looks.iterate()) {
      const { txId } = JSON.parse(String(anchor)) as { txId: string };
      if (store.find(hexToBytes(txId) ?? new Uint8Array(0)) === undefined) {
        say(`a look is shown that the ledger has not: ${txId}`);
      }
    }
    const progress = Number(db.prepare('SELECT height FROM progress').get()?.height);
    if (progress > store.lastHeight()) say(`indexed ${progress} of ${store.lastHeight()} blocks`);
    if (db.prepare('SELECT 1 FROM ended_claims').get() !== undefined) {
      say('an erased body whose claim has not ended');
    }
    const claims = blobTable.prepare('SELECT id FROM claims WHERE anchored = 1');
    const named = db.prepare(
      'SELECT 1 FROM items WHERE blob = ?1 UNION SELECT 1 FROM named_sets WHERE blob = ?1',
    );
    for (const { id } of claims.iterate()) {
      if (named.get(String(id)) === undefined) say(`an anchored body that nothing names: ${id}`);
    }
    const files = join(hospital.folder, 'blobs', 'files');
    const isFile = blobTable.prepare('SELECT 1 FROM blobs WHERE id = ? AND content IS NULL');
    for (const file of readdirSync(files)) {
      if (isFile.get(file) === undefined) say(`a file without a row: ${file}`);
    }
  }
}

function openFiles(folder: string, name: string): HospitalFiles {
  const options = { readOnly: true, timeout: 5_000 };
  return {
    name,
    folder,
    db: new DatabaseSync(join(folder, 'gateway.db'), options),
    blobTable: new DatabaseSync(join(folder, 'blobs', 'blobs.sqlite'), options),
    blobs: openFileBlobStore({ folder: join(folder, 'blobs'), now: Date.now, readOnly: true }),
  };
}

function deliveredLeaves(acked: Acknowledged) {
  return [...acked.deliveries.values()].map(({ rows }) => ({
    leaves: rows.map(({ leaf, blobId }) => [bytesToHex(leaf), blobId] as const),
  }));
}

function checkLedger(
  acked: Acknowledged,
  store: BlockStore,
  hospitals: readonly HospitalFiles[],
  { lost }: Findings,
): void {
  for (const [txId, height] of acked.txs) {
    const place = store.find(hexToBytes(txId) ?? new Uint8Array(0));
    if (place?.height !== height) lost.push(`transaction ${txId} of block ${height}`);
    else if (acked.enrolled.has(txId)) {
      const known = hospitals.some(
        ({ db }) => db.prepare('SELECT 1 FROM invitations WHERE txId = ?').get(txId) !== undefined,
      );
      if (!known) lost.push(`enrolment ${txId}`);
    }
  }
  for (const [entryHash, { txId, index }] of acked.looks) {
    const where = 'SELECT shown, anchor FROM inbox WHERE entryHash = ?';
    const row = hospitals
      .map(({ db }) => db.prepare(where).get(hexToBytes(entryHash) ?? new Uint8Array(0)))
      .find((it) => it !== undefined);
    const anchor = row === undefined ? undefined : (JSON.parse(String(row.anchor)) as object);
    const { txId: shownTx, index: shownIndex } = { txId: '', index: -1, ...anchor };
    const isThere = row?.shown === 1 && shownTx === txId && shownIndex === index;
    const place = store.find(hexToBytes(txId) ?? new Uint8Array(0));
    if (!isThere || place === undefined) lost.push(`look ${entryHash}`);
  }
}

function checkRows(
  acked: Acknowledged,
  stale: ReadonlySet<string>,
  hospitals: readonly HospitalFiles[],
  found: Findings,
) {
  const rowOf = new Map<string, Record<string, unknown>>();
  const anchored = new Set<string>();
  for (const { db } of hospitals) {
    for (const { account, root } of db.prepare('SELECT account, root FROM anchors').iterate()) {
      anchored.add(`${account}/${bytesToHex(bytesOf(root))}`);
    }
    const rows = db.prepare(
      'SELECT items.*, root, height FROM items JOIN deliveries USING (delivery)',
    );
    for (const row of rows.iterate()) {
      const [leaf, root] = [bytesOf(row.leaf), bytesOf(row.root)];
      rowOf.set(`${row.account}/${bytesToHex(root)}/${bytesToHex(leaf)}`, row);
    }
  }
  for (const { key, rows, consent } of acked.deliveries.values()) {
    const isDropped = consent !== '' && acked.maybeRevoked.has(consent) && !anchored.has(key);
    for (const { leaf, header, salt, leafContent, recordId } of rows) {
      const leafHex = bytesToHex(leaf);
      const row = rowOf.get(`${key}/${leafHex}`);
      // A second try at the same record takes the place of the first; a refused anchor has no rows.
      const isReplaced = stale.has(key) || (acked.triedRecords.get(recordId)?.size ?? 0) > 1;
      if (row === undefined && (isReplaced || isDropped)) continue;
      const parts: readonly (readonly [unknown, Uint8Array])[] = [
        [row?.header, header],
        [row?.salt, salt],
        [row?.leafContent, leafContent],
      ];
      const isLive = parts.every(([kept, told]) => equalBytes(bytesOf(kept), told));
      const tombstone = bytesOf(row?.tombstone);
      const told = acked.erased.get(leafHex);
      if (told !== undefined) {
        if (!equalBytes(tombstone, told)) found.lost.push(`erasure of ${leafHex}`);
      } else if (!isLive && !(acked.maybeErased.has(leafHex) && tombstone.length > 0)) {
        found.lost.push(`row ${leafHex} of ${recordId}`);
      }
    }
  }
}

/** What a kept copy names and is not there. */
const goneShards = `SELECT count(*) AS n FROM wallet_named AS named WHERE account = ? AND serial = ?
  AND NOT EXISTS (SELECT 1 FROM wallet_shards AS shard WHERE shard.account = named.account AND shard.name = named.name)`;

function checkPeople(acked: Acknowledged, hospitals: readonly HospitalFiles[], found: Findings) {
  const messages = new Set<string>();
  for (const { db } of hospitals) {
    const rows = db.prepare("SELECT signed FROM inbox WHERE kind = 'message'");
    for (const { signed } of rows.iterate()) messages.add(bytesToHex(sha256(bytesOf(signed))));
  }
  for (const hash of acked.messages.keys()) {
    if (!messages.has(hash) && !acked.maybeDeleted.has(hash)) found.lost.push(`message ${hash}`);
  }
  const dbOf = (name: string) => hospitals.find((it) => it.name === name)?.db;
  for (const [key, { serial, hash }] of acked.wallets) {
    const [name = '', account = ''] = key.split('/');
    const db = dbOf(name);
    const row = db
      ?.prepare('SELECT serial, signed FROM wallet_heads WHERE account = ? ORDER BY serial DESC')
      .get(account);
    const stored = Number(row?.serial ?? 0);
    const isSame = stored === serial && bytesToHex(sha256(bytesOf(row?.signed))) === hash;
    if (!isSame && stored <= serial) found.lost.push(`wallet copy ${key} serial ${serial}`);
    const gone = db?.prepare(goneShards).get(account, stored);
    if (Number(gone?.n ?? 0) > 0) found.lost.push(`shards of wallet copy ${key} serial ${stored}`);
  }
  for (const key of acked.invitations) {
    const [name = '', hash = ''] = key.split('/');
    const row = dbOf(name)
      ?.prepare('SELECT 1 FROM invitations WHERE hash = ?')
      .get(hexToBytes(hash) ?? new Uint8Array(0));
    if (row === undefined) found.lost.push(`invitation ${key}`);
  }
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}
