import { suite } from '../../../ledger/object-types.ts';
import { bytes, type Of, struct, typed } from '../../../primitives/shape.ts';
import { vitalsObjects } from './object-types.ts';

/** A key that numbers are encrypted under, with the proof that it is one. Source: docs/protocol/vitals-paillier.md, VD-16. */
export const paillierKey = typed(suite, vitalsObjects.paillierKey, {
  /** N. */
  modulus: bytes(384),
  /** h. */
  root: bytes(384),
  proof: struct({
    witness: bytes(384),
    roots: bytes(8 * 384),
    fourthRoots: bytes(128 * 384),
    signs: bytes(32),
  }),
});
export type PaillierKey = Of<typeof paillierKey>;
