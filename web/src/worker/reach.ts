/** How soon the server is asked again while it does not answer, at first and at most. */
const [firstAskMs, mostAskMs] = [2_000, 30_000];
/** A server that answers later than this answers: only the banner says that it does not. */
const patienceMs = 15_000;
/** A clock that differs by less is said to be right. */
const clockMs = 60_000;

/**
 * Whether the server that the app came from answers. Every request of this worker says so by the way; one that fails is asked
 * after, and while nobody answers the server is asked again and again, so that all goes on by itself.
 */
export class Reach {
  #awaySinceMs: number | undefined;
  #clockOffMs: number | undefined;
  #asking: Promise<void> | undefined;
  #later: ReturnType<typeof setTimeout> | undefined;
  #waitMs = firstAskMs;
  readonly #listeners = new Set<() => void>();

  /** Since when nobody answers; undefined: somebody did last. */
  get awaySinceMs(): number | undefined {
    return this.#awaySinceMs;
  }

  get isAway(): boolean {
    return this.#awaySinceMs !== undefined;
  }

  /** How far this device's clock is before the server's, or behind it (less than 0); undefined: it is right, or nobody knows. */
  get clockOffMs(): number | undefined {
    return this.#clockOffMs;
  }

  /** Called when it has gone, when it is back, and when the clock is found to be wrong. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** What the SDK asks hospitals with. */
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const isOwn = new URL(url, self.location.href).origin === self.location.origin;
    try {
      const response = await fetch(url, init);
      if (isOwn && !isDown(response)) {
        this.#compare(response);
        this.#set(undefined);
      }
      return response;
    } catch (error) {
      if (isOwn && init.signal?.aborted !== true) void this.ask();
      throw error;
    }
  };

  /** Asks now: a request failed, a stream ended, or the browser says that the network came or went. */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#later);
    const answered = await fetch('/app/site.json', {
      cache: 'no-store',
      signal: AbortSignal.timeout(patienceMs),
    }).then(
      (response) => !isDown(response),
      () => false,
    );
    this.#set(answered ? undefined : (this.#awaySinceMs ?? Date.now()));
    if (answered) return;
    this.#later = setTimeout(() => void this.ask(), this.#waitMs);
    this.#waitMs = Math.min(mostAskMs, this.#waitMs * 1.5);
  }

  #compare(response: Response): void {
    const offMs = Date.now() - Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(offMs)) return;
    const now = Math.abs(offMs) < clockMs ? undefined : offMs;
    const isSame = Math.abs((now ?? 0) - (this.#clockOffMs ?? 0)) < clockMs;
    if (isSame) return;
    this.#clockOffMs = now;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #set(awaySinceMs: number | undefined): void {
    const isNews = (awaySinceMs === undefined) !== (this.#awaySinceMs === undefined);
    this.#awaySinceMs = awaySinceMs;
    if (awaySinceMs === undefined) {
      this.#waitMs = firstAskMs;
      clearTimeout(this.#later);
    }
    if (isNews) this.#tell();
  }
}

/** Something before the server answers in its place. */
const isDown = ({ status }: Response): boolean => status >= 502 && status <= 504;

export const reach = new Reach();
