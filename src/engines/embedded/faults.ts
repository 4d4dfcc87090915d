import { isCoded } from '../../primitives/errors.ts';

/**
 * The steps of making a block, in order, at which a test may stop the engine as a crash would:
 * `begin`, `finalized` (state transaction open), `signed`, `inserted` (before the durable COMMIT),
 * `durable` (after it, the state not yet committed), `committed`, `answered`.
 */
export type FaultName =
  | 'begin'
  | 'finalized'
  | 'signed'
  | 'inserted'
  | 'durable'
  | 'committed'
  | 'answered';

export type FaultPoint = (name: FaultName) => void;

/** SQLITE_FULL, or an application that found the disk full by other means. */
export function isDiskFull(error: unknown): boolean {
  if (isCoded(error, 'DISK_FULL')) return true;
  return error instanceof Error && 'errcode' in error && error.errcode === 13;
}
