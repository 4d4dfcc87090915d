interface Window {
  count: number;
  readonly endsMs: number;
}

/**
 * How often something happened per key in a window that begins with the first time; forgets keys whose window has passed.
 * Where the clock was set back, a window that would last longer than a window has passed as well: nobody waits for the old time.
 */
export class Tally {
  readonly #windows = new Map<string, Window>();
  readonly #now: () => number;
  readonly #windowMs: number;
  readonly #maxKeys: number;

  constructor(now: () => number, windowMs: number, maxKeys = 100_000) {
    this.#now = now;
    this.#windowMs = windowMs;
    this.#maxKeys = maxKeys;
  }

  count(key: string): number {
    const window = this.#windows.get(key);
    return window === undefined || !this.#isRunning(window) ? 0 : window.count;
  }

  add(key: string): void {
    const window = this.#windows.get(key);
    if (window !== undefined && this.#isRunning(window)) {
      window.count += 1;
      return;
    }
    this.#windows.delete(key);
    for (const [oldest, of] of this.#windows) {
      if (this.#windows.size < this.#maxKeys && this.#isRunning(of)) break;
      this.#windows.delete(oldest);
    }
    this.#windows.set(key, { count: 1, endsMs: this.#now() + this.#windowMs });
  }

  /** Counts once more, unless it was `most` times already: false. */
  take(key: string, most: number): boolean {
    if (this.count(key) >= most) return false;
    this.add(key);
    return true;
  }

  #isRunning({ endsMs }: Window): boolean {
    const leftMs = endsMs - this.#now();
    return leftMs > 0 && leftMs <= this.#windowMs;
  }
}
