/**
 * A map whose entries end by time and whose size is bounded: sessions, challenges, tickets. When it is full
 * the oldest entry goes.
 */
export class Expiring<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly untilMs: number }>();
  readonly #now: () => number;
  readonly #max: number;

  constructor(now: () => number, max: number) {
    this.#now = now;
    this.#max = max;
  }

  set(key: string, value: Value, untilMs: number): void {
    this.#entries.delete(key);
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size < this.#max && entry.untilMs > this.#now()) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(key, { value, untilMs });
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.untilMs <= this.#now() ? undefined : entry.value;
  }

  /** Takes the entry out: for what may be used once. */
  take(key: string): Value | undefined {
    const value = this.get(key);
    this.#entries.delete(key);
    return value;
  }

  deleteWhere(isGone: (value: Value) => boolean): void {
    for (const [key, { value }] of this.#entries) if (isGone(value)) this.#entries.delete(key);
  }

  get size(): number {
    return this.#entries.size;
  }
}

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
