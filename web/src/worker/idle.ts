/** Nobody touched any page for so long: whoever comes by now may be somebody else. */
export const idleMs = 10 * 60_000;
const lookMs = 5_000;

/** Calls once nobody has touched anything for ten minutes, by the clock: also of a device that slept meanwhile. */
export class Idle {
  #touchedMs = Date.now();

  constructor(onIdle: () => void) {
    setInterval(() => {
      if (Date.now() - this.#touchedMs >= idleMs) onIdle();
    }, lookMs);
  }

  touched(): void {
    this.#touchedMs = Date.now();
  }
}
