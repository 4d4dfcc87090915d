/**
 * Something that many use at once and of which there is so much in all: places, bytes. The more somebody holds, the
 * more of it must be free for him to get more; who holds nothing gets what is left. So one caller, or a few, who take
 * all they can leave room for the others.
 */
export class Shares {
  readonly #held = new Map<string, number>();
  readonly #each: (who: string) => number;
  readonly #all: number;
  #taken = 0;

  /** Nobody holds more than `each`, and all together not more than `all`. */
  constructor({
    each,
    all,
  }: {
    readonly each: number | ((who: string) => number);
    readonly all: number;
  }) {
    this.#each = typeof each === 'number' ? () => each : each;
    this.#all = all;
  }

  /** False, and nothing is taken, when it is more than his share or than is left. */
  take(who: string, amount = 1): boolean {
    const held = this.heldBy(who);
    const most = this.#each(who);
    if (held + amount > most) return false;
    if (this.#taken + amount > this.#all * (1 - held / most)) return false;
    this.#held.set(who, held + amount);
    this.#taken += amount;
    return true;
  }

  /** What was taken before. */
  give(who: string, amount = 1): void {
    const left = this.heldBy(who) - amount;
    this.#taken -= amount;
    if (left > 0) this.#held.set(who, left);
    else this.#held.delete(who);
  }

  heldBy(who: string): number {
    return this.#held.get(who) ?? 0;
  }

  get taken(): number {
    return this.#taken;
  }
}
