import type { Tampering } from '../node/incidents/tampering.ts';

/** So often it has its turn. */
export const scrubTurnMs = 250;

/**
 * Lets the scrub in the background take its share of a core and no more: what a step took above it is paid back by the turns that
 * follow. Times are of this process, not of a clock that somebody sets. Rule VT-8.
 */
export class BackgroundScrub {
  readonly #tampering: Pick<Tampering, 'background'>;
  readonly #share: number;
  readonly #nowMs: () => number;
  #owedMs = 0;
  #lastMs: number;

  /** `percent` of a core, 0 to 5. */
  constructor(
    tampering: Pick<Tampering, 'background'>,
    percent: number,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#tampering = tampering;
    this.#share = percent / 100;
    this.#nowMs = nowMs;
    this.#lastMs = nowMs();
  }

  /** A turn; returns what was spent, in milliseconds of a core. */
  async turn(): Promise<number> {
    const nowMs = this.#nowMs();
    // A machine that slept has not saved up a second of work.
    const passedMs = Math.min(nowMs - this.#lastMs, 4 * scrubTurnMs);
    this.#lastMs = nowMs;
    this.#owedMs = Math.max(0, this.#owedMs - passedMs * this.#share);
    if (this.#share === 0 || this.#owedMs > 0) return 0;
    const spentMs = await this.#tampering.background(passedMs * this.#share);
    this.#owedMs += spentMs;
    return spentMs;
  }
}
