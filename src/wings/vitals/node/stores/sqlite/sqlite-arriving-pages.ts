import { sha256 } from '../../../../../crypto/hash.ts';
import { bytesToHex, equalBytes } from '../../../../../primitives/bytes.ts';
import { CodedError } from '../../../../../primitives/errors.ts';
import { bytesIn, uintIn } from '../page-rows.ts';
import type { ArrivedPage, KeptEnvelope } from '../page-store.ts';
import type { SqliteEnvelopes } from './sqlite-envelopes.ts';
import type { PagesDb } from './sqlite-pages-db.ts';
import { RowsOfMany } from './sqlite-rows-of-many.ts';

/** Pages as they come: which are new, what they take the place of, and how many a sensor sent. Rules VS-8, VS-9. */
export class SqliteArrivingPages {
  readonly #db: PagesDb;
  readonly #envelopes: SqliteEnvelopes;
  readonly #sayings: RowsOfMany<Uint8Array>;

  constructor(db: PagesDb, envelopes: SqliteEnvelopes) {
    this.#db = db;
    this.#envelopes = envelopes;
    this.#sayings = RowsOfMany.sayings(db);
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
    if (typeof before.said === 'number') this.#sayings.drop(before.said, (it) => it === id);
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
}
