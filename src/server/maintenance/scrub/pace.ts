import { setTimeout as wait } from 'node:timers/promises';

/** Rests are not worth making below this: work that is saved up at most, in milliseconds of processor time. */
const burstMs = 20;

/**
 * Lets others have the machine: all that this process takes, of all its threads and also while it waits, is no more than its share
 * of one core. It waits before it works: from its beginning on it has never taken more.
 */
export class Pace {
  readonly #share: number;
  readonly #signal: AbortSignal;
  readonly #cpuMs: () => number;
  readonly #nowMs: () => number;
  readonly #wait: (ms: number) => Promise<void>;
  #savedMs = 0;
  #cpuAtMs: number;
  #atMs: number;

  /** `cpuMs`: of this process so far; `nowMs`: of a clock that nobody sets. */
  constructor(
    share: number,
    signal: AbortSignal,
    {
      cpuMs = cpuOfProcess,
      nowMs = () => performance.now(),
      waitFor = pauseUnless(signal),
    }: {
      readonly cpuMs?: () => number;
      readonly nowMs?: () => number;
      readonly waitFor?: (ms: number) => Promise<void>;
    } = {},
  ) {
    this.#share = share;
    this.#signal = signal;
    this.#cpuMs = cpuMs;
    this.#nowMs = nowMs;
    this.#wait = waitFor;
    this.#cpuAtMs = cpuMs();
    this.#atMs = nowMs();
  }

  /** After each piece of work. */
  async rest(): Promise<void> {
    const workedMs = this.#account();
    // The next piece takes as long as this one.
    if (this.#signal.aborted || this.#savedMs >= workedMs) return;
    await this.#wait((burstMs - this.#savedMs) / this.#share);
  }

  /** What was worked since the last time: what is read ahead while others rest as well. */
  #account(): number {
    const [cpuMs, nowMs] = [this.#cpuMs(), this.#nowMs()];
    const workedMs = cpuMs - this.#cpuAtMs;
    const earnedMs = (nowMs - this.#atMs) * this.#share;
    this.#savedMs = Math.min(burstMs, this.#savedMs + earnedMs) - workedMs;
    this.#cpuAtMs = cpuMs;
    this.#atMs = nowMs;
    return workedMs;
  }
}

/** Milliseconds of processor time, of all threads. */
export function cpuOfProcess(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const pauseUnless =
  (signal: AbortSignal) =>
  async (ms: number): Promise<void> => {
    try {
      await wait(ms, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  };
