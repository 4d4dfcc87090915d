import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../primitives/errors.ts';
import { isLocked } from './faults.ts';

/**
 * One writer per folder, also across processes: opening sweeps up after a crash and must not sweep away
 * what a living process is writing. SQLite's file lock, because the kernel ends it with the process.
 *
 * Throws STORE_LOCKED. Returns what ends the lock.
 */
export function lockFolder(path: string): () => void {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    throw isLocked(error) ? new CodedError('STORE_LOCKED') : error;
  }
  return () => db.close();
}
