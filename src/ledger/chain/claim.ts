import { labelledHash } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { concatBytes, equalBytes } from '../../primitives/bytes.ts';
import { bytes, choice, decodeAs, encodeAs, list, type Of, uint } from '../../primitives/shape.ts';
import type { Commitment } from '../act.ts';
import { readTxBody } from '../codec.ts';
import { isIncluded, leafHash } from '../merkle.ts';
import { moduleOf } from '../protocol.ts';

/** A Merkle path: at most 53 siblings, the depth of the largest tree whose size is a safe integer. */
export const merklePath = list(bytes(32), { most: 53 });

/**
 * What a receipt may additionally show: which look an access log's entry hash stands for, or which item an
 * anchor's root covers. The ledger holds only the hash; whoever holds the opening adds it.
 * Source: docs/protocol/receipts.md, rule R-9.
 */
const claimShape = choice(
  {
    /** `act`: which act of the transaction; `entry`: which entry of that act. */
    entry: ['entry', { act: uint, entry: uint, salt: bytes(32), signedRequest: bytes() }],
    leaf: [
      'leaf',
      {
        act: uint,
        salt: bytes(32),
        /** CBOR [SHA-256(header), blob id, class, padded size], or a batch's row. */
        content: bytes(),
        index: uint,
        path: merklePath,
      },
    ],
  },
  'TYPE_UNKNOWN',
);
export type Claim = Of<typeof claimShape>;

export function encodeClaim(claim: Claim): Uint8Array {
  return encodeAs(claimShape, claim);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, TYPE_UNKNOWN. */
export function decodeClaim(encoded: Uint8Array): Claim {
  return decodeAs(claimShape, encoded, 'claim');
}

/**
 * What the acts of a transaction commit to, in their order; undefined where it is nothing that can be opened,
 * or an act of a later version. Throws what `readTxBody` throws.
 */
export function claimTargets(tx: Uint8Array): (Commitment | undefined)[] {
  return readTxBody(tx).acts.map((act) =>
    'kind' in act ? moduleOf(act).commits?.(act) : undefined,
  );
}

/** Whether the transaction's acts commit to exactly what the claim opens. */
export function claimHolds(claim: Claim, targets: readonly (Commitment | undefined)[]): boolean {
  const target = targets[claim.act];
  if (target === undefined) return false;
  if (claim.kind === 'entry') {
    const expected = target.kind === 'entries' ? target.hashes[claim.entry] : undefined;
    const opened = labelledHash(labels.readEntry, claim.salt, claim.signedRequest);
    return expected !== undefined && equalBytes(opened, expected);
  }
  if (target.kind !== 'root') return false;
  const leaf = leafHash(concatBytes(claim.salt, claim.content));
  return isIncluded(leaf, claim.index, target.count, claim.path, target.root);
}
