import { Worker } from 'node:worker_threads';
import { beatBytes, beatHeadBytes, type Report, type Work } from './worker.ts';

/** One line of `npm run fuzz`. */
export interface Line {
  readonly target: string;
  readonly inputs: number;
  readonly crashes: number;
  readonly seconds: number;
  readonly slowestMs: number;
  readonly peakMiB: number;
  /** Inputs that reached something new, and the seeds. */
  readonly corpus: number;
  readonly found: readonly string[];
}

export interface Find {
  readonly target: string;
  readonly sign: string;
  readonly text: string;
  /** Undefined: the target broke before its first input. */
  readonly input: Uint8Array | undefined;
}

interface Order {
  readonly target: string;
  readonly seed: number;
  readonly ms: number;
  readonly maxInputs: number | undefined;
  /** Answers where the input was written to. */
  readonly keep: (find: Find) => string;
}

/** An input that runs for so long hangs: the thread is ended and the input kept. */
const hangMs = 20_000;
const readyMs = 120_000;
const maxHeapMiB = 1024;

/** Runs one target in a thread of its own, which may loop for ever or run out of memory without harm. */
export async function supervise(order: Order): Promise<Line> {
  const { target, seed, ms, maxInputs, keep } = order;
  const beat = new SharedArrayBuffer(beatBytes);
  const head = new Int32Array(beat, 0, 2);
  const workerData: Work = { target, seed, ms, maxInputs, beat };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB },
  });
  const found: string[] = [];
  let ready = false;
  const report = (
    sign: string,
    text: string,
    input = ready ? lastInput(beat) : undefined,
  ): void => {
    found.push(keep({ target, sign, text, input }));
  };
  const started = Date.now();
  let done: Extract<Report, { kind: 'done' }> | undefined;
  let seen = 0;
  let seenAt = Date.now();
  const watch = setInterval(() => {
    const count = Atomics.load(head, 0);
    if (count !== seen) seenAt = Date.now();
    seen = count;
    const quietMs = Date.now() - seenAt;
    if (done === undefined && quietMs > (ready ? hangMs : readyMs)) {
      if (ready) report('hang', `nothing came back for ${hangMs} ms`);
      else report('no start', 'the target did not open');
      void worker.terminate();
    }
  }, 250);
  await new Promise<void>((resolve) => {
    worker.on('message', (message: Report) => {
      if (message.kind === 'found') report(message.sign, message.text, message.input);
      else if (message.kind === 'ready') {
        ready = true;
        seenAt = Date.now();
      } else done = message;
    });
    worker.on('error', (error: Error & { code?: string }) => {
      const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      report(isMemory ? 'out of memory' : 'thread died', error.stack ?? error.message);
    });
    worker.on('exit', () => resolve());
  });
  clearInterval(watch);
  const { inputs = seen, slowestMs = 0, peakMiB = 0, corpus = 0 } = done ?? {};
  const seconds = done?.seconds ?? Math.round((Date.now() - started) / 100) / 10;
  return { target, inputs, crashes: found.length, seconds, slowestMs, peakMiB, corpus, found };
}

function lastInput(beat: SharedArrayBuffer): Uint8Array {
  const [, length = 0] = new Int32Array(beat, 0, 2);
  return new Uint8Array(beat, beatHeadBytes, length).slice();
}
