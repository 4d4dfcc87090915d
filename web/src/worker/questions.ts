/** Questions that long work has for a person: a page shows them, and what is said comes back by a call of its own. */
export class Questions {
  readonly #waiting = new Map<string, (text: string) => void>();

  /** Until somebody answers, or it is over: then it throws what the signal says. */
  ask(question: string, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(question, resolve);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  /** Nothing happens where nobody asked. */
  answer(question: string, text: string): void {
    this.#waiting.get(question)?.(text);
    this.#waiting.delete(question);
  }
}
