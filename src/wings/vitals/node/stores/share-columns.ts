import { keptLength, rollLength } from '../../crypto/pages/page-layout.ts';

/**
 * Elements of 64 bits as a database adds them up by its own sum(): a low and a high column of 32 bits each, less 2^31, so
 * that they are an int4 whose sum is an int8, exact, and never a numeric.
 */
export const rollColumns = columnsOf('roll', rollLength);
export const counterColumns = columnsOf('counter', keptLength - rollLength);

const word = 2 ** 32;
const half = 2 ** 31;

/** low and high in turn. */
function columnsOf(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => [
    `${name}_${at}_low`,
    `${name}_${at}_high`,
  ]).flat();
}

/** Of elements of 8 bytes, lowest first. */
export function halvesOf(elements: Uint8Array): readonly number[] {
  const view = new DataView(elements.buffer, elements.byteOffset, elements.length);
  return Array.from(
    { length: elements.length / 4 },
    (_, at) => view.getUint32(4 * at, true) - half,
  );
}

/** What sums of `rows` rows are in the field: rows up to 2^20. Written to `to`, 8 bytes an element, lowest first. */
export function writeElements(sums: readonly number[], rows: number, to: Uint8Array): void {
  const view = new DataView(to.buffer, to.byteOffset, to.length);
  for (let at = 0; at < sums.length; at += 2) {
    let low = (sums[at] ?? 0) + rows * half;
    let high = (sums[at + 1] ?? 0) + rows * half;
    // 2^64 is 2^32 - 1 in the field; each turn makes what is over 2^64 smaller.
    while (low < 0 || low >= word || high >= word) {
      high += Math.floor(low / word);
      low -= Math.floor(low / word) * word;
      const over = Math.floor(high / word);
      high += over - over * word;
      low -= over;
    }
    // The prime is 2^64 - 2^32 + 1.
    const isOver = high === word - 1 && low >= 1;
    view.setUint32(4 * at, isOver ? low - 1 : low, true);
    view.setUint32(4 * at + 4, isOver ? 0 : high, true);
  }
}

/** The elements of one row. */
export function elementsOf(sums: readonly number[], rows = 1): Uint8Array {
  const elements = new Uint8Array(4 * sums.length);
  writeElements(sums, rows, elements);
  return elements;
}
