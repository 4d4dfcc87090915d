import { CodedError, isCoded } from '../../primitives/errors.ts';

/** The steps of a write between which a crash test stops the store, in the order in which they come. */
export const faultPoints = [
  'upload:open',
  'upload:write',
  'upload:sync',
  'commit:begin',
  'commit:rename',
  'commit:row',
  'commit:folder',
  'commit:commit',
  'commit:done',
  'remove:unlink',
  'remove:scrub',
] as const;

export type FaultPoint = (typeof faultPoints)[number];

const sqliteFull = 13;
/** The shared-memory file of the WAL could not grow: what a full disk looks like to SQLite there. */
export const sqliteIoErrShmSize = 4874;
const sqliteBusy = 5;
const sqliteUnreadable: readonly number[] = [11, 26]; // CORRUPT, NOTADB
/** SQLITE_IOERR as such, IOERR_READ, SHORT_READ, DATA, CORRUPTFS: the disk does not give back what lies there. Others are of the machine as it is now. */
export const sqliteUnread: readonly number[] = [10, 266, 522, 8_202, 8_458];

/** The number that SQLite gives, with what it says more in its higher bytes; undefined: the error is not SQLite's. */
export function sqliteNumberOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** The errno name of a failed file operation, as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether another process holds SQLite’s lock. */
export function isLocked(error: unknown): boolean {
  return sqliteNumberOf(error) === sqliteBusy;
}

/** Whether SQLite or the file system could not read what it wrote. */
export function isUnreadable(error: unknown): boolean {
  const number = sqliteNumberOf(error);
  if (number === undefined) return errnoOf(error) === 'EIO';
  return sqliteUnreadable.includes(number & 0xff) || sqliteUnread.includes(number);
}

/** What a failed write tells the caller: DISK_FULL when room was missing, HOME_READ_ONLY, else INTERNAL. */
export function writeFault(error: unknown): CodedError {
  if (isCoded(error)) return error;
  const errno = errnoOf(error);
  const number = sqliteNumberOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return new CodedError('DISK_FULL', {}, error);
  if (number === sqliteFull || number === sqliteIoErrShmSize) {
    return new CodedError('DISK_FULL', {}, error);
  }
  if (errno === 'EROFS' || errno === 'EACCES' || number === 8 || number === 14) {
    return new CodedError('HOME_READ_ONLY', {}, error);
  }
  return new CodedError('INTERNAL', {}, error);
}
