import { hasPassed } from '../../api/report-pace.ts';

const hourMs = 3_600_000;
const rememberedMs = 48 * hourMs;
const longestMs = 24 * hourMs;

/**
 * How often a data server looks at everything because others accuse it: at once, and then after 1, 2, 4 ... hours by how often it
 * did so in two days, for to accuse costs nearly nothing and to look a whole scrub. Source: docs/protocol/vitals-tampering.md, rule VT-13.
 */
export class AccusationPace {
  #looked: readonly number[] = [];

  isTime(nowMs: number): boolean {
    this.#looked = this.#looked.filter((it) => !hasPassed(it, nowMs, rememberedMs));
    const pause = Math.min(longestMs, (hourMs / 2) * 2 ** this.#looked.length);
    return this.#looked.every((it) => hasPassed(it, nowMs, pause));
  }

  looked(nowMs: number): void {
    this.#looked = [...this.#looked, nowMs];
  }
}
