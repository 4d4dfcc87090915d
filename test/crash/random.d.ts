/** Small seeded random numbers (mulberry32): what a run does follows from its seed, when it happens does not. */
export declare class Random {
  #private;
  constructor(seed: number);
  /** From 0 to below 1. */
  next(): number;
  /** From 0 to `below` - 1. */
  below(below: number): number;
  between(from: number, to: number): number;
  is(chance: number): boolean;
  /** Undefined for an empty list. */
  pick<T>(from: readonly T[]): T | undefined;
  /** The same members in another order. */
  shuffled<T>(from: readonly T[]): T[];
  /** A name by its weight. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name;
}
