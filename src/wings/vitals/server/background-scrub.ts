import type { Tampering } from '../node/incidents/tampering.ts';

/** So often it has its turn. */
export const scrubTurnMs = 250;

/** What the scrub is held to, in milliseconds. */
export interface ScrubClock {
  /** Of a clock that nobody sets. */
  readonly nowMs: () => number;
  /** Processor time of the process so far, but for the thread that answers. */
  readonly othersMs: () => number;
}

/**
 * Lets the scrub in the background take its share of a core and no more: what a step took above it is paid back by the turns that
 * follow, and so is what other threads collect of its garbage and compile of its code when a turn is over. Those work for others as
 * well, so as much again as the turn itself took is the most that is paid for them. Rule VT-8.
 */
export class BackgroundScrub {
  readonly #tampering: Pick<Tampering, 'background'>;
  readonly #share: number;
  readonly #clock: ScrubClock;
  /** Below 0: owed. */
  #savedMs = 0;
  /** Of the turn before. */
  #spentMs = 0;
  #lastMs: number;
  #othersMs: number;

  /** `percent` of a core, 0 to 5. */
  constructor(
    tampering: Pick<Tampering, 'background'>,
    percent: number,
    clock: ScrubClock = { nowMs: () => performance.now(), othersMs },
  ) {
    this.#tampering = tampering;
    this.#share = percent / 100;
    this.#clock = clock;
    this.#lastMs = clock.nowMs();
    this.#othersMs = clock.othersMs();
  }

  /** A turn; returns what was spent, in milliseconds of a core. */
  async turn(): Promise<number> {
    const nowMs = this.#clock.nowMs();
    // A machine that slept has not saved up a second of work.
    const passedMs = Math.min(nowMs - this.#lastMs, 4 * scrubTurnMs);
    this.#lastMs = nowMs;
    this.#savedMs = Math.min(0, this.#savedMs) + passedMs * this.#share - this.#besidesMs();
    if (this.#savedMs <= 0) return 0;
    this.#spentMs = await this.#tampering.background(this.#savedMs);
    this.#savedMs -= this.#spentMs;
    this.#othersMs = this.#clock.othersMs();
    return this.#spentMs;
  }

  /** What other threads did since the turn that worked last, as far as it may be that turn's. */
  #besidesMs(): number {
    const doneMs = Math.max(0, this.#clock.othersMs() - this.#othersMs);
    const besidesMs = Math.min(this.#spentMs, doneMs);
    this.#spentMs -= besidesMs;
    this.#othersMs += besidesMs;
    return besidesMs;
  }
}

function othersMs(): number {
  // In this order: the first brings the time of this thread up to date, the second alone may be a tick behind.
  const [all, own] = [process.cpuUsage(), process.threadCpuUsage()];
  return (all.user + all.system - own.user - own.system) / 1_000;
}
