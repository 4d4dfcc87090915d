import { CodedError } from '../../../../../primitives/errors.ts';
import { packColumns, unpackColumns } from '../page-columns.ts';
import { bytesIn } from '../page-rows.ts';
import type { StoredShare } from '../page-store.ts';
import { sharesBytes, sharesIn } from '../sealed-segment.ts';
import type { PagesDb } from './sqlite-pages-db.ts';

const numberBytes = 8;

/** Row ids, 8 bytes each. */
export function numbersBytes(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * numberBytes);
  const view = new DataView(bytes.buffer);
  for (const [at, it] of numbers.entries()) view.setBigUint64(at * numberBytes, BigInt(it));
  return bytes;
}

/** Throws HOME_INVALID. */
export function numbersIn(bytes: Uint8Array): readonly number[] {
  if (bytes.length % numberBytes !== 0) throw new CodedError('HOME_INVALID', { column: 'ids' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / numberBytes }, (_, at) =>
    Number(view.getBigUint64(at * numberBytes)),
  );
}

interface Form<It> {
  readonly table: 'sayings' | 'accepted';
  readonly column: string;
  readonly pack: (them: readonly It[]) => Uint8Array;
  readonly unpack: (bytes: Uint8Array, rows: number) => readonly It[];
}

const saidForm: Form<Uint8Array> = {
  ...{ table: 'sayings', column: 'said' },
  pack: (them) => packColumns([them]),
  unpack: (bytes, rows) => unpackColumns(bytes, { columns: 1, rows })[0] ?? [],
};
const shareForm: Form<StoredShare> = {
  ...{ table: 'accepted', column: 'shares' },
  pack: sharesBytes,
  unpack: sharesIn,
};

/** One thing each of many unsealed pages, in one row with one MAC; a page's row names it. */
export class RowsOfMany<It> {
  readonly #db: PagesDb;
  readonly #form: Form<It>;

  constructor(db: PagesDb, form: Form<It>) {
    this.#db = db;
    this.#form = form;
  }

  static sayings = (db: PagesDb): RowsOfMany<Uint8Array> => new RowsOfMany(db, saidForm);
  static shares = (db: PagesDb): RowsOfMany<StoredShare> => new RowsOfMany(db, shareForm);

  next(): number {
    return this.#db.nextNumber(this.#form.table);
  }

  put(number: number, them: readonly (readonly [id: number, it: It])[]): void {
    const { table, pack } = this.#form;
    const bytes = pack(them.map(([, it]) => it));
    const ids = numbersBytes(them.map(([id]) => id));
    this.#db.run(
      `INSERT INTO ${table} VALUES (?, ?, ?, ?)`,
      number,
      ids,
      this.#db.macs.ofPart(bytes),
      bytes,
    );
  }

  /** By `pages.id`; empty: there is no such row. Not held: what is kept for good is (`takeOut`). */
  read(number: number): ReadonlyMap<number, It> {
    const { table, column, unpack } = this.#form;
    const row = this.#db.get(`SELECT ids, ${column} FROM ${table} WHERE number = ?`, number);
    if (row === undefined) return new Map();
    const ids = numbersIn(bytesIn(row, 'ids'));
    const them = unpack(bytesIn(row, column), ids.length);
    return new Map(ids.flatMap((id, at) => (them[at] === undefined ? [] : [[id, them[at]]])));
  }

  /** The row has nothing of these pages from now on; what it had is not read where it had nothing else. Throws ROW_TAMPERED. */
  drop(number: number, isOut: (id: number) => boolean): void {
    const { table } = this.#form;
    const row = this.#db.get(`SELECT ids FROM ${table} WHERE number = ?`, number);
    if (row === undefined) return;
    if (numbersIn(bytesIn(row, 'ids')).every(isOut))
      this.#db.run(`DELETE FROM ${table} WHERE number = ?`, number);
    else this.takeOut(number, isOut);
  }

  /** The row's part of these pages, which it has no more from now on. Throws ROW_TAMPERED. */
  takeOut(number: number, isOut: (id: number) => boolean): ReadonlyMap<number, It> {
    const { table } = this.#form;
    const row = this.#db.get(`SELECT * FROM ${table} WHERE number = ?`, number);
    if (row === undefined) return new Map();
    this.#db.held(table, row);
    const all = [...this.read(number)];
    this.#db.run(`DELETE FROM ${table} WHERE number = ?`, number);
    const left = all.filter(([id]) => !isOut(id));
    if (left.length > 0) this.put(number, left);
    return new Map(all.filter(([id]) => isOut(id)));
  }
}
