import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';

/** What the thread is asked: to copy a log into its database, or to let go of the file and say so. */
export interface CheckpointAsk {
  readonly path: string;
  readonly closed?: Int32Array;
}

/** Pages in a log from which on they are worth copying: 32 MiB. */
const defaultPages = 8_000;
/** Pages at which the writer waits and copies them itself: 128 MiB, when the thread cannot keep up. */
const tooMany = 32_000;
const closeMs = 10_000;

/**
 * Copies the write-ahead log of one SQLite file into it on another thread, so that the ledger's does not
 * stand still for two flushes of a slow disk. One thread, begun when first needed, serves all files of the
 * process; it keeps no process alive.
 */
export class Checkpoints {
  static #worker: Worker | undefined;
  static readonly #answered = new Map<string, () => void>();

  readonly #path: string;
  readonly #worthwhile: number;
  readonly #pages: StatementSync;
  #isUnderWay = false;
  #isKnownThere = false;

  /** `database` writes; it must not be within a transaction. */
  constructor(path: string, database: DatabaseSync, checkpointPages = defaultPages) {
    this.#path = path;
    this.#worthwhile = checkpointPages;
    database.exec(`PRAGMA wal_autocheckpoint = ${tooMany}`);
    // Only tells how long the log is; an SQLite before 3.51 does not know the word, and copies here and now.
    this.#pages = database.prepare('PRAGMA wal_checkpoint(NOOP)');
  }

  /** After a COMMIT. */
  committed(): void {
    if (this.#isUnderWay) return;
    const { log, checkpointed } = this.#pages.get() ?? {};
    if (Number(log) - Number(checkpointed) < this.#worthwhile) return;
    this.#isUnderWay = true;
    this.#isKnownThere = true;
    Checkpoints.#answered.set(this.#path, () => {
      this.#isUnderWay = false;
    });
    Checkpoints.#thread().postMessage({ path: this.#path } satisfies CheckpointAsk);
  }

  /** Returns when the thread holds the file no more, so that it can be moved, deleted or locked. */
  close(): void {
    if (!this.#isKnownThere) return;
    this.#isKnownThere = false;
    Checkpoints.#answered.delete(this.#path);
    const worker = Checkpoints.#worker;
    if (worker === undefined) return;
    const closed = new Int32Array(new SharedArrayBuffer(4));
    worker.postMessage({ path: this.#path, closed } satisfies CheckpointAsk);
    Atomics.wait(closed, 0, 0, closeMs);
  }

  static #thread(): Worker {
    if (Checkpoints.#worker !== undefined) return Checkpoints.#worker;
    const worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url));
    worker.on('message', (path: string) => Checkpoints.#answered.get(path)?.());
    const lost = () => {
      if (Checkpoints.#worker !== worker) return;
      Checkpoints.#worker = undefined;
      for (const answered of Checkpoints.#answered.values()) answered();
    };
    worker.on('error', lost);
    worker.on('exit', lost);
    // After the listeners, each of which would keep the process alive.
    worker.unref();
    Checkpoints.#worker = worker;
    return worker;
  }
}
