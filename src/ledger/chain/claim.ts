import { labelledHash } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { concatBytes, equalBytes } from '../../primitives/bytes.ts';
import { bytes, choice, decodeAs, encodeAs, list, type Of, uint } from '../../primitives/shape.ts';
import { decodeTx } from '../codec.ts';
import { isIncluded, leafHash } from '../merkle.ts';

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

/** What an act commits to; `undefined` where it commits to nothing that can be opened. */
export type ClaimTarget =
  | { readonly kind: 'entries'; readonly hashes: readonly Uint8Array[] }
  | { readonly kind: 'root'; readonly root: Uint8Array; readonly count: number }
  | undefined;

/** As it stands in a receipt. */
export function encodeClaim(claim: Claim): Uint8Array {
  return encodeAs(claimShape, claim);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, TYPE_UNKNOWN. */
export function decodeClaim(encoded: Uint8Array): Claim {
  return decodeAs(claimShape, encoded, 'claim');
}

/** What the acts of a transaction commit to, in their order; throws what `decodeTx` throws. */
export function claimTargets(tx: Uint8Array): ClaimTarget[] {
  return decodeTx(tx).body.acts.map((act): ClaimTarget => {
    switch (act.kind) {
      case 'AccessLog':
        return { kind: 'entries', hashes: act.entries.map((entry) => entry.entryHash) };
      case 'DataAnchor':
      case 'DiagnosisAnchor':
      case 'BatchAnchor':
        return { kind: 'root', root: act.root, count: act.count };
      default:
        return undefined;
    }
  });
}

/** Whether the transaction's acts commit to exactly what the claim opens. */
export function claimHolds(claim: Claim, targets: readonly ClaimTarget[]): boolean {
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
