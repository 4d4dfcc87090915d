import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex, equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { bytesIn, namesOf, type Row, textIn, uintIn } from './page-rows.ts';
import type {
  ArrivedPage,
  KeptEnvelope,
  PageNames,
  PageVerdict,
  SaidOfPage,
  StoredPage,
  StoredShare,
  UnsealedPage,
  WaitingPage,
} from './page-store.ts';
import type { SealedPage } from './sealed-segment.ts';
import { SqliteEnvelopes } from './sqlite-envelopes.ts';
import type { PagesDb } from './sqlite-pages-db.ts';
import { RowsOfMany } from './sqlite-rows-of-many.ts';

/** To say one thing again all of its row is read. */
const sayingsOfRow = 16;
const sharesOfRow = 256;
const isWaiting = 'accepted IS NULL AND code IS NULL';

/** Pages until a batch holds them: taken in, spoken of, accepted or refused. Rules VS-9 to VS-14. */
export class SqliteUnsealedPages {
  readonly #db: PagesDb;
  readonly #envelopes: SqliteEnvelopes;
  readonly #sayings: RowsOfMany<Uint8Array>;
  readonly #shares: RowsOfMany<StoredShare>;

  constructor(db: PagesDb) {
    this.#db = db;
    this.#envelopes = new SqliteEnvelopes(db);
    this.#sayings = RowsOfMany.sayings(db);
    this.#shares = RowsOfMany.shares(db);
  }

  page(page: Uint8Array): StoredPage | undefined {
    const row = this.#db.get('SELECT * FROM pages WHERE page = ?', page);
    if (row === undefined) return undefined;
    const said = this.#saidOf(row);
    const code = typeof row.code === 'string' ? row.code : undefined;
    const state = code !== undefined ? 'refused' : row.accepted === null ? 'waiting' : 'accepted';
    return {
      ...{ ...namesOf(row), state, batch: 0 },
      ...(code !== undefined && { code }),
      ...(said !== undefined && { said }),
    };
  }

