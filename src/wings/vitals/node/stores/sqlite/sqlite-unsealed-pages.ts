import { bytesToHex } from '../../../../../primitives/bytes.ts';
import { CodedError } from '../../../../../primitives/errors.ts';
import { bytesIn, heardOf, namesOf, type Row, textIn, uintIn } from '../page-rows.ts';
import type {
  HeardHour,
  PageNames,
  PageVerdict,
  SaidOfPage,
  StandingPage,
  StoredPage,
  StoredShare,
  UnsealedPage,
  WaitingPage,
} from '../page-store.ts';
import type { SealedPage } from '../sealed-segment.ts';
import type { SqliteEnvelopes } from './sqlite-envelopes.ts';
import type { PagesDb } from './sqlite-pages-db.ts';
import { RowsOfMany } from './sqlite-rows-of-many.ts';

/** To say one thing again all of its row is read. */
const sayingsOfRow = 8;
const sharesOfRow = 256;
const bodiesAtOnce = 256;
const isWaiting = 'accepted IS NULL AND code IS NULL';

/** Pages until a batch holds them: spoken of, accepted or refused. Rules VS-11 to VS-14. */
export class SqliteUnsealedPages {
  readonly #db: PagesDb;
  readonly #envelopes: SqliteEnvelopes;
  readonly #sayings: RowsOfMany<Uint8Array>;
  readonly #shares: RowsOfMany<StoredShare>;
  /** Read together with the names of their pages; each is asked for once. */
  readonly #bodies = new Map<string, Uint8Array>();

  constructor(db: PagesDb, envelopes: SqliteEnvelopes) {
    this.#db = db;
    this.#envelopes = envelopes;
    this.#sayings = RowsOfMany.sayings(db);
    this.#shares = RowsOfMany.shares(db);
  }

  page(page: Uint8Array): StoredPage | undefined {
    const row = this.#db.get('SELECT * FROM pages WHERE page = ?', page);
    if (row === undefined) return undefined;
    const code = typeof row.code === 'string' ? row.code : undefined;
    const state = code !== undefined ? 'refused' : row.accepted === null ? 'waiting' : 'accepted';
    const stored: StoredPage = {
      ...{ ...namesOf(row), state, batch: 0 },
      ...(code !== undefined && { code }),
    };
    const [id, number] = [uintIn(row, 'id'), row.said];
    if (typeof number !== 'number') return stored;
    const read = () => this.#sayings.read(number).get(id);
    // All of its row is read for it, and few ask.
    return Object.defineProperty(stored, 'said', { get: read, enumerable: true });
  }

  /** Something else may wait now than what was fetched. */
  forgetBodies(): void {
    this.#bodies.clear();
  }

  waiting(trio: string, most: number): readonly WaitingPage[] {
    const rows = this.#db.all(
      `SELECT id, page, manifest_hash, manifest, said FROM pages
       WHERE trio = ? AND ${isWaiting} ORDER BY at_ms, id LIMIT ?`,
      ...[trio, most],
    );
    this.#fetchBodies(rows.filter((row) => row.said === null).slice(0, bodiesAtOnce));
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

