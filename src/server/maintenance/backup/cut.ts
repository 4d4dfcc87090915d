import { randomInt } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { CodedError } from '../../../primitives/errors.ts';

/**
 * One instant of several SQLite files that another process may be writing: each is held open on the state it
 * had then, whatever is written later. Source: docs/operations/backup.md, rule K-2.
 */
export interface Cut<Beside> {
  /** By path, with a read transaction open. */
  readonly databases: ReadonlyMap<string, DatabaseSync>;
  /** What was read of other files at that instant. */
  readonly beside: Beside;
  close(): void;
}

/** What lies beside the databases: `mark` changes whenever something of it does. */
export interface BesideDatabases<Beside> {
  mark(): string;
  read(): Beside;
}

const attempts = 2_000;

/**
 * Opens a read transaction on each file; when nobody committed to any of them from before the first until
 * after the last, all of them show the state of one instant. Otherwise they are opened again.
 * Throws STORE_BUSY when they are written to so often that there is no gap, INTERRUPTED.
 */
export async function cutAcross<Beside>(
  paths: readonly string[],
  beside: BesideDatabases<Beside>,
  signal: AbortSignal | undefined,
): Promise<Cut<Beside>> {
  const databases = new Map<string, DatabaseSync>();
  const watches: DatabaseSync[] = [];
  const closeAll = () => {
    for (const db of [...databases.values(), ...watches]) db.close();
  };
  try {
    for (const path of paths) {
      const options = { readOnly: true, timeout: 5_000 };
      databases.set(path, new DatabaseSync(path, options));
      watches.push(new DatabaseSync(path, options));
    }
    const now = () => `${watches.map(dataVersion).join(' ')} ${beside.mark()}`;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      if (signal?.aborted === true) throw new CodedError('INTERRUPTED');
      const before = now();
      for (const db of databases.values()) {
        db.exec('BEGIN');
        // BEGIN alone reads nothing: the state is taken with the first statement.
        db.prepare('SELECT 1 FROM sqlite_schema').get();
      }
      const read = beside.read();
      if (now() === before) return { databases, beside: read, close: closeAll };
      for (const db of databases.values()) db.exec('ROLLBACK');
      await wait(randomInt(1, 8));
    }
    throw new CodedError('STORE_BUSY', { attempts });
  } catch (error) {
    closeAll();
    throw error;
  }
}

/** Differs from the last look of this connection when another one committed since. */
function dataVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA data_version').get()?.data_version);
}
