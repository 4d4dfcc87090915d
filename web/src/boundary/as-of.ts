/** Answers on the page that are this device's own, because no hospital could be asked, and as of when each stands. */
class AsOf {
  readonly #ofAnswers = new Map<string, number>();
  readonly #listeners = new Set<() => void>();

  /** Undefined: the hospital's answer is shown, or nothing any more. */
  note(answer: string, ms: number | undefined): void {
    if (this.#ofAnswers.get(answer) === ms) return;
    if (ms === undefined) this.#ofAnswers.delete(answer);
    else this.#ofAnswers.set(answer, ms);
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The oldest of those; undefined: none of them is shown. */
  oldest(isShown: (answer: string) => boolean): number | undefined {
    const shown = [...this.#ofAnswers].flatMap(([answer, ms]) => (isShown(answer) ? ms : []));
    return shown.length === 0 ? undefined : Math.min(...shown);
  }
}

export const asOf = new AsOf();
