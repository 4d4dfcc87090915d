import { isCoded } from '../../primitives/errors.ts';

/**
 * The steps of making a block, in order, at which a test may stop the engine as a crash would:
 * `begin`, `finalized` (state transaction open), `signed`, `inserted` (before the durable COMMIT),
 * `durable` (after it, the state not yet committed), `committed`, `answered`.
 */
export const faultNames = [
  'begin',
  'finalized',
  'signed',
  'inserted',
  'durable',
  'committed',
  'answered',
] as const;

export type FaultName = (typeof faultNames)[number];

export type FaultPoint = (name: FaultName) => void;

const sqliteFull = 13;
/** The shared-memory file of the WAL could not grow: what a full disk looks like to SQLite there. */
const sqliteIoErrShmSize = 4874;

/** SQLite without room, or an application that found the disk full by other means. */
export function isDiskFull(error: unknown): boolean {
  if (isCoded(error, 'DISK_FULL')) return true;
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  return error.errcode === sqliteFull || error.errcode === sqliteIoErrShmSize;
}