  #saidOf(row: Row): Uint8Array | undefined {
    if (typeof row.said !== 'number') return undefined;
    return this.#sayings.read(row.said).get(uintIn(row, 'id'));
  }

  sentSince(sensor: Uint8Array, sinceMs: number): number {
    this.#db.run('DELETE FROM arrivals WHERE sensor = ? AND at_ms < ?', sensor, sinceMs);
    const sql = 'SELECT coalesce(sum(pages), 0) AS n FROM arrivals WHERE sensor = ?';
    return uintIn(this.#db.get(sql, sensor), 'n');
  }

  /** `isSealed`: whether a page is, under this manifest; undefined: no batch holds it. */
  takeIn(
    pages: readonly ArrivedPage[],
    envelope: KeptEnvelope | undefined,
    isSealed: (page: ArrivedPage) => boolean | undefined,
  ): void {
    this.#db.together(() => {
      const named = new Map(pages.map((it) => [bytesToHex(it.page), it]));
      const fresh = [...named.values()].filter((it) => this.#isFresh(it, isSealed(it)));
      if (fresh.length === 0) return;
      const own = fresh.map(({ page }) => page);
      const number = envelope === undefined ? 0 : this.#envelopes.keep(envelope, own);
      for (const it of fresh) this.#insert(it, number);
      this.#countArrivals(fresh);
    });
  }

  /** False: it was here already. What it takes the place of is gone. Throws PAGE_REPLAYED, PAGE_WAITS. */
  #isFresh(of: ArrivedPage, isSealed: boolean | undefined): boolean {
    if (isSealed === false) throw new CodedError('PAGE_REPLAYED');
    const before = this.#db.get('SELECT * FROM pages WHERE page = ?', of.page);
    // What became of it stays: one sharing is judged once.
    if (isSealed || (before && equalBytes(bytesIn(before, 'manifest_hash'), of.manifestHash)))
      return false;
    if (before === undefined) return true;
    if (before.accepted !== null) throw new CodedError('PAGE_REPLAYED');
    if (before.code === null && before.said !== null) throw new CodedError('PAGE_WAITS');
    const id = uintIn(before, 'id');
    this.#envelopes.leave(uintIn(before, 'envelope'), of.page);
    if (typeof before.said === 'number') this.#sayings.takeOut(before.said, (it) => it === id);
    this.#db.run('DELETE FROM bodies WHERE id = ?', id);
    this.#db.run('DELETE FROM pages WHERE id = ?', id);
    return true;
  }

  #insert(of: ArrivedPage, envelope: number): void {
    const { lastInsertRowid } = this.#db.run(
      `INSERT INTO pages (page, trio, manifest_hash, manifest, signature, sensor, pseudonym, panel, hour, n, leaf, at_ms,
       body_hash, envelope) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[of.page, of.trio, of.manifestHash, of.manifest, of.signature, of.sensor, of.pseudonym],
      ...[of.panel, of.startHour, of.n, of.leaf, of.atMs, sha256(of.body), envelope],
    );
    this.#db.run('INSERT INTO bodies VALUES (?, ?)', Number(lastInsertRowid), of.body);
  }

  /** What came at once of one sensor is one row. */
  #countArrivals(pages: readonly ArrivedPage[]): void {
    const groups = new Map<string, { readonly of: ArrivedPage; count: number }>();
    for (const of of pages) {
      const name = `${bytesToHex(of.sensor)} ${of.atMs}`;
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { of, count: 1 });
      else group.count++;
    }
    for (const { of, count } of groups.values())
      this.#db.run('INSERT INTO arrivals VALUES (?, ?, ?)', of.sensor, of.atMs, count);
  }

  waiting(trio: string, most: number): readonly WaitingPage[] {
    const rows = this.#db.all(
      `SELECT id, page, manifest_hash, manifest, said FROM pages
       WHERE trio = ? AND ${isWaiting} ORDER BY at_ms, id LIMIT ?`,
      ...[trio, most],
    );
    const read = new Map<number, ReadonlyMap<number, Uint8Array>>();
    return rows.map((row) => {
      const number = row.said;
      if (typeof number === 'number' && !read.has(number))
        read.set(number, this.#sayings.read(number));
      const said = typeof number === 'number' && read.get(number)?.get(uintIn(row, 'id'));
      return {
        ...{ page: bytesIn(row, 'page'), manifestHash: bytesIn(row, 'manifest_hash') },
        ...{ manifest: bytesIn(row, 'manifest'), ...(said && { said }) },
      };
    });
  }

  body({ page, manifestHash }: Pick<PageNames, 'page' | 'manifestHash'>): Uint8Array | undefined {
    const row = this.#db.get(
      'SELECT body FROM pages JOIN bodies USING (id) WHERE page = ? AND manifest_hash = ?',
      ...[page, manifestHash],
    );
    return row && bytesIn(row, 'body');
  }

  speak(said: readonly SaidOfPage[]): void {
    this.#db.together(() => {
      let number = this.#sayings.next();
      for (const some of pieces(said, sayingsOfRow)) {
        const own = some.flatMap((of) => {
          const row = this.#db.get(
            `UPDATE pages SET said = ? WHERE page = ? AND manifest_hash = ? AND said IS NULL AND ${isWaiting}
             RETURNING id`,
            ...[number, of.page, of.manifestHash],
          );
          return row === undefined ? [] : [[uintIn(row, 'id'), of.said] as const];
        });
        if (own.length > 0) this.#sayings.put(number++, own);
      }
    });
  }

  settle(verdicts: readonly PageVerdict[]): void {
    this.#db.together(() => {
      let number = this.#shares.next();
      for (const some of pieces(verdicts, sharesOfRow)) {
        const own = some.flatMap((of) => {
          if ('code' in of) return this.#refuse(of, of.code);
          const row = this.#db.get(
            `UPDATE pages SET accepted = ? WHERE page = ? AND manifest_hash = ? AND ${isWaiting} RETURNING id`,
            ...[number, of.page, of.manifestHash],
          );
          return row === undefined ? [] : [[uintIn(row, 'id'), of.kept] as const];
        });
        if (own.length === 0) continue;
        const ids = own.map(([id]) => id);
        this.#db.run(
          `DELETE FROM bodies WHERE id BETWEEN ? AND ?
           AND (SELECT accepted FROM pages WHERE pages.id = bodies.id) = ?`,
          ...[Math.min(...ids), Math.max(...ids), number],
        );
        // After the bodies: what they leave free is written over.
        this.#shares.put(number++, own);
      }
    });
  }

  #refuse({ page, manifestHash }: Pick<PageVerdict, 'page' | 'manifestHash'>, code: string): [] {
    const row = this.#db.get(
      `SELECT id, envelope FROM pages WHERE page = ? AND manifest_hash = ? AND ${isWaiting}`,
      ...[page, manifestHash],
    );
    if (row !== undefined) this.#refuseRow({ ...row, page }, code);
    return [];
  }

  #refuseRow(row: Row, code: string): void {
    const id = uintIn(row, 'id');
    this.#envelopes.leave(uintIn(row, 'envelope'), bytesIn(row, 'page'));
    this.#db.run('DELETE FROM bodies WHERE id = ?', id);
    this.#db.run('UPDATE pages SET code = ?, accepted = NULL, envelope = 0 WHERE id = ?', code, id);
  }

  expire(
    trio: string,
    { beforeMs, code }: { readonly beforeMs: number; readonly code: string },
  ): number {
    const sql = `SELECT id, page, envelope FROM pages WHERE trio = ? AND ${isWaiting} AND at_ms < ?`;
    const rows = this.#db.all(sql, trio, beforeMs);
    if (rows.length === 0) return 0;
    this.#db.together(() => {
      for (const row of rows) this.#refuseRow(row, code);
    });
    return rows.length;
  }

  giveUp(page: Uint8Array, code: string): void {
    this.#db.together(() => {
      const row = this.#db.get(
        'SELECT id, page, envelope, accepted FROM pages WHERE page = ? AND accepted IS NOT NULL',
        page,
      );
      if (row === undefined) return;
      const id = uintIn(row, 'id');
      this.#shares.takeOut(uintIn(row, 'accepted'), (it) => it === id);
      this.#refuseRow(row, code);
    });
  }

  unsealed(trio: string, most: number): readonly UnsealedPage[] {
    const rows = this.#db.all(
      `SELECT page, manifest_hash, manifest, hour FROM pages
       WHERE trio = ? AND accepted IS NOT NULL ORDER BY page LIMIT ?`,
      ...[trio, most],
    );
    return rows.map((row) => ({
      ...{ page: bytesIn(row, 'page'), manifestHash: bytesIn(row, 'manifest_hash') },
      ...{ manifest: bytesIn(row, 'manifest'), startHour: uintIn(row, 'hour') },
    }));
  }

  /** The number of its recovery envelope, 0: it has none; undefined: there is no such page here. */
  envelopeOf(page: Uint8Array): number | undefined {
    const row = this.#db.get('SELECT envelope FROM pages WHERE page = ?', page);
    return row && uintIn(row, 'envelope');
  }

  /** After this one in the order of trios, of those with a page that waits or is accepted. */
  trioAfter(trio: string): string | undefined {
    const found = [isWaiting, 'accepted IS NOT NULL'].flatMap((it) => {
      const row = this.#db.get(
        `SELECT min(trio) AS trio FROM pages WHERE trio > ? AND ${it}`,
        trio,
      );
      return typeof row?.trio === 'string' ? [textIn(row, 'trio')] : [];
    });
    return found.sort()[0];
  }

  /** Accepted pages leave for the batch that holds them; each row is looked at as it goes. Throws BATCH_UNKNOWN, ROW_TAMPERED. */
  takeOut(pages: readonly Uint8Array[], number: number): readonly SealedPage[] {
    const rows = pages.map((page) => {
      const row = this.#db.get('SELECT * FROM pages WHERE page = ? AND accepted IS NOT NULL', page);
      // It was accepted when this server signed, and nothing gives an accepted page of a planned batch up.
      if (row === undefined) throw new CodedError('BATCH_UNKNOWN', { number });
      return row;
    });
    const ids = new Set(rows.map((row) => uintIn(row, 'id')));
    const shares = new Map<number, StoredShare>();
    for (const accepted of new Set(rows.map((row) => uintIn(row, 'accepted'))))
      for (const [id, kept] of this.#shares.takeOut(accepted, (it) => ids.has(it)))
        shares.set(id, kept);
    for (const said of new Set(rows.map(({ said: it }) => it)))
      if (typeof said === 'number') this.#sayings.takeOut(said, (it) => ids.has(it));
    return rows.map((row) => {
      const id = uintIn(row, 'id');
      const kept = shares.get(id);
      if (kept === undefined) throw new CodedError('ROW_TAMPERED', { table: 'accepted' });
      this.#db.run('DELETE FROM pages WHERE id = ?', id);
      return { names: namesOf(row), kept, envelope: uintIn(row, 'envelope') };
    });
  }

  /** The share of an accepted page as it stands. */
  share(page: Uint8Array): StoredShare | undefined {
    const row = this.#db.get('SELECT id, accepted FROM pages WHERE page = ?', page);
    if (typeof row?.accepted !== 'number') return undefined;
    return this.#shares.read(row.accepted).get(uintIn(row, 'id'));
  }
}

function* pieces<It>(them: readonly It[], size: number): Iterable<readonly It[]> {
  for (let at = 0; at < them.length; at += size) yield them.slice(at, at + size);
}
