import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Label } from '../../crypto/labels.ts';
import { labelledMessage, verifySignature } from '../../crypto/signature.ts';
import { assertNever } from '../../primitives/errors.ts';
import { withCompileCache } from './compile-cache.ts';
import { type Curves, ownThread } from './curves.ts';
import { maxMessageBytes, packQuestions, type Question } from './verify-batch.ts';

/** Of one message: what a thread answers in some four milliseconds, in signatures. */
const maxBatch = 32;
/** What a check costs, in signatures. */
const costs = { signature: 1, vote: 1, 'point-proof': 16 } as const;

export interface PoolOptions {
  /** Default: as many as there are cores. */
  readonly threads?: number;
  /**
   * Batches that a thread has at once. Default: one under way, one so that it need not
   * wait for the next. More where the asking thread works long between two turns of its event loop.
   */
  readonly batches?: number;
  /** What runs in a thread; for tests, in which one breaks. */
  readonly worker?: URL;
}

interface Asked extends Question {
  readonly answer: (holds: boolean) => void;
  readonly fail: (cause: unknown) => void;
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
 * The threads start with the first question and keep no process alive. One that dies, or answers what it was
 * not asked, is not replaced: what it was asked, and what nobody else can be asked, is answered here.
 */
export class VerifyPool implements Curves {
  readonly #options: PoolOptions;
  readonly #maxBatches: number;
  #threads: Thread[] | undefined;
  #waiting: Asked[] = [];
  #scheduled = false;
  #closed = false;

  constructor(options: PoolOptions = {}) {
    this.#options = options;
    this.#maxBatches = options.batches ?? 2;
  }

  verifyLabelled(
    publicKey: Uint8Array,
    label: Label,
    bytes: Uint8Array,
    signature: Uint8Array,
  ): Promise<boolean> {
    return this.#ask('signature', publicKey, labelledMessage(label, bytes), signature);
  }

  verifyVote(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    return this.#ask('vote', publicKey, message, signature);
  }

  verifyPointProof(point: Uint8Array, context: Uint8Array, proof: Uint8Array): Promise<boolean> {
    return this.#ask('point-proof', point, context, proof);
  }

  /** Ends the threads. What was asked before and is not answered yet never is; what is asked later is answered here. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting = [];
    const threads = this.#threads ?? [];
    this.#threads = [];
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #ask(
    check: Question['check'],
    key: Uint8Array,
    message: Uint8Array,
    proof: Uint8Array,
  ): Promise<boolean> {
    if (key.length !== 32 || proof.length !== 64) return Promise.resolve(false);
    if (message.length > maxMessageBytes) return answerHere({ check, key, message, proof });
    return new Promise((answer, fail) => {
      this.#waiting.push({ check, key, message, proof, answer, fail });
      if (this.#scheduled) return;
      this.#scheduled = true;
      // Everything that this turn of the event loop asks goes together.
      setImmediate(() => {
        this.#scheduled = false;
        this.#send();
      });
    });
  }

  #send(): void {
    this.#threads ??= Array.from({ length: this.#options.threads ?? availableParallelism() }, () =>
      this.#start(),
    );
    if (this.#threads.length === 0) {
      this.#answerHere(this.#waiting.splice(0));
      return;
    }
    for (let had = 0; had < this.#maxBatches; had++) {
      for (const thread of this.#threads) {
        if (this.#waiting.length === 0) return;
        if (thread.batches.length > had) continue;
        const batch = this.#waiting.splice(0, batchLength(this.#waiting));
        thread.batches.push(batch);
        thread.worker.ref();
        const packed = packQuestions(batch);
        thread.worker.postMessage(packed, [packed.buffer]);
      }
    }
  }

  #start(): Thread {
    const { worker: file = new URL('./verify-worker.ts', import.meta.url) } = this.#options;
    const worker = new Worker(file, { env: withCompileCache(process.env) });
    const thread: Thread = { worker, batches: [] };
    worker.on('message', (answers: Uint8Array) => {
      const [batch] = thread.batches;
      if (batch?.length !== answers.length) {
        this.#lose(thread);
        return;
      }
      thread.batches.shift();
      // An answer that was on its way when the thread was told to end would leave nobody waiting for that end.
      if (thread.batches.length === 0 && !this.#closed) worker.unref();
      this.#send();
      for (const [index, { answer }] of batch.entries()) answer(answers[index] === 1);
    });
    worker.on('error', () => this.#lose(thread));
    worker.on('exit', () => this.#lose(thread));
    // After the listeners, each of which would keep the process alive; a thread with work does.
    worker.unref();
    return thread;
  }

  #lose(thread: Thread): void {
    void thread.worker.terminate();
    this.#threads = this.#threads?.filter((one) => one !== thread);
    if (this.#closed) return;
    this.#answerHere(thread.batches.splice(0).flat());
    this.#send();
  }

  #answerHere(asked: readonly Asked[]): void {
    for (const { answer, fail, ...question } of asked) answerHere(question).then(answer, fail);
  }
}

/** How many from the front go together: at least one. */
function batchLength(waiting: readonly Question[]): number {
  let cost = 0;
  for (const [index, { check }] of waiting.entries()) {
    cost += costs[check];
    if (cost >= maxBatch) return index + 1;
  }
  return waiting.length;
}

async function answerHere({ check, key, message, proof }: Question): Promise<boolean> {
  switch (check) {
    case 'signature':
      return verifySignature(key, message, proof);
    case 'vote':
      return ownThread.verifyVote(key, message, proof);
    case 'point-proof':
      return ownThread.verifyPointProof(key, message, proof);
    default:
      return assertNever(check);
  }
}
