import { setImmediate as nextTurn } from 'node:timers/promises';
import { textOfBytes } from '../../../api/message-parts.ts';
import type { KeptCopy } from '../../../api/wallet-copy.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import type { Row, Store } from '../../store.ts';
import { Turns } from '../../turns.ts';
import type { Eras } from './eras.ts';
import type { Leaving } from './leaving.ts';
import { type KeptAs, keptOf } from './retention.ts';
import type { Shards } from './shards.ts';
import { readSigned, type Signed } from './signed-head.ts';

/** As many as an answer names: the newest. */
const maxListed = 128;

/**
 * Signed copies of wallets, of each account its own, found by its session alone. One is written over the one that its
 * writer had seen; what retention keeps, no writing takes away. Source: docs/protocol/http.md, rule H-14.
 */
export class Copies {
  readonly #base: GatewayBase;
  readonly #db: Store;
  readonly #eras: Eras;
  readonly #shards: Shards;
  readonly #leaving: Leaving;
  /** Two copies of one account are not written, nor tidied, at a time: names are noted slice by slice. */
  readonly #turns = new Turns();

  constructor(base: GatewayBase, eras: Eras, shards: Shards, leaving: Leaving) {
    this.#base = base;
    this.#db = base.db;
    this.#eras = eras;
    this.#shards = shards;
    this.#leaving = leaving;
  }

