import { uptime } from 'node:os';

/**
 * Decides whether this machine's clock may date a block. A wrong clock would let ended grants live on, or
 * end live ones; so the engine stands still instead, and goes on by itself when the clock is right.
 * Source: docs/protocol/blocks.md, rule B-7.
 */
export type ClockState = 'right' | 'CLOCK_BEHIND' | 'CLOCK_AHEAD';

export interface ClockSources {
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number;
  /** Time since boot, sleep included; the monotonic clock stops in sleep and would take waking for a jump. */
  readonly uptimeMs: () => number;
}

export const systemClock: ClockSources = {
  now: Date.now,
  uptimeMs: () => Math.floor(uptime() * 1000),
};

export const maxBehindMs = 60_000;
export const maxAheadMs = 10 * 60_000;
export const maxAbsenceMs = 400 * 24 * 60 * 60_000;

/**
 * Says before each block whether this machine’s clock may be believed. Source:
 * docs/protocol/blocks.md, rule B-7.
 */
export class ClockGuard {
  readonly #sources: ClockSources;
  readonly #acceptClock: boolean;
  /** A wall-clock time that is believed, and the uptime at it; undefined until the first right look. */
  #believed: { readonly timeMs: number; readonly uptimeMs: number } | undefined;

  /** The last look. */
  #seen:
    | { readonly now: number; readonly lastMs: number | undefined; readonly state: ClockState }
    | undefined;

  constructor(sources: ClockSources, acceptClock: boolean) {
    this.#sources = sources;
    this.#acceptClock = acceptClock;
  }

  /** `lastMs`: time of the last block; undefined on a ledger without blocks. */
  look(lastMs: number | undefined): ClockState {
    const now = this.#sources.now();
    // Reading the uptime costs more than hashing a transaction: once a millisecond is enough.
    const seen = this.#seen;
    if (seen?.now === now && seen.lastMs === lastMs) return seen.state;
    const state = this.#judge(now, lastMs);
    this.#seen = { now, lastMs, state };
    return state;
  }

  #judge(now: number, lastMs: number | undefined): ClockState {
    const uptimeMs = this.#sources.uptimeMs();
    if (lastMs !== undefined && now < lastMs - maxBehindMs) return 'CLOCK_BEHIND';
    if (this.#believed === undefined) {
      const absentMs = lastMs === undefined ? 0 : now - lastMs;
      if (absentMs > maxAbsenceMs && !this.#acceptClock) return 'CLOCK_AHEAD';
      this.#believed = { timeMs: now, uptimeMs };
    }
    const { timeMs, uptimeMs: then } = this.#believed;
    return now > timeMs + (uptimeMs - then) + maxAheadMs ? 'CLOCK_AHEAD' : 'right';
  }

  /** A block of this time was made: from here on time is measured against it. */
  believe(timeMs: number): void {
    this.#believed = { timeMs, uptimeMs: this.#sources.uptimeMs() };
    this.#seen = undefined;
  }

  now(): number {
    return this.#sources.now();
  }
}
