/**
 * Told at each step of a write: `begin` (nothing written), `commit` (written, not durable), `done` (durable,
 * nobody told). A crash test stops the process there. The names of the writes stand with the parts that write.
 */
export type FaultPoint = (name: `${string}:${'begin' | 'commit' | 'done'}`) => void;

const sqliteFull = 13;
/** The shared-memory file of the WAL could not grow: what a full disk looks like to SQLite there. */
const sqliteIoErrShmSize = 4874;

/** Whether SQLite found no room, in the file or for its shared memory. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  return error.errcode === sqliteFull || error.errcode === sqliteIoErrShmSize;
}
