import { CodedError } from '../../../../primitives/errors.ts';

/**
 * Byte strings of many rows as one: first all lengths, 32 bits each, highest byte first, a column after the other; then the
 * bytes in the same order. So one hash is over all of them, and one column is read without the others.
 */
export function packColumns(columns: readonly (readonly Uint8Array[])[]): Uint8Array<ArrayBuffer> {
  let [cells, total] = [0, 0];
  for (const column of columns) {
    cells += column.length;
    for (const it of column) total += it.length;
  }
  const bytes = new Uint8Array(4 * cells + total);
  const view = new DataView(bytes.buffer);
  let [head, at] = [0, 4 * cells];
  for (const column of columns)
    for (const it of column) {
      view.setUint32(head, it.length);
      bytes.set(it, at);
      head += 4;
      at += it.length;
    }
  return bytes;
}

/** The other way: views. Throws HOME_INVALID: these are not so many columns of so many rows. */
export function unpackColumns(
  bytes: Uint8Array,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): readonly (readonly Uint8Array[])[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 4 * columns * rows;
  if (at > bytes.length) throw new CodedError('HOME_INVALID', { column: 'columns' });
  const unpacked = Array.from({ length: columns }, (_, column) =>
    Array.from({ length: rows }, (__, row) => {
      const length = view.getUint32(4 * (column * rows + row));
      at += length;
      return bytes.subarray(at - length, at);
    }),
  );
  if (at !== bytes.length) throw new CodedError('HOME_INVALID', { column: 'columns' });
  return unpacked;
}

/** One of them. Throws HOME_INVALID. */
export function unpackColumn(
  bytes: Uint8Array,
  of: { readonly columns: number; readonly rows: number; readonly column: number },
): readonly Uint8Array[] {
  const cells = of.columns * of.rows;
  const [first, end] = [of.column * of.rows, (of.column + 1) * of.rows];
  if (4 * cells > bytes.length) throw new CodedError('HOME_INVALID', { column: 'columns' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const unpacked: Uint8Array[] = [];
  let at = 4 * cells;
  for (let cell = 0; cell < cells; cell++) {
    const length = view.getUint32(4 * cell);
    if (cell >= first && cell < end) unpacked.push(bytes.subarray(at, at + length));
    at += length;
  }
  if (at !== bytes.length) throw new CodedError('HOME_INVALID', { column: 'columns' });
  return unpacked;
}
