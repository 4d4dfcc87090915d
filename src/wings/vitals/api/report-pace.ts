const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** At most one in so long, and of more than so many in a day one an hour. */
const pauseMs = 600_000;
const quicklyADay = 12;

/** How often a report of attempts is written, by hospitals and data servers alike: a flood is not a flood of the ledger. Rule VT-18. */
export class ReportPace {
  #written: readonly number[];

  /** When reports were written before, in any order. */
  constructor(written: readonly number[] = []) {
    this.#written = written;
  }

  isTime(nowMs: number): boolean {
    this.#written = this.#written.filter((it) => !hasPassed(it, nowMs, dayMs));
    const pause = this.#written.length < quicklyADay ? pauseMs : hourMs;
    return this.#written.every((it) => hasPassed(it, nowMs, pause));
  }

  wrote(nowMs: number): void {
    this.#written = [...this.#written, nowMs];
  }
}

/** Also where the clock was set back meanwhile: nothing is silenced until it has caught up. */
export const hasPassed = (sinceMs: number, nowMs: number, ms: number): boolean =>
  nowMs < sinceMs || nowMs - sinceMs >= ms;
