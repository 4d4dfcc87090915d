import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../primitives/errors.ts';

/**
 * Keeps a second process away from a ledger. The lock is the operating system's, on a file of its own, so
 * it ends with the process however that ends; the file itself says nothing. Throws LEDGER_LOCKED.
 */
export function lockLedger(directory: string): { release(): void } {
  const file = new DatabaseSync(join(directory, 'ledger.lock'));
  try {
    file.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    file.close();
    throw new CodedError('LEDGER_LOCKED', {}, cause);
  }
  return { release: () => file.close() };
}
