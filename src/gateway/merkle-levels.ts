import { nodeHash } from '../ledger/merkle.ts';

/**
 * All paths of one RFC 9162 tree from a single pass: pairs of a level make the next one, a last odd node moves
 * up unchanged. `ledger/merkle.ts` gives the same paths one at a time, which for whole pages is quadratic.
 */
export class MerkleLevels {
  readonly #levels: readonly (readonly Uint8Array[])[];

  /** At least one leaf hash. */
  constructor(leaves: readonly Uint8Array[]) {
    const levels: (readonly Uint8Array[])[] = [leaves];
    let level = leaves;
    while (level.length > 1) {
      const above: Uint8Array[] = [];
      for (let i = 0; i < level.length; i += 2) {
        const left = level[i];
        const right = level[i + 1];
        if (left !== undefined) above.push(right === undefined ? left : nodeHash(left, right));
      }
      levels.push(above);
      level = above;
    }
    this.#levels = levels;
  }

  get root(): Uint8Array {
    return this.#levels.at(-1)?.[0] ?? new Uint8Array(0);
  }

  path(index: number): Uint8Array[] {
    const path: Uint8Array[] = [];
    let at = index;
    for (const level of this.#levels) {
      const sibling = level[at ^ 1];
      if (sibling !== undefined) path.push(sibling);
      at >>= 1;
    }
    return path;
  }
}
