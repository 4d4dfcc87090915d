/** How often something happened per key in the running window; forgets keys whose window has passed. */
export class Tally {
  readonly #windows = new Map<string, { count: number; readonly endsMs: number }>();
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
    return window === undefined || window.endsMs <= this.#now() ? 0 : window.count;
  }

  add(key: string): void {
    const window = this.#windows.get(key);
    if (window !== undefined && window.endsMs > this.#now()) {
      window.count += 1;
      return;
    }
    this.#windows.delete(key);
    for (const [oldest, { endsMs }] of this.#windows) {
      if (this.#windows.size < this.#maxKeys && endsMs > this.#now()) break;
      this.#windows.delete(oldest);
    }
    this.#windows.set(key, { count: 1, endsMs: this.#now() + this.#windowMs });
  }
}
