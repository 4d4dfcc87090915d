import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import { type FaultPoint, writeFault } from './faults.ts';
import type { LargeFiles } from './large-files.ts';
import type { Rows } from './rows.ts';

/** What a job leaves to be done for the whole batch. */
export interface Effects {
  /** A file got its final name: the folder must be flushed before the rows are. */
  folderTouched: boolean;
  /** Rows were deleted: the write-ahead log still has what they said. */
  rowsErased: boolean;
  /** Files that no row may name any more. */
  readonly filesErased: Set<BlobId>;
}

export interface Job<T> {
  /** Of memory that it holds while it waits. */
  readonly bytes: number;
  /** Inside the transaction. A CodedError is a refusal of this job alone and comes before it writes. */
  apply(effects: Effects): T;
  /** The job will not happen; called once, outside of any transaction. */
  discard?(): void;
}

export interface WriterLimits {
  readonly maxWaiting: number;
  readonly maxWaitingBytes: number;
}

interface Waiting {
  readonly bytes: number;
  /** Says how to settle the caller, once the batch is on disk. */
  run(effects: Effects): () => void;
  fail(error: CodedError): void;
}

const maxBatchBytes = 4 * 1024 * 1024;
const maxBatchJobs = 1_000;

/**
 * Group commit: whatever waits when the writer comes round shares one transaction and one flush, and is
 * acknowledged after it. A batch runs in one turn of the event loop, so nothing comes between the name
 * of a file, its row and the removal of another. Source: docs/protocol/storage.md, S-6 and S-7.
 */
export class Writer {
  readonly #rows: Rows;
  readonly #files: LargeFiles;
  readonly #limits: WriterLimits;
  readonly #fault: (point: FaultPoint) => void;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #scheduled = false;
  #scrubDue = false;
  #idle: (() => void)[] = [];

  constructor(
    rows: Rows,
    files: LargeFiles,
    options: { readonly limits: WriterLimits; readonly fault: (point: FaultPoint) => void },
  ) {
    this.#rows = rows;
    this.#files = files;
    this.#limits = options.limits;
    this.#fault = options.fault;
  }

  /** Throws STORE_BUSY when `bytes` more would not be taken now. */
  admit(bytes: number): void {
    const { maxWaiting, maxWaitingBytes } = this.#limits;
    const full = this.#waiting.length >= maxWaiting || this.#waitingBytes + bytes > maxWaitingBytes;
    if (full) throw new CodedError('STORE_BUSY', { waiting: this.#waiting.length });
  }

  /** Resolves when the job is on disk. Throws what `apply` refuses, STORE_BUSY, DISK_FULL, INTERNAL. */
  submit<T>(job: Job<T>): Promise<T> {
    try {
      this.admit(job.bytes);
    } catch (error) {
      job.discard?.();
      return Promise.reject(error);
    }
    return new Promise<T>((resolve, reject) => {
      const fail = (error: CodedError) => {
        try {
          job.discard?.();
        } catch (cause) {
          // What could not be removed now is swept away when the store is opened next.
          reject(new CodedError(error.code, error.details, cause));
        }
        reject(error);
      };
      const run = (effects: Effects) => {
        try {
          const result = job.apply(effects);
          return () => resolve(result);
        } catch (error) {
          if (!isCoded(error)) throw error;
          return () => fail(error);
        }
      };
      this.#waiting.push({ bytes: job.bytes, run, fail });
      this.#waitingBytes += job.bytes;
      this.#schedule();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    if (this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After the input of this turn was taken in: all of it joins the batch.
    setImmediate(() => {
      this.#scheduled = false;
      this.#commit(this.#nextBatch());
      if (this.#waiting.length > 0) this.#schedule();
      else for (const resolve of this.#idle.splice(0)) resolve();
    });
  }

  #nextBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const job of this.#waiting) {
      if (count === maxBatchJobs || (count > 0 && bytes + job.bytes > maxBatchBytes)) break;
      bytes += job.bytes;
      count += 1;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#waitingBytes -= bytes;
    return batch;
  }

  #commit(batch: readonly Waiting[]): void {
    const effects: Effects = { folderTouched: false, rowsErased: false, filesErased: new Set() };
    const settle: (() => void)[] = [];
    try {
      this.#fault('commit:begin');
      this.#rows.begin();
      for (const job of batch) settle.push(job.run(effects));
      if (effects.folderTouched) {
        this.#fault('commit:folder');
        this.#files.syncFolder();
      }
      this.#fault('commit:commit');
      this.#rows.commit();
      this.#fault('commit:done');
      this.#erase(effects);
    } catch (error) {
      // All of them: a job that is tried again alone could find its file removed by its neighbour.
      this.#rows.rollback();
      const fault = writeFault(error);
      for (const job of batch) job.fail(fault);
      return;
    }
    for (const done of settle) done();
  }

  #erase({ rowsErased, filesErased }: Effects): void {
    for (const id of filesErased) {
      if (this.#rows.blob(id) !== undefined) continue;
      this.#fault('remove:unlink');
      this.#files.remove(id);
    }
    this.#scrubDue ||= rowsErased;
    if (!this.#scrubDue) return;
    this.#fault('remove:scrub');
    this.#scrubDue = !this.#rows.scrub();
  }
}
