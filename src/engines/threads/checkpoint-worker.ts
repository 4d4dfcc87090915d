import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort } from 'node:worker_threads';
import type { CheckpointAsk } from './checkpoints.ts';
import { giveWay } from './priority.ts';

/** The thread of checkpoints.ts: one connection to each database that it was asked about. */

/** While it copied, more was written: so often it begins again, that the log can start from its front. */
const maxPasses = 4;

interface Connection {
  readonly database: DatabaseSync;
  readonly checkpoint: StatementSync;
}

const connections = new Map<string, Connection>();

function connect(path: string): Connection {
  const database = new DatabaseSync(path, { timeout: 2_000 });
  // NORMAL: the log is flushed before it is copied, the database before the log starts anew.
  database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');
  const connection = { database, checkpoint: database.prepare('PRAGMA wal_checkpoint(PASSIVE)') };
  connections.set(path, connection);
  return connection;
}

function checkpoint(path: string): void {
  const { checkpoint: statement } = connections.get(path) ?? connect(path);
  for (let pass = 0; pass < maxPasses; pass++) {
    const { log, checkpointed } = statement.get() ?? {};
    if (log === checkpointed) return;
  }
}

giveWay();
parentPort?.on('message', ({ path, closed }: CheckpointAsk) => {
  if (closed === undefined) {
    try {
      checkpoint(path);
    } catch {
      // A full disk, or a log that somebody holds: the writer meets the same and says so.
    }
    parentPort?.postMessage(path);
    return;
  }
  try {
    connections.get(path)?.database.close();
    connections.delete(path);
  } finally {
    Atomics.store(closed, 0, 1);
    Atomics.notify(closed, 0);
  }
});
