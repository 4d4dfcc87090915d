import { setTimeout as wait } from 'node:timers/promises';

/** Rests are not worth making below this. */
const workMs = 20;

/** Lets others have the machine: after some work it waits so long that all of it takes this share of one core. */
export class Pace {
  readonly #share: number;
  readonly #signal: AbortSignal;
  readonly #cpuMs: () => number;
  readonly #wait: (ms: number) => Promise<void>;
  #since: number;

  /** `cpuMs`: of this process so far. */
  constructor(
    share: number,
    signal: AbortSignal,
    {
      cpuMs = cpuOfProcess,
      waitFor = pauseUnless(signal),
    }: {
      readonly cpuMs?: () => number;
      readonly waitFor?: (ms: number) => Promise<void>;
    } = {},
  ) {
    this.#share = share;
    this.#signal = signal;
    this.#cpuMs = cpuMs;
    this.#wait = waitFor;
    this.#since = cpuMs();
  }

  async rest(): Promise<void> {
    const worked = this.#cpuMs() - this.#since;
    if (worked < workMs || this.#signal.aborted) return;
    await this.#wait(worked / this.#share - worked);
    this.#since = this.#cpuMs();
  }
}

function cpuOfProcess(): number {
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
