import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Label } from '../../crypto/labels.ts';
import { labelledMessage, verifySignature } from '../../crypto/signature.ts';
import { packQuestions, type Question } from './verify-batch.ts';

/** Questions in one message: what a thread answers in some four milliseconds. */
const maxBatch = 32;
/** Batches that a thread has at once: one under way, one so that it need not wait for the next. */
const maxBatches = 2;

interface Asked extends Question {
  readonly answer: (holds: boolean) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly batches: (readonly Asked[])[];
}

/**
 * Checks signatures on every core, many with one message: asked one by one through Node's own thread pool,
 * each costs the ledger's thread a fifth of the check itself, and four pool threads take that thread's core
 * away. These give way to it, so that they use only what it leaves.
 *
 * The threads start with the first question and keep no process alive. One that dies is not replaced:
 * what it was asked, and what nobody else can be asked, is answered as `verifyLabelled` does.
 */
export class VerifyPool {
  readonly #size: number;
  #threads: Thread[] | undefined;
  #waiting: Asked[] = [];
  #scheduled = false;

  constructor(size: number = availableParallelism()) {
    this.#size = size;
  }

  /** The same answer as `verifyLabelled`. */
  verifyLabelled(
    publicKey: Uint8Array,
    label: Label,
    bytes: Uint8Array,
    signature: Uint8Array,
  ): Promise<boolean> {
    if (publicKey.length !== 32 || signature.length !== 64) return Promise.resolve(false);
    const message = labelledMessage(label, bytes);
    return new Promise((answer) => {
      this.#waiting.push({ publicKey, signature, message, answer });
      if (this.#scheduled) return;
      this.#scheduled = true;
      // Everything that this turn of the event loop asks goes together.
      setImmediate(() => {
        this.#scheduled = false;
        this.#send();
      });
    });
  }

  async close(): Promise<void> {
    const threads = this.#threads ?? [];
    this.#threads = [];
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #send(): void {
    this.#threads ??= Array.from({ length: this.#size }, () => this.#start());
    if (this.#threads.length === 0) {
      for (const asked of this.#waiting.splice(0)) answerHere(asked);
      return;
    }
    for (let had = 0; had < maxBatches; had++) {
      for (const thread of this.#threads) {
        if (this.#waiting.length === 0) return;
        if (thread.batches.length > had) continue;
        const batch = this.#waiting.splice(0, maxBatch);
        thread.batches.push(batch);
        thread.worker.ref();
        const packed = packQuestions(batch);
        thread.worker.postMessage(packed, [packed.buffer]);
      }
    }
  }

  #start(): Thread {
    const worker = new Worker(new URL('./verify-worker.ts', import.meta.url));
    const thread: Thread = { worker, batches: [] };
    worker.on('message', (answers: Uint8Array) => {
      const batch = thread.batches.shift() ?? [];
      if (thread.batches.length === 0) worker.unref();
      this.#send();
      for (const [index, { answer }] of batch.entries()) answer(answers[index] === 1);
    });
    const lost = () => {
      this.#threads = this.#threads?.filter((one) => one !== thread);
      for (const asked of thread.batches.splice(0).flat()) answerHere(asked);
      this.#send();
    };
    worker.on('error', lost);
    worker.on('exit', lost);
    // After the listeners, each of which would keep the process alive; a thread with work does.
    worker.unref();
    return thread;
  }
}

function answerHere({ publicKey, message, signature, answer }: Asked): void {
  void verifySignature(publicKey, message, signature).then(answer, () => answer(false));
}
