import { type StructOf, uint } from '../../primitives/shape.ts';

/**
 * After how many changes of keys a grant's write seed and letter were made, by the ledger's count: of the account that
 * gave the grant, and of the one that holds it. So devices that renew at the same time make the same, and of two the
 * newer is known without asking anybody. Source: docs/protocol/grants.md, rule G-14.
 */
export const generations = { ownerGeneration: uint, granteeGeneration: uint };
export type Generations = StructOf<typeof generations>;

/** Of accounts that have never changed their keys, and of what was written before there were generations. */
export const firstGenerations: Generations = { ownerGeneration: 0, granteeGeneration: 0 };

/** Above 0: `a` was made after `b`; 0: they are of the same keys. */
export function compareGenerations(a: Generations, b: Generations): number {
  return a.ownerGeneration - b.ownerGeneration || a.granteeGeneration - b.granteeGeneration;
}
