import { concatBytes, equalBytes } from '../../../../../primitives/bytes.ts';
import { bytesIn, envelopeOf, type Row, readable, uintIn } from '../page-rows.ts';
import type { KeptEnvelope } from '../page-store.ts';
import { envelopesIn, idBytes, idNames } from '../sealed-segment.ts';
import type { PagesDb } from './sqlite-pages-db.ts';

/** What another server is rebuilt from: kept as long as one of its pages is. Rule VS-34. */
export class SqliteEnvelopes {
  readonly #db: PagesDb;

  constructor(db: PagesDb) {
    this.#db = db;
  }

  /** Its number, with these pages among its own; within the caller's step. */
  keep({ id, bytes }: KeptEnvelope, pages: readonly Uint8Array[]): number {
    const row = this.#db.get('SELECT number, pages FROM envelopes WHERE name = ?', id);
    if (row === undefined) {
      const { lastInsertRowid } = this.#db.run(
        'INSERT INTO envelopes (name, pages, envelope) VALUES (?, ?, ?)',
        ...[id, concatBytes(...pages), bytes],
      );
      return Number(lastInsertRowid);
    }
    const number = uintIn(row, 'number');
    const joined = concatBytes(bytesIn(row, 'pages'), ...pages);
    this.#db.run('UPDATE envelopes SET pages = ? WHERE number = ?', joined, number);
    return number;
  }

  /** From what is refused or replaced nobody is rebuilt; the envelope goes with the last of its pages. 0: the page has none. */
  leave(number: number, page: Uint8Array): void {
    if (number === 0) return;
    const row = this.#db.get('SELECT pages FROM envelopes WHERE number = ?', number);
    if (row === undefined) return;
    const left = idsIn(bytesIn(row, 'pages')).filter((it) => !equalBytes(it, page));
    if (left.length === 0) this.#db.run('DELETE FROM envelopes WHERE number = ?', number);
    else
      this.#db.run(
        'UPDATE envelopes SET pages = ? WHERE number = ?',
        ...[concatBytes(...left), number],
      );
  }

  byNumber(number: number): KeptEnvelope | undefined {
    if (number === 0) return undefined;
    const row = this.#db.get('SELECT name, envelope FROM envelopes WHERE number = ?', number);
    return row && envelopeOf(row);
  }

  /** Numbers by the hex of each page that has one: what envelopes say themselves. */
  ofPages(): ReadonlyMap<string, number> {
    return numbersBy(this.#db.all('SELECT number, pages FROM envelopes'));
  }

  /** The same of those that sealed rows of a batch name, whether or not the rows hold. */
  ofBatch(trio: string, number: number): ReadonlyMap<string, number> {
    const rows = this.#db.all(
      'SELECT heads FROM sealed WHERE trio = ? AND batch = ?',
      trio,
      number,
    );
    const named = new Set(
      rows.flatMap((row) => readable(() => envelopesIn(bytesIn(row, 'heads'))) ?? []),
    );
    return numbersBy(
      [...named].flatMap((it) =>
        this.#db.all('SELECT number, pages FROM envelopes WHERE number = ?', it),
      ),
    );
  }
}

const numbersBy = (rows: readonly Row[]): ReadonlyMap<string, number> =>
  new Map(
    rows.flatMap((row) => idNames(bytesIn(row, 'pages')).map((it) => [it, uintIn(row, 'number')])),
  );

export const idsIn = (bytes: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: bytes.length / idBytes }, (_, at) =>
    bytes.slice(at * idBytes, (at + 1) * idBytes),
  );
