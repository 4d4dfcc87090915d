/** Nobody touched any page for so long: whoever comes by now may be somebody else. */
export const idleMs = 10 * 60_000;
const lookMs = 5_000;

/**
 * Calls once nobody has touched anything for ten minutes: by the clock, which goes on in a device that sleeps, and by what has
 * passed, which nobody can set back.
 */
export class Idle {
  #touched = { byClockMs: Date.now(), passedMs: performance.now() };

  constructor(onIdle: () => void) {
    setInterval(() => {
      const { byClockMs, passedMs } = this.#touched;
      const idle = Math.max(Date.now() - byClockMs, performance.now() - passedMs);
      if (idle >= idleMs) onIdle();
    }, lookMs);
  }

  touched(): void {
    this.#touched = { byClockMs: Date.now(), passedMs: performance.now() };
  }
}
