import { getHeapStatistics } from 'node:v8';
import type { Coverage } from './coverage.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import { defaultBoundMiB, defaultBoundMs, type Failure, failureOf, type Target } from './target.ts';

export interface LoopOptions {
  readonly seed: number;
  /** Undefined: until `isOver`. */
  readonly maxInputs?: number;
  readonly isOver?: () => boolean;
  /** Without it the corpus does not grow. */
  readonly coverage?: Coverage;
  /** Told of each input before it runs, for whoever watches from outside. */
  readonly before?: (input: Uint8Array) => void;
  readonly found?: (input: Uint8Array, failure: Failure) => Promise<void> | void;
}

export interface LoopResult {
  readonly inputs: number;
  readonly failures: number;
  readonly slowestMs: number;
  readonly peakMiB: number;
  readonly corpus: number;
}

const mib = 1024 * 1024;
const maxBatch = 512;

/**
 * Makes inputs out of seeds and out of inputs that reached something new, and judges each: how it was refused,
 * how long it took, how much memory it asked for. The same seed makes the same inputs in the same order.
 */
export async function fuzz(target: Target, options: LoopOptions): Promise<LoopResult> {
  const { coverage, maxInputs = Number.POSITIVE_INFINITY, isOver = () => false } = options;
  const random = new Random(options.seed);
  const corpus = [...target.seeds];
  const pantry = { random, corpus, words: target.words ?? [] };
  const watch = new Watch(target);
  let batchSize = target.batch ?? 16;
  let batch: Uint8Array[] = [];
  let inputs = 0;
  let failures = 0;

  const step = async (input: Uint8Array): Promise<void> => {
    options.before?.(input);
    inputs += 1;
    const failure = await watch.run(input);
    if (failure === undefined) return;
    failures += 1;
    await options.found?.(input, failure);
  };
  const reachesNew = async (tried: readonly Uint8Array[]): Promise<boolean> => {
    for (const input of tried) {
      options.before?.(input);
      await failureOf(target, input);
    }
    return coverage?.grew() === true;
  };
  /** Which of the inputs reached something new is found by running halves of them again. */
  const keepNew = async (tried: readonly Uint8Array[]): Promise<void> => {
    if (tried.length === 1) {
      corpus.push(...tried);
      return;
    }
    coverage?.forget();
    const middle = tried.length >> 1;
    for (const half of [tried.slice(0, middle), tried.slice(middle)]) {
      if (await reachesNew(half)) await keepNew(half);
    }
  };

  for (const seed of target.seeds) {
    if (inputs < maxInputs && !isOver()) await step(seed);
  }
  coverage?.grew();
  while (inputs < maxInputs && !isOver()) {
    const input = mutate(chosen(corpus, random), target.shape, pantry);
    await step(input);
    batch.push(input);
    if (batch.length < batchSize) continue;
    const isNew = coverage?.grew() === true;
    if (isNew) await keepNew(batch);
    // Often at first, when much is new; seldom later, since looking costs as much as dozens of inputs.
    if (target.batch === undefined) batchSize = isNew ? 16 : Math.min(2 * batchSize, maxBatch);
    batch = [];
  }
  return { inputs, failures, ...watch.seen, corpus: corpus.length };
}

/** Half of the time one of the newest. */
function chosen(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const newest = Math.max(1, Math.ceil(corpus.length / 4));
  const at = random.oneIn(2)
    ? random.below(corpus.length)
    : corpus.length - 1 - random.below(newest);
  return corpus[at] ?? new Uint8Array(0);
}

/**
 * Measures the time that this thread works, not that of the clock: others use the machine too. A bound counts as
 * broken when it is broken three times; what waits and never ends is for `supervise` to notice.
 */
class Watch {
  readonly #target: Target;
  #slowestMs = 0;
  #peakBytes = 0;

  constructor(target: Target) {
    this.#target = target;
  }

  get seen(): { readonly slowestMs: number; readonly peakMiB: number } {
    return {
      slowestMs: Math.round(this.#slowestMs * 10) / 10,
      peakMiB: Math.round(this.#peakBytes / mib),
    };
  }

  async run(input: Uint8Array): Promise<Failure | undefined> {
    const { boundMs = defaultBoundMs, boundMiB = defaultBoundMiB } = this.#target;
    let { failure, ms, bytes } = await this.#once(input);
    for (let again = 0; again < 2 && failure === undefined; again++) {
      if (ms <= boundMs && bytes <= boundMiB * mib) break;
      const next = await this.#once(input);
      failure = next.failure;
      ms = Math.min(ms, next.ms);
      bytes = Math.min(bytes, next.bytes);
    }
    this.#slowestMs = Math.max(this.#slowestMs, ms);
    if (failure !== undefined) return failure;
    if (ms > boundMs) return { sign: 'too slow', text: `worked ${ms.toFixed(0)} ms three times` };
    if (bytes > boundMiB * mib) {
      return {
        sign: 'too much memory',
        text: `grew by ${Math.round(bytes / mib)} MiB three times`,
      };
    }
    return undefined;
  }

  async #once(input: Uint8Array) {
    const heldBefore = heldBytes();
    const before = process.threadCpuUsage();
    const failure = await failureOf(this.#target, input);
    const { user, system } = process.threadCpuUsage(before);
    const ms = (user + system) / 1_000;
    const held = heldBytes();
    this.#peakBytes = Math.max(this.#peakBytes, held);
    return { failure, ms, bytes: held - heldBefore };
  }
}

/** Of this thread: the heap and the buffers that hang on it. */
function heldBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}
