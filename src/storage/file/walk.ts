import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import type { CorruptBlob } from '../blob-store.ts';
import { isUnreadable } from './faults.ts';
import type { LargeFiles } from './large-files.ts';
import { readPieces } from './pieces.ts';
import type { Rows } from './rows.ts';

/** Its bytes, or what is wrong with it. */
type Found = number | CorruptBlob['reason'];

/**
 * Every blob with what was found when all of it was read. Yields the event loop now and then.
 * Throws BLOB_CORRUPT without an id when the table itself cannot be read, INTERRUPTED.
 */
export async function* walkBlobs(
  rows: Rows,
  files: LargeFiles,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly id: BlobId; readonly found: Found }> {
  let after = '';
  for (;;) {
    const ids = idsAfter(rows, after, 64);
    for (const id of ids) {
      const found = await examine(rows, files, id, signal);
      if (found !== undefined) yield { id, found };
      // Still listed but not to be found: the table has lost it. Else it was deleted meanwhile.
      else if (idsAfter(rows, after, 1)[0] === id) yield { id, found: 'missing' };
      after = id;
    }
    if (ids.length === 0) return;
    await nextTurn();
  }
}

/** Undefined: there is no such row. */
async function examine(
  rows: Rows,
  files: LargeFiles,
  id: BlobId,
  signal: AbortSignal | undefined,
): Promise<Found | undefined> {
  try {
    let bytes = 0;
    const options = signal === undefined ? { id } : { id, signal };
    for await (const piece of readPieces(rows, files, options)) bytes += piece.length;
    return bytes;
  } catch (error) {
    if (isCoded(error, 'BLOB_UNKNOWN')) return undefined;
    if (!isCoded(error, 'BLOB_CORRUPT')) throw error;
    const { reason } = error.details;
    return reason === 'missing' || reason === 'unreadable' ? reason : 'changed';
  }
}

function idsAfter(rows: Rows, after: string, limit: number): BlobId[] {
  try {
    return rows.idsAfter(after, limit);
  } catch (error) {
    if (!isUnreadable(error) && !isCoded(error, 'ID_FORMAT')) throw error;
    throw new CodedError('BLOB_CORRUPT', { part: 'table' }, error);
  }
}