  /**
   * Keeps a copy and answers its serial; the newest sent again changes nothing. `requireSession` throws when the session
   * has ended while the copy was read. Throws WALLET_CONFLICT {serial, missing} (it does not follow the one that is kept, or
   * so many of its shards are not here), QUOTA_EXCEEDED, and as `readSigned`.
   */
  async put(account: AccountId, encoded: Uint8Array, requireSession: () => void): Promise<number> {
    const signed = await readSigned(this.#base, account, encoded);
    return this.#turns.take(account, async () => {
      const { serial } = signed.head;
      if (this.#isNewest(account, signed)) return serial;
      this.#requireNext(account, serial);
      if (this.#shards.isAnyNamed(account)) await this.#retire(account);
      try {
        await this.#write(account, signed, requireSession);
      } catch (cause) {
        await this.#shards.forgetNames(account, serial);
        throw cause;
      }
      return serial;
    });
  }

  /** The newest, or a kept one by its serial. Throws NOT_FOUND. */
  get(account: AccountId, serial?: number): Uint8Array {
    const rows = this.#standing(account);
    const asked = serial ?? rows.at(-1)?.uint('serial');
    if (asked === undefined || !this.#kept(account, rows).has(asked)) {
      throw new CodedError('NOT_FOUND');
    }
    const sql = 'SELECT signed FROM wallet_heads WHERE account = ? AND serial = ?';
    return this.#db.get(sql, account, asked)?.bytes('signed') ?? new Uint8Array(0);
  }

  newestSerial(account: AccountId): number {
    const sql = 'SELECT max(serial) AS serial FROM wallet_heads WHERE account = ?';
    const row = this.#db.get(sql, account);
    return row === undefined || row.isNull('serial') ? 0 : row.uint('serial');
  }

  /** The newest first. */
  list(account: AccountId): KeptCopy[] {
    const rows = this.#standing(account);
    const kept = this.#kept(account, rows);
    return rows
      .filter((row) => kept.has(row.uint('serial')))
      .map((row) => ({
        serial: row.uint('serial'),
        writtenMs: row.uint('writtenMs'),
        publicKey: textOfBytes(row.bytes('publicKey')),
        whole: row.uint('isWhole') === 1 && this.#isWhole(account, row, kept),
      }))
      .toReversed()
      .slice(0, maxListed);
  }

  /** Lets go what is not kept any more, account by account; then the pages are overwritten, and the log is cut. */
  async sweep(): Promise<void> {
    let isGone = false;
    for (let account = ''; ; ) {
      const next = this.#db.get(
        'SELECT min(account) AS account FROM wallet_room WHERE account > ?',
        account,
      );
      if (next === undefined || next.isNull('account')) break;
      account = next.text('account');
      isGone = (await this.#tidy(account as AccountId)) || isGone;
      await nextTurn();
    }
    if (isGone) this.#db.forgetDeleted();
    for (const left of this.#leaving.due()) {
      await this.dropAll(left);
      this.#leaving.forget(left);
    }
  }

  /**
   * Every copy of an account that was closed, its shards and what retention keeps; then the pages are overwritten, and the
   * log is cut. Stopped in between it goes on when it is called again.
   */
  dropAll(account: AccountId): Promise<void> {
    return this.#turns.take(account, async () => {
      for (const row of this.#standing(account)) {
        const serial = row.uint('serial');
        await this.#shards.forgetNames(account, serial);
        this.#db.transaction('wallet', () =>
          this.#db.run(
            'DELETE FROM wallet_heads WHERE account = ? AND serial = ?',
            account,
            serial,
          ),
        );
        await nextTurn();
      }
      await this.#shards.dropAll(account);
      this.#db.forgetDeleted();
    });
  }

  /** Names of copies that were not written to their end: the process stopped in between. */
  dropHalf(): void {
    this.#db.transaction('wallet', () =>
      this.#db.run(
        `DELETE FROM wallet_named WHERE NOT EXISTS (SELECT 1 FROM wallet_heads AS head
         WHERE head.account = wallet_named.account AND head.serial = wallet_named.serial AND isWhole = 1)`,
      ),
    );
  }

  #tidy(account: AccountId): Promise<boolean> {
    return this.#turns.take(account, async () => {
      const isRetired = await this.#retire(account);
      return (await this.#shards.dropUnnamed(account)) || isRetired;
    });
  }

  #isNewest(account: AccountId, { head: { serial }, hash }: Signed): boolean {
    const row = this.#db.get(
      'SELECT serial, sha256 FROM wallet_heads WHERE account = ? ORDER BY serial DESC LIMIT 1',
      account,
    );
    return row?.uint('serial') === serial && equalBytes(row.bytes('sha256'), hash);
  }

  /** Nothing of another copy is touched by one that does not follow the newest. */
  #requireNext(account: AccountId, asked: number): void {
    const serial = this.newestSerial(account);
    if (asked !== serial + 1) throw new CodedError('WALLET_CONFLICT', { serial });
  }

  async #write(
    account: AccountId,
    { head, publicKey, encoded, hash }: Signed,
    requireSession: () => void,
  ): Promise<void> {
    const missing =
      head.shards.length === 0 ? 0 : await this.#shards.nameAll(account, head.serial, head.shards);
    if (missing > 0) {
      throw new CodedError('WALLET_CONFLICT', { serial: head.serial - 1, missing });
    }
    this.#db.transaction('wallet', () => {
      requireSession();
      this.#dropAlone(account);
      this.#eras.requireRoom(account, encoded.length);
      const same = 'SELECT 1 FROM wallet_heads WHERE account = ? AND publicKey = ? LIMIT 1';
      const isFirst = this.#db.get(same, account, publicKey) === undefined ? 1 : 0;
      const { era } = this.#eras.of(account);
      this.#db.run(
        'INSERT INTO wallet_heads VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?)',
        ...[account, head.serial, publicKey, this.#base.now(), era, isFirst],
        ...[encoded.length, hash, encoded],
      );
    });
  }

  /** Of an account without shards, whose copies are one row each: with the writing of the next, in one flush. */
  #dropAlone(account: AccountId): void {
    if (this.#shards.isAnyNamed(account)) return;
    const rows = this.#standing(account);
    const kept = this.#kept(account, rows);
    for (const row of rows) {
      if (kept.has(row.uint('serial'))) continue;
      const gone = [account, row.uint('serial')] as const;
      this.#db.run('DELETE FROM wallet_heads WHERE account = ? AND serial = ?', ...gone);
    }
  }

  /** Every copy that lies here without its bytes, the oldest first. */
  #standing(account: AccountId): Row[] {
    return this.#db.all(
      `SELECT serial, publicKey, writtenMs, era, isFirst, isWhole FROM wallet_heads
       WHERE account = ? ORDER BY serial`,
      account,
    );
  }

  #kept(account: AccountId, rows: readonly Row[]): ReadonlyMap<number, KeptAs> {
    const { era, recoveredMs } = this.#eras.of(account);
    const copies = rows.map((row) => ({
      serial: row.uint('serial'),
      writtenMs: row.uint('writtenMs'),
      isFirst: row.uint('isFirst') === 1,
      isBefore: row.uint('era') < era,
    }));
    return keptOf(copies, { nowMs: this.#base.now(), recoveredMs });
  }

  /** Kept so, or so small that it names no shards. */
  #isWhole(account: AccountId, row: Row, kept: ReadonlyMap<number, KeptAs>): boolean {
    const serial = row.uint('serial');
    return kept.get(serial) === 'whole' || !this.#shards.isNamedBy(account, serial);
  }

  /** Forgets what copies name that are not kept whole, and copies that are not kept; one a turn. */
  async #retire(account: AccountId): Promise<boolean> {
    const rows = this.#standing(account);
    const kept = this.#kept(account, rows);
    let isGone = false;
    for (const row of rows) {
      const serial = row.uint('serial');
      const as = kept.get(serial);
      const isAsKept = row.uint('isWhole') === 0 || this.#isWhole(account, row, kept);
      if (as !== undefined && isAsKept) continue;
      const where = 'WHERE account = ? AND serial = ?';
      this.#db.run(`UPDATE wallet_heads SET isWhole = 0 ${where}`, account, serial);
      await this.#shards.forgetNames(account, serial);
      if (as === undefined) {
        this.#db.run(`DELETE FROM wallet_heads ${where}`, account, serial);
        isGone = true;
      }
      await nextTurn();
    }
    return isGone;
  }
}
