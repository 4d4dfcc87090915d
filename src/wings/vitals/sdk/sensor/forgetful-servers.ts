import { hasPassed } from '../../api/report-pace.ts';

const hourMs = 3_600_000;
/** Longer than a line of VT-18 lasts: an honest sensor is nobody's third attempt. */
const firstPauseMs = 2 * hourMs;
const longestPauseMs = 24 * hourMs;

/**
 * Which of the three, by place, know nothing of one sensor, and when each may be handed its registration and pages anew.
 * In memory: it outlives the line to the servers, which is made anew when one of them is away.
 * Source: docs/protocol/vitals-servers.md, rule VS-22a.
 */
export class ForgetfulServers {
  readonly #nowMs: () => number;
  readonly #known = new Map<number, { readonly sinceMs: number; readonly pauseMs: number }>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  has(place: number): boolean {
    return this.#known.has(place);
  }

  /** It may not be asked yet. */
  isPausing(place: number): boolean {
    const { sinceMs, pauseMs } = this.#known.get(place) ?? { sinceMs: 0, pauseMs: 0 };
    return pauseMs > 0 && !hasPassed(sinceMs, this.#nowMs(), pauseMs);
  }

  /** It may be handed the registration at once. */
  met(place: number): void {
    this.#known.set(place, { sinceMs: this.#nowMs(), pauseMs: 0 });
  }

  pause(place: number): void {
    const before = this.#known.get(place)?.pauseMs ?? 0;
    const pauseMs = Math.min(longestPauseMs, Math.max(firstPauseMs, 2 * before));
    this.#known.set(place, { sinceMs: this.#nowMs(), pauseMs });
  }

  /** It knows the sensor, or refuses its pages for another reason. */
  heard(place: number): void {
    this.#known.delete(place);
  }
}
