/**
 * A map whose entries end by time and whose size is bounded: sessions, challenges, tickets. When it is full
 * the oldest entry goes.
 */
export class ExpiringMap<Value> {
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