  /** Of pages that were not spoken of yet: each is asked for next. */
  #fetchBodies(rows: readonly Row[]): void {
    this.#bodies.clear();
    const names = new Map(rows.map((row) => [uintIn(row, 'id'), row]));
    for (const row of this.#db.all(
      'SELECT id, body FROM bodies WHERE id IN (SELECT value FROM json_each(?))',
      JSON.stringify([...names.keys()]),
    )) {
      const page = names.get(uintIn(row, 'id'));
      if (page !== undefined) this.#bodies.set(nameOf(page), bytesIn(row, 'body'));
    }
  }

  body(of: Pick<PageNames, 'page' | 'manifestHash'>): Uint8Array | undefined {
    const { page, manifestHash } = of;
    const name = nameOf({ page, manifest_hash: manifestHash });
    const fetched = this.#bodies.get(name);
    this.#bodies.delete(name);
    if (fetched !== undefined) return fetched;
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
        const own = firstOf(
          some.flatMap((of) => {
            const id = this.#waitingId(of, 'said IS NULL');
            return id === undefined ? [] : [[id, of.said] as const];
          }),
        );
        if (own.length === 0) continue;
        this.#name('said', number, own);
        this.#sayings.put(number++, own);
      }
    });
  }

  /** Of a page that waits under this manifest. */
  #waitingId(
    { page, manifestHash }: Pick<PageNames, 'page' | 'manifestHash'>,
    as = 'TRUE',
  ): number | undefined {
    const row = this.#db.get(
      `SELECT id FROM pages WHERE page = ? AND manifest_hash = ? AND ${isWaiting} AND ${as}`,
      ...[page, manifestHash],
    );
    return row && uintIn(row, 'id');
  }

  /** All at once: a statement a page costs twice as much. */
  #name(
    column: 'said' | 'accepted',
    number: number,
    own: readonly (readonly [number, unknown])[],
  ): void {
    this.#db.run(
      `UPDATE pages SET ${column} = ? WHERE id IN (SELECT value FROM json_each(?))`,
      ...[number, JSON.stringify(own.map(([id]) => id))],
    );
  }

  settle(verdicts: readonly PageVerdict[]): void {
    this.#bodies.clear();
    this.#db.together(() => {
      let number = this.#shares.next();
      for (const some of pieces(verdicts, sharesOfRow)) {
        const own = firstOf(
          some.flatMap((of) => {
            if ('code' in of) return this.#refuse(of, of.code);
            const id = this.#waitingId(of);
            return id === undefined ? [] : [[id, of.kept] as const];
          }),
        );
        if (own.length === 0) continue;
        this.#name('accepted', number, own);
        this.#db.run(
          'DELETE FROM bodies WHERE id IN (SELECT value FROM json_each(?))',
          JSON.stringify(own.map(([id]) => id)),
        );
        // After the bodies: what they leave free is written over.
        this.#shares.put(number++, own);
      }
    });
  }

  #refuse({ page, manifestHash }: Pick<PageVerdict, 'page' | 'manifestHash'>, code: string): [] {
    const row = this.#db.get(
      `SELECT id, page, envelope FROM pages WHERE page = ? AND manifest_hash = ? AND ${isWaiting}`,
      ...[page, manifestHash],
    );
    if (row !== undefined) this.#refuseRow(row, code);
    return [];
  }

  #refuseRow(row: Row, code: string): void {
    const id = uintIn(row, 'id');
    this.#bodies.clear();
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

  /** What waits under a pseudonym is refused, within the caller's step. */
  refuseOf(pseudonym: Uint8Array, code: string): void {
    const sql = `SELECT id, page, envelope FROM pages WHERE pseudonym = ? AND ${isWaiting}`;
    for (const row of this.#db.all(sql, pseudonym)) this.#refuseRow(row, code);
  }

  hasAccepted(pseudonym: Uint8Array): boolean {
    const sql = 'SELECT 1 FROM pages WHERE pseudonym = ? AND accepted IS NOT NULL LIMIT 1';
    return this.#db.get(sql, pseudonym) !== undefined;
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
      if (typeof said === 'number') this.#sayings.drop(said, (it) => ids.has(it));
    return rows.map((row) => {
      const id = uintIn(row, 'id');
      const kept = shares.get(id);
      if (kept === undefined) throw new CodedError('ROW_TAMPERED', { table: 'accepted' });
      this.#db.run('DELETE FROM pages WHERE id = ?', id);
      const [envelope, atMs] = [uintIn(row, 'envelope'), uintIn(row, 'at_ms')];
      return { names: namesOf(row), kept, envelope, atMs };
    });
  }

  /** Of what came of one panel of a patient, whatever became of it. */
  heard(pseudonym: Uint8Array, panel: number, sinceHour: number): readonly HeardHour[] {
    return this.#db
      .all(
        'SELECT sensor, hour, trio, at_ms FROM pages WHERE pseudonym = ? AND panel = ? AND hour >= ?',
        ...[pseudonym, panel, sinceHour],
      )
      .map(heardOf);
  }

  /** Of an accepted page what stands: its names under their MAC, and its share as it is. Throws ROW_TAMPERED. */
  standing(page: Uint8Array): StandingPage | undefined {
    const row = this.#db.get('SELECT * FROM pages WHERE page = ? AND accepted IS NOT NULL', page);
    if (row === undefined) return undefined;
    const names = namesOf(this.#db.held('pages', row));
    const kept = this.share(page);
    return { names, batch: 0, ...(kept && { kept }) };
  }

  /** The share of an accepted page as it stands. */
  share(page: Uint8Array): StoredShare | undefined {
    const row = this.#db.get('SELECT id, accepted FROM pages WHERE page = ?', page);
    if (typeof row?.accepted !== 'number') return undefined;
    return this.#shares.read(row.accepted).get(uintIn(row, 'id'));
  }
}

const nameOf = (row: Row): string =>
  bytesToHex(bytesIn(row, 'page')) + bytesToHex(bytesIn(row, 'manifest_hash'));

/** The first word of a page counts. */
function firstOf<It>(own: readonly (readonly [id: number, it: It])[]) {
  const named = new Map([...own].reverse());
  return named.size === own.length ? own : [...named];
}

function* pieces<It>(them: readonly It[], size: number): Iterable<readonly It[]> {
  for (let at = 0; at < them.length; at += size) yield them.slice(at, at + size);
}
