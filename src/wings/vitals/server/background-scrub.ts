import { cpuOfProcess } from '../../../server/maintenance/scrub/pace.ts';
import type { Tampering } from '../node/incidents/tampering.ts';

/** So often it has its turn. */
export const scrubTurnMs = 250;

/** Garbage is collected now and then, and then of several turns. */
const mostAgainMs = 100;

/** What the scrub is held to, in milliseconds. */
export interface ScrubClock {
  /** Of a clock that nobody sets. */
  readonly nowMs: () => number;
  /** Processor time of the process so far, of all its threads. */
  readonly cpuMs: () => number;
}

/**
 * Lets the scrub in the background take its share of a core and no more: what a step took above it is paid back by the turns that
 * follow, and so is what of its garbage is collected and of its code compiled when a turn is over. The process works for others as
 * well then, so as much again as the turn itself took is the most that is paid for it. Rule VT-8.
 */
export class BackgroundScrub {
  readonly #tampering: Pick<Tampering, 'background'>;
  readonly #share: number;
  readonly #clock: ScrubClock;
  /** Below 0: owed. */
  #savedMs = 0;
  /** Of what turns spent, as much as may be paid again for what is done besides. */
  #againMs = 0;
  #lastMs: number;
  #cpuMs: number;

  /** `percent` of a core, 0 to 5. */
  constructor(
    tampering: Pick<Tampering, 'background'>,
    percent: number,
    clock: ScrubClock = { nowMs: () => performance.now(), cpuMs: cpuOfProcess },
  ) {
    this.#tampering = tampering;
    this.#share = percent / 100;
    this.#clock = clock;
    this.#lastMs = clock.nowMs();
    this.#cpuMs = clock.cpuMs();
  }

  /** A turn; returns what was spent, in milliseconds of a core. */
  async turn(): Promise<number> {
    const nowMs = this.#clock.nowMs();
    // A machine that slept has not saved up a second of work.
    const passedMs = Math.min(nowMs - this.#lastMs, 4 * scrubTurnMs);
    this.#lastMs = nowMs;
    this.#savedMs = Math.min(0, this.#savedMs) + passedMs * this.#share - this.#besidesMs();
    if (this.#savedMs <= 0) return 0;
    const spentMs = await this.#tampering.background(this.#savedMs);
    this.#savedMs -= spentMs;
    this.#againMs = Math.min(mostAgainMs, this.#againMs + spentMs);
    // What is done between two steps, or between two turns, is not in it.
    this.#cpuMs += spentMs;
    return spentMs;
  }

  /** What was done besides since the last time, as far as it may be for the scrub. */
  #besidesMs(): number {
    const cpuMs = this.#clock.cpuMs();
    const besidesMs = Math.min(this.#againMs, Math.max(0, cpuMs - this.#cpuMs));
    this.#againMs -= besidesMs;
    this.#cpuMs = cpuMs;
    return besidesMs;
  }
}
