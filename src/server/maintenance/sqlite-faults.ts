import { CodedError, isCoded } from '../../primitives/errors.ts';
import { sqliteIoErrShmSize, sqliteNumberOf, sqliteUnread } from '../../storage/file/faults.ts';

/** SQLITE_BUSY, LOCKED, NOMEM, INTERRUPT, CANTOPEN, PROTOCOL: of the machine as it is now, and of nothing that lies in a file. */
const ofNow: readonly number[] = [5, 6, 7, 9, 14, 15];
const [ioError, full, canNotOpen] = [10, 13, 14];

function isOfNow(number: number): boolean {
  const kind = number & 0xff;
  return kind === ioError ? !sqliteUnread.includes(number) : kind === full || ofNow.includes(kind);
}

/** SQLite cannot read what lies there: it is no database, or not the one that was made, or a number too large for one, which no process of a home writes. */
export function isUnreadable(error: unknown): boolean {
  const number = sqliteNumberOf(error);
  return number === undefined ? isTooLarge(error) : !isOfNow(number);
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && Reflect.get(error, 'code') === 'ERR_OUT_OF_RANGE';

/** It cannot be opened where it lies, as in a folder that may not be written to, or it is gone. */
export function isUnopened(error: unknown): boolean {
  return ((sqliteNumberOf(error) ?? 0) & 0xff) === canNotOpen;
}

/**
 * Why a file could not be looked at now, which says nothing of what lies in it: DISK_FULL, STORE_BUSY (somebody has it to
 * himself, or the machine has no memory or no file left); undefined: it is another error.
 */
export function faultOfNow(error: unknown): CodedError | undefined {
  if (isCoded(error, 'DISK_FULL')) return error;
  const number = sqliteNumberOf(isCoded(error) ? error.cause : error);
  if (number === undefined || !isOfNow(number)) return undefined;
  const isFull = (number & 0xff) === full || number === sqliteIoErrShmSize;
  return new CodedError(isFull ? 'DISK_FULL' : 'STORE_BUSY', {}, error);
}
