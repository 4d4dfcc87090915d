/** Small things for text that people read. */

/** The last moment that a calendar has a date for; numbers on a ledger go beyond it. */
const lastMs = 8_640_000_000_000_000;

export function when(ms: number): string {
  if (!Number.isFinite(ms) || ms <= 0) return '-';
  if (ms > lastMs) return 'after all dates';
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** The first digits of an id, as commands take them back. */
export function short(id: string): string {
  return id.slice(0, 8);
}

/** `3 messages`, `1 message`. */
export function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A count of bytes for people. */
export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** Columns as wide as their widest cell; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) {
      widths[at] = Math.max(widths[at] ?? 0, [...printable(cell)].length);
    }
  }
  return rows
    .map((row) =>
      row
        .map((cell, at) => {
          const text = printable(cell);
          return text + ' '.repeat(Math.max(0, (widths[at] ?? 0) - [...text].length));
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Names come from records: nothing in them may steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}
