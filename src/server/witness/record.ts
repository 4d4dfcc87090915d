import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { lockLedger } from '../../engines/embedded/lock.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { formatPoint, type LedgerPoint, parsePoint } from '../../sdk/ledger/ledger-point.ts';

/** What a witness has under one height. */
export interface WitnessedHeader {
  readonly headerHash: Uint8Array;
  /** Missing: it was met too late, or the process ended before it signed. */
  readonly signature: Uint8Array | undefined;
}

/** A signature of this witness, under the header of its height. */
export interface HandedHeight {
  readonly height: number;
  readonly signature: Uint8Array;
}

const schema = `
  CREATE TABLE IF NOT EXISTS witness(id INTEGER PRIMARY KEY CHECK (id = 1), key TEXT, chain TEXT, genesis TEXT, point TEXT);
  CREATE TABLE IF NOT EXISTS headers(height INTEGER PRIMARY KEY, hash BLOB NOT NULL, signature BLOB);
  CREATE TABLE IF NOT EXISTS handed(keeper TEXT PRIMARY KEY, height INTEGER NOT NULL);
`;

/**
 * What one witness has written down of one ledger: a header hash for each height, in order and each once, flushed before
 * anything is signed. Source: docs/protocol/following.md, rule F-7.
 */
export class WitnessRecord {
  readonly folder: string;
  readonly #trustRoot: TrustRoot;
  readonly #db: DatabaseSync;
  #release: () => void = () => {};

  /** Throws HOME_INVALID: the record is of another key or another ledger. */
  constructor(folder: string, publicKey: Uint8Array, trustRoot: TrustRoot) {
    this.folder = folder;
    this.#trustRoot = trustRoot;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#db = new DatabaseSync(join(folder, 'headers.db'), { timeout: 2_000 });
    this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${schema}`);
    const { chain, genesisHash } = trustRoot;
    this.#db
      .prepare('INSERT OR IGNORE INTO witness VALUES (1, ?, ?, ?, NULL)')
      .run(bytesToHex(publicKey), chain, genesisHash);
    const row = this.#db.prepare('SELECT key, chain, genesis FROM witness').get() ?? {};
    if (row.key === bytesToHex(publicKey) && row.chain === chain && row.genesis === genesisHash) {
      return;
    }
    this.#db.close();
    throw new CodedError('HOME_INVALID', { what: 'witness' });
  }

  /** For the one process that writes. Throws LEDGER_LOCKED. */
  lock(): void {
    const lock = lockLedger(this.folder);
    this.#release = () => lock.release();
  }

  /** Undefined: nothing was followed yet. */
  point(): LedgerPoint | undefined {
    const text = this.#db.prepare('SELECT point FROM witness').get()?.point;
    return typeof text === 'string' ? parsePoint(text, this.#trustRoot) : undefined;
  }

  /**
   * Writes the headers down, and the point that they lead to: on disk when it returns. Throws INTERNAL for a height
   * that stands there, or that leaves a gap: then nothing was written.
   */
  advance(headers: readonly LedgerPoint[], point: LedgerPoint): void {
    let last = this.lastHeight() || undefined;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const insert = this.#db.prepare('INSERT INTO headers(height, hash) VALUES (?, ?)');
      for (const { header, headerHash } of headers) {
        if (last !== undefined && header.height !== last + 1) {
          throw new CodedError('INTERNAL', { reason: 'height', height: header.height, last });
        }
        insert.run(header.height, headerHash);
        last = header.height;
      }
      this.#db.prepare('UPDATE witness SET point = ?').run(formatPoint(point, this.#trustRoot));
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** 0: none was written down. */
  lastHeight(): number {
    const last = this.#db.prepare('SELECT max(height) AS last FROM headers').get()?.last;
    return typeof last === 'number' ? last : 0;
  }

  /** The next signatures that this keeper was not handed yet, the oldest first. */
  toHand(keeper: string, most: number): readonly HandedHeight[] {
    const rows = this.#db
      .prepare(
        `SELECT height, signature FROM headers WHERE signature IS NOT NULL AND height >
         coalesce((SELECT height FROM handed WHERE keeper = ?), 0) ORDER BY height LIMIT ?`,
      )
      .all(keeper, most);
    return rows.flatMap(({ height, signature }) =>
      signature instanceof Uint8Array ? [{ height: Number(height), signature }] : [],
    );
  }

  /** It has them up to this height. */
  handed(keeper: string, height: number): void {
    this.#db.prepare('INSERT OR REPLACE INTO handed VALUES (?, ?)').run(keeper, height);
  }

  keep(signatures: ReadonlyMap<number, Uint8Array>): void {
    const update = this.#db.prepare('UPDATE headers SET signature = ? WHERE height = ?');
    this.#db.exec('BEGIN IMMEDIATE');
    for (const [height, signature] of signatures) update.run(signature, height);
    this.#db.exec('COMMIT');
  }

  header(height: number): WitnessedHeader | undefined {
    const row = this.#db
      .prepare('SELECT hash, signature FROM headers WHERE height = ?')
      .get(height);
    if (!(row?.hash instanceof Uint8Array)) return undefined;
    const { hash, signature } = row;
    return { headerHash: hash, signature: signature instanceof Uint8Array ? signature : undefined };
  }

  close(): void {
    this.#db.close();
    this.#release();
  }
}

/** Where the record of a key about a ledger lies: beside the key's file. */
export function recordFolder(keyFile: string, trustRoot: TrustRoot): string {
  return join(`${keyFile}.records`, trustRoot.genesisHash.slice(0, 16));
}
