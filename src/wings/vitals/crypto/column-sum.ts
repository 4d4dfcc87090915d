import { CodedError } from '../../../primitives/errors.ts';
import { field64, modulo } from './field.ts';

/** Halves of 32 bits add up exactly in a double for so many rows. */
const mostRows = 2 ** 20;

/**
 * Adds rows of field elements (8 bytes each, lowest first) column by column: in halves of 32 bits, with one reduction at
 * the end, which is what makes it cheaper than adding in the field.
 */
export class ColumnSum {
  readonly #columns: number;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #totals: bigint[];
  #rows = 0;

  constructor(columns: number) {
    this.#columns = columns;
    this.#low = new Float64Array(columns);
    this.#high = new Float64Array(columns);
    this.#totals = Array.from({ length: columns }, () => 0n);
  }

  /** Whole rows, one after the other. Throws BODY_LENGTH. */
  add(rows: Uint8Array): void {
    const width = this.#columns * 8;
    if (rows.length % width !== 0) throw new CodedError('BODY_LENGTH');
    const view = new DataView(rows.buffer, rows.byteOffset, rows.length);
    const [low, high] = [this.#low, this.#high];
    for (let at = 0; at < rows.length; ) {
      for (let column = 0; column < this.#columns; column++, at += 8) {
        low[column] = (low[column] ?? 0) + view.getUint32(at, true);
        high[column] = (high[column] ?? 0) + view.getUint32(at + 4, true);
      }
      this.#rows += 1;
      if (this.#rows === mostRows) this.#fold();
    }
  }

  /** So far, as field elements. */
  totals(): readonly bigint[] {
    this.#fold();
    return this.#totals;
  }

  #fold(): void {
    for (let column = 0; column < this.#columns; column++) {
      const added = BigInt(this.#low[column] ?? 0) + (BigInt(this.#high[column] ?? 0) << 32n);
      this.#totals[column] = modulo(field64, (this.#totals[column] ?? 0n) + added);
    }
    this.#low.fill(0);
    this.#high.fill(0);
    this.#rows = 0;
  }
}
