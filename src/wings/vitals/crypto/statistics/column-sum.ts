import { CodedError } from '../../../../primitives/errors.ts';
import { elementsToBytes, field64, modulo } from '../field.ts';

/** Halves of 32 bits add up exactly in a double for so many rows. */
const mostRows = 2 ** 20;

/**
 * Adds rows of field elements (8 bytes each, lowest first) column by column: in halves of 32 bits, with one reduction at
 * the end, which is what makes it cheaper than adding in the field.
 */
export class ColumnSum {
  readonly #columns: number;
  /** Of each column the low half and the high one. */
  readonly #halves: Float64Array;
  readonly #totals: bigint[];
  #rows = 0;

  constructor(columns: number) {
    this.#columns = columns;
    this.#halves = new Float64Array(2 * columns);
    this.#totals = Array.from({ length: columns }, () => 0n);
  }

  /** Whole rows, one after the other. Throws BODY_LENGTH. */
  add(rows: Uint8Array): void {
    if (rows.length % (this.#columns * 8) !== 0) throw new CodedError('BODY_LENGTH');
    const words = wordsOf(rows);
    const halves = this.#halves;
    const width = halves.length;
    for (let at = 0; at < words.length; ) {
      for (let half = 0; half < width; half++, at++)
        halves[half] = (halves[half] ?? 0) + (words[at] ?? 0);
      this.#rows += 1;
      if (this.#rows === mostRows) this.#fold();
    }
  }

  /** Rows that were added up before, as `Halves` keeps them; `row`: which one. */
  addHalves(of: Halves, row: number): void {
    const halves = this.#halves;
    const width = halves.length;
    for (let half = 0, at = row * width; half < width; half++, at++)
      halves[half] = (halves[half] ?? 0) + (of.values[at] ?? 0);
    // Each is as large as one row, or a little larger.
    this.#rows += 2;
    if (this.#rows >= mostRows) this.#fold();
  }

  /** So far, as field elements. */
  totals(): readonly bigint[] {
    this.#fold();
    return this.#totals;
  }

  /** The same as they stand in a store: 8 bytes each, lowest first. */
  bytes(): Uint8Array {
    return elementsToBytes(field64, this.totals());
  }

  #fold(): void {
    for (let column = 0; column < this.#columns; column++) {
      const [low, high] = [this.#halves[2 * column] ?? 0, this.#halves[2 * column + 1] ?? 0];
      const added = BigInt(low) + (BigInt(high) << 32n);
      this.#totals[column] = modulo(field64, (this.#totals[column] ?? 0n) + added);
    }
    this.#halves.fill(0);
    this.#rows = 0;
  }
}

/** Many sums side by side, a row each, in halves as `ColumnSum` has them. */
export class Halves {
  readonly values: Float64Array;
  readonly #width: number;

  constructor(rows: number, columns: number) {
    this.#width = 2 * columns;
    this.values = new Float64Array(rows * this.#width);
  }

  /** Rows of `words`, one after the other, each to the sum that `places` says; at most 2^20 to each. */
  addRows(places: Uint32Array, words: Uint32Array): void {
    const { values } = this;
    const width = this.#width;
    let read = 0;
    for (let row = 0; row < places.length; row++) {
      const at = (places[row] ?? 0) * width;
      for (let half = 0; half < width; half++, read++)
        values[at + half] = (values[at + half] ?? 0) + (words[read] ?? 0);
    }
  }

  /** Makes each sum as small as one row again: 2^64 is 2^32 - 1 in the field. */
  reduce(): void {
    const { values } = this;
    for (let at = 0; at < values.length; at += 2) {
      const low = values[at] ?? 0;
      const high = (values[at + 1] ?? 0) + Math.floor(low / word);
      const over = Math.floor(high / word);
      values[at] = (low % word) - over;
      values[at + 1] = (high % word) + over;
    }
  }
}

const word = 2 ** 32;

/** The halves of elements, low and high in turn: these machines keep the lowest byte first, as the elements do. */
export function wordsOf(elements: Uint8Array): Uint32Array {
  const isAligned = elements.byteOffset % 4 === 0;
  const { buffer, byteOffset, length } = isAligned ? elements : elements.slice();
  return new Uint32Array(buffer, byteOffset, length / 4);
}
