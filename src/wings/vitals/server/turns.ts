/** Work that comes round by itself, one turn after the other; what throws is told and tried again in the next. */
export class Turns {
  readonly #onError: (what: string, error: unknown) => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #running = new Set<Promise<void>>();
  #isStopped = false;

  constructor(onError: (what: string, error: unknown) => void) {
    this.#onError = onError;
  }

  /** Begins after `everyMs`, and again so long after each end. */
  every(what: string, everyMs: number, work: () => Promise<unknown>): void {
    if (this.#isStopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const turn = work()
        .then(
          () => undefined,
          (error: unknown) => this.#onError(what, error),
        )
        .finally(() => {
          this.#running.delete(turn);
          this.every(what, everyMs, work);
        });
      this.#running.add(turn);
    }, everyMs);
    this.#timers.add(timer);
  }

  /** No further turn begins; those that run end first. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#running);
  }
}
