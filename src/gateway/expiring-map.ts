/** How much a map holds: of one owner, and of all. */
export interface MapBounds<Value> {
  readonly each: number;
  readonly all: number;
  readonly ownerOf: (value: Value) => string;
  /** Told of what went before its time, or was deleted; not of what ended. */
  readonly onGone?: (key: string) => void;
}

/**
 * A map whose entries end by time and whose size is bounded: sessions, tickets. Of an owner who has as many as one may
 * have the oldest goes; when the map is full, the oldest of whoever has most. So nobody's entries are pushed out by
 * somebody who has fewer.
 */
export class ExpiringMap<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly untilMs: number }>();
  /** Keys by owner, the oldest first. */
  readonly #owned = new Map<string, Set<string>>();
  readonly #now: () => number;
  readonly #bounds: MapBounds<Value>;

  constructor(now: () => number, bounds: MapBounds<Value>) {
    this.#now = now;
    this.#bounds = bounds;
  }

  set(key: string, value: Value, untilMs: number): void {
    this.#remove(key);
    this.#dropEnded();
    const owner = this.#bounds.ownerOf(value);
    const owned = this.#owned.get(owner) ?? new Set();
    if (owned.size >= this.#bounds.each) this.#dropOldest(owned);
    else if (this.#entries.size >= this.#bounds.all) this.#dropOldest(this.#most());
    this.#owned.set(owner, owned.add(key));
    this.#entries.set(key, { value, untilMs });
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.untilMs <= this.#now() ? undefined : entry.value;
  }

  deleteWhere(isGone: (value: Value) => boolean): void {
    for (const [key, { value }] of this.#entries) if (isGone(value)) this.#drop(key);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Entries live about as long as each other, so that the oldest end first. */
  #dropEnded(): void {
    for (const [oldest, { untilMs }] of this.#entries) {
      if (untilMs > this.#now()) return;
      this.#remove(oldest);
    }
  }

  #dropOldest(keys: ReadonlySet<string>): void {
    const [oldest] = keys;
    if (oldest !== undefined) this.#drop(oldest);
  }

  #most(): ReadonlySet<string> {
    let most: ReadonlySet<string> = new Set();
    for (const keys of this.#owned.values()) if (keys.size > most.size) most = keys;
    return most;
  }

  #drop(key: string): void {
    this.#remove(key);
    this.#bounds.onGone?.(key);
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    const owner = this.#bounds.ownerOf(entry.value);
    const owned = this.#owned.get(owner);
    owned?.delete(key);
    if (owned?.size === 0) this.#owned.delete(owner);
  }
}
