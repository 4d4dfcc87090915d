import { named, printable, widthOf } from './harmless.ts';
import { wallTime, zoneHere } from './zoned-time.ts';

/** Small things for text that people read. */

/** The last moment that a calendar has a date for; numbers on a ledger go beyond it. */
const lastMs = 8_640_000_000_000_000;

/** A moment by the clock here, to the minute, with the zone's name: `2026-12-24 00:00 EST`. */
export function when(ms: number, zone = zoneHere()): string {
  if (!Number.isFinite(ms) || ms <= 0) return '-';
  if (ms > lastMs) return 'after all dates';
  const { year, month, day, hour, minute, name } = wallTime(ms, zone);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)} ${name}`;
}

/** The first digits of an id, as commands take them back. */
export function short(id: string): string {
  return id.slice(0, 8);
}

/** `3 messages`, `1 message`; `several` where an s is not enough. */
export function amount(count: number, noun: string, several = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : several}`;
}

/** A count of bytes for people. */
export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** No column is cut below this. */
const leastWidth = 8;
const gap = 2;

/**
 * Columns as wide as their widest cell; the first row is the heading. A cell may be a word of somebody else's. On a screen
 * that is narrower (`columns`; missing: of this terminal, if it is one) the widest columns are cut: of ids the beginning
 * stays, which commands take, and what else is cut ends in `…`.
 */
export function table(rows: readonly (readonly string[])[], columns = columnsHere()): string {
  const most = mostWidths(rows, columns);
  const cells = rows.map((row) => row.map((cell, at) => named(cut(printable(cell), most[at]))));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell));
  }
  return cells
    .map((row) =>
      row
        .map((cell, at) => cell + ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell))))
        .join(' '.repeat(gap))
        .trimEnd(),
    )
    .join('\n');
}

/** Of the terminal that the result goes to; undefined: it goes to none. A page has no process. */
function columnsHere(): number | undefined {
  const { process } = globalThis as {
    readonly process?: { readonly stdout: { readonly isTTY?: boolean; readonly columns?: number } };
  };
  return process?.stdout.isTTY === true ? process.stdout.columns : undefined;
}

/** How wide each column may be; undefined: as wide as it is. */
function mostWidths(
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): readonly (number | undefined)[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries())
      widths[at] = Math.max(widths[at] ?? 0, [...cell].length);
  }
  if (columns === undefined) return widths;
  let over = widths.reduce((sum, it) => sum + it, gap * (widths.length - 1)) - columns;
  while (over > 0) {
    const widest = Math.max(...widths);
    if (widest <= leastWidth) break;
    widths[widths.indexOf(widest)] = widest - 1;
    over -= 1;
  }
  return widths;
}

function cut(cell: string, most: number | undefined): string {
  const characters = [...cell];
  if (most === undefined || characters.length <= most) return cell;
  const isId = /^[0-9a-f]{16,}$/.test(cell);
  return isId ? cell.slice(0, most) : `${characters.slice(0, most - 1).join('')}…`;
}
