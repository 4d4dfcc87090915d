/** Small seeded random numbers (mulberry32): what a run does follows from its seed, when it happens does not. */
export class Random {
  #state;
  constructor(seed) {
    this.#state = seed >>> 0;
  }
  /** From 0 to below 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  /** From 0 to `below` - 1. */
  below(below) {
    return Math.floor(this.next() * below);
  }
  between(from, to) {
    return from + this.below(to - from + 1);
  }
  is(chance) {
    return this.next() < chance;
  }
  /** Undefined for an empty list. */
  pick(from) {
    return from[this.below(from.length)];
  }
  /** The same members in another order. */
  shuffled(from) {
    return from
      .map((member) => ({ member, key: this.next() }))
      .sort((a, b) => a.key - b.key)
      .map(({ member }) => member);
  }
  /** A name by its weight. */
  weighted(weights) {
    const names = Object.keys(weights);
    let left = this.next() * names.reduce((sum, name) => sum + weights[name], 0);
    for (const name of names) {
      left -= weights[name];
      if (left < 0) return name;
    }
    throw new Error('no weight');
  }
}
