/** Work on one thing at a time: who comes while it goes on waits for its end, in the order of coming. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` once all that came before it for this key is over, however that ended. */
  async take<Result>(key: string, work: () => Result | Promise<Result>): Promise<Result> {
    const before = this.#last.get(key);
    const mine = (before ?? Promise.resolve()).then(work, work);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      // Only the last one leaves nobody behind.
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
