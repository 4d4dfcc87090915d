import { setImmediate as nextTurn } from 'node:timers/promises';

/** So many rows are handled in one turn of the event loop, which others wait for. */
export const rowsATurn = 32;

/** What `items` yields, so many at a time; between two slices everybody else gets a turn. */
export async function* inSlices<T>(
  items: Iterable<T>,
  most = rowsATurn,
): AsyncGenerator<readonly T[], void, undefined> {
  let slice: T[] = [];
  for (const item of items) {
    slice.push(item);
    if (slice.length < most) continue;
    yield slice;
    slice = [];
    await nextTurn();
  }
  if (slice.length > 0) yield slice;
}
