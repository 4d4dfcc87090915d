const sqliteFull = 13;
/** The shared-memory file of the WAL could not grow: what a full disk looks like to SQLite there. */
const sqliteIoErrShmSize = 4874;

/** Whether SQLite found no room, in the file or for its shared memory. */
export function isSqliteFull(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  return error.errcode === sqliteFull || error.errcode === sqliteIoErrShmSize;
}
