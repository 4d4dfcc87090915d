import { isCoded } from '../primitives/errors.ts';

const sqliteFull = 13;
/** The shared-memory file of the WAL could not grow: what a full disk looks like to SQLite there. */
const sqliteIoErrShmSize = 4874;

/** SQLite without room, or an application that found the disk full by other means. */
export function isDiskFull(error: unknown): boolean {
  if (isCoded(error, 'DISK_FULL')) return true;
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  return error.errcode === sqliteFull || error.errcode === sqliteIoErrShmSize;
}
