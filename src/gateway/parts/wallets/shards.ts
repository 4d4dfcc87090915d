import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NamedShard } from '../../../api/wallet-copy.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import { inSlices } from '../../slices.ts';
import type { Store } from '../../store.ts';
import type { Eras } from './eras.ts';

/** What no kept copy names is kept for so long after it came: its copy may be on the way. */
const unnamedMs = 60 * 60_000;
/** So much is taken out of the file in one turn: freed pages are overwritten, which costs as much as writing them. */
const removedBytesATurn = 1024 * 1024;
const namesATurn = 128;
/** The least that a shard counts as. */
const leastCounted = 4_096;

/** Sealed shards of wallet copies, of each account its own. Source: docs/protocol/http.md, rule H-14. */
export class Shards {
  readonly #db: Store;
  readonly #now: () => number;
  readonly #eras: Eras;

  constructor({ db, now }: Pick<GatewayBase, 'db' | 'now'>, eras: Eras) {
    this.#db = db;
    this.#now = now;
    this.#eras = eras;
  }

  /** The same bytes again only begin their hour anew. Throws REQUEST_INVALID (others have this name), QUOTA_EXCEEDED. */
  put(account: AccountId, name: string, sealed: Uint8Array): void {
    const hash = sha256(sealed);
    this.#db.transaction('wallet', () => {
      const held = this.#db.get(
        'SELECT sha256 FROM wallet_shards WHERE account = ? AND name = ?',
        ...[account, name],
      );
      if (held !== undefined && !equalBytes(held.bytes('sha256'), hash)) {
        throw new CodedError('REQUEST_INVALID', { at: 'name' });
      }
      if (held !== undefined) {
        this.#db.run(
          'UPDATE wallet_shards SET storedMs = ? WHERE account = ? AND name = ?',
          ...[this.#now(), account, name],
        );
        return;
      }
      const counted = Math.max(sealed.length, leastCounted);
      this.#eras.requireRoom(account, counted);
      const { era } = this.#eras.of(account);
      this.#db.run(
        'INSERT INTO wallet_shards VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        ...[account, name, hash, sealed.length, this.#now(), era, counted, sealed],
      );
    });
  }

  /** Throws NOT_FOUND, also for another account's. */
  get(account: AccountId, name: string): Uint8Array {
    const row = this.#db.get(
      'SELECT sealed FROM wallet_shards WHERE account = ? AND name = ?',
      ...[account, name],
    );
    if (row === undefined) throw new CodedError('NOT_FOUND');
    return row.bytes('sealed');
  }

  isAnyNamed(account: AccountId): boolean {
    const sql = 'SELECT 1 FROM wallet_named WHERE account = ? LIMIT 1';
    return this.#db.get(sql, account) !== undefined;
  }

  isNamedBy(account: AccountId, serial: number): boolean {
    const sql = 'SELECT 1 FROM wallet_named WHERE account = ? AND serial = ? LIMIT 1';
    return this.#db.get(sql, account, serial) !== undefined;
  }

  /** Notes that a copy names these; answers how many of them are not here with this hash and length. */
  async nameAll(
    account: AccountId,
    serial: number,
    shards: readonly NamedShard[],
  ): Promise<number> {
    let missing = 0;
    for await (const slice of inSlices(shards, namesATurn)) {
      this.#db.transaction('wallet', () => {
        for (const { name, sha256: hash, bytes } of slice) {
          const named = this.#db.run(
            `INSERT OR IGNORE INTO wallet_named SELECT account, ?, name FROM wallet_shards
             WHERE account = ? AND name = ? AND sha256 = ? AND bytes = ?`,
            ...[serial, account, name, hash, bytes],
          );
          if (named === 0) missing += 1;
        }
      });
    }
    return missing;
  }

  /** The copy names none of them any more. */
  async forgetNames(account: AccountId, serial: number): Promise<void> {
    const removeSome = () =>
      this.#db.transaction('wallet', () =>
        this.#db.run(
          `DELETE FROM wallet_named WHERE account = ?1 AND serial = ?2 AND name IN
           (SELECT name FROM wallet_named WHERE account = ?1 AND serial = ?2 LIMIT ?3)`,
          ...[account, serial, namesATurn],
        ),
      );
    while (removeSome() === namesATurn) await nextTurn();
  }

  /** Takes out what no copy names an hour after it came; whether there was anything. */
  async dropUnnamed(account: AccountId): Promise<boolean> {
    let isDropped = false;
    for (let after = ''; ; ) {
      const page = this.#db.all(
        `SELECT name, bytes, ${isDue} AS due FROM wallet_shards AS shard
         WHERE account = ? AND name > ? ORDER BY name LIMIT ?`,
        ...[this.#now() - unnamedMs, account, after, namesATurn],
      );
      const due = page.filter((row) => row.uint('due') === 1);
      for (const some of inPieces(due, (row) => row.uint('bytes'))) {
        this.#drop(
          account,
          some.map((row) => row.text('name')),
        );
        isDropped = true;
        await nextTurn();
      }
      const last = page.at(-1);
      if (last === undefined) return isDropped;
      after = last.text('name');
      await nextTurn();
    }
  }

  /** All of an account whose copies are gone. */
  async dropAll(account: AccountId): Promise<void> {
    const sql = 'SELECT name, bytes FROM wallet_shards WHERE account = ?';
    const all = this.#db.all(sql, account);
    for (const some of inPieces(all, (row) => row.uint('bytes'))) {
      this.#db.transaction('wallet', () => {
        for (const row of some) {
          const gone = [account, row.text('name')] as const;
          this.#db.run('DELETE FROM wallet_shards WHERE account = ? AND name = ?', ...gone);
        }
      });
      await nextTurn();
    }
  }

  /** One that was named or sent again meanwhile stays. */
  #drop(account: AccountId, names: readonly string[]): void {
    this.#db.transaction('wallet', () => {
      for (const name of names) {
        this.#db.run(
          `DELETE FROM wallet_shards AS shard WHERE account = ? AND name = ? AND ${isDue}`,
          ...[account, name, this.#now() - unnamedMs],
        );
      }
    });
  }
}

const isDue = `(storedMs <= ? AND NOT EXISTS (
  SELECT 1 FROM wallet_named AS named WHERE named.account = shard.account AND named.name = shard.name))`;

/** What may go in one turn. */
function* inPieces<T>(items: readonly T[], bytesOf: (item: T) => number): Generator<readonly T[]> {
  let piece: T[] = [];
  let bytes = 0;
  for (const item of items) {
    piece.push(item);
    bytes += bytesOf(item);
    if (bytes < removedBytesATurn) continue;
    yield piece;
    piece = [];
    bytes = 0;
  }
  if (piece.length > 0) yield piece;
}
