import { labelledHash } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { concatBytes, equalBytes } from '../../primitives/bytes.ts';
import {
  type Cbor,
  decodeCbor,
  encodeCbor,
  readArray,
  readBytes,
  readText,
  readUint,
} from '../../primitives/cbor.ts';
import { CodedError } from '../../primitives/errors.ts';
import { decodeTx } from '../codec.ts';
import { isIncluded, leafHash } from '../merkle.ts';

/**
 * What a receipt may additionally show: which look an access log's entry hash stands for, or which item an
 * anchor's root covers. The ledger holds only the hash; whoever holds the opening adds it.
 * Source: docs/protocol/receipts.md, rule R-9.
 */
export type Claim =
  | {
      readonly kind: 'entry';
      /** Which act of the transaction, and which entry of that act. */
      readonly act: number;
      readonly entry: number;
      readonly salt: Uint8Array;
      readonly signedRequest: Uint8Array;
    }
  | {
      readonly kind: 'leaf';
      readonly act: number;
      readonly salt: Uint8Array;
      /** CBOR [SHA-256(header), blob id, class, padded size], or a batch's row. */
      readonly content: Uint8Array;
      readonly index: number;
      readonly path: readonly Uint8Array[];
    };

/** What an act commits to; `undefined` where it commits to nothing that can be opened. */
export type ClaimTarget =
  | { readonly kind: 'entries'; readonly hashes: readonly Uint8Array[] }
  | { readonly kind: 'root'; readonly root: Uint8Array; readonly count: number }
  | undefined;

export function encodeClaim(claim: Claim): Uint8Array {
  return encodeCbor(
    claim.kind === 'entry'
      ? ['entry', claim.act, claim.entry, claim.salt, claim.signedRequest]
      : ['leaf', claim.act, claim.salt, claim.content, claim.index, claim.path],
  );
}

/** Throws CBOR_INVALID, CBOR_SHAPE, TYPE_UNKNOWN. */
export function decodeClaim(bytes: Uint8Array): Claim {
  const fields = readArray(decodeCbor(bytes), 'claim');
  const kind = readText(fields[0], 'claim');
  if (kind === 'entry') {
    readArray(fields, 'claim', 5);
    return {
      kind,
      act: readUint(fields[1], 'act'),
      entry: readUint(fields[2], 'entry'),
      salt: readBytes(fields[3], 'salt', 32),
      signedRequest: readBytes(fields[4], 'request'),
    };
  }
  if (kind !== 'leaf') throw new CodedError('TYPE_UNKNOWN', { field: 'claim' });
  readArray(fields, 'claim', 6);
  return {
    kind,
    act: readUint(fields[1], 'act'),
    salt: readBytes(fields[2], 'salt', 32),
    content: readBytes(fields[3], 'content'),
    index: readUint(fields[4], 'index'),
    path: readPath(fields[5]),
  };
}

/** A Merkle path: at most 53 siblings, the depth of the largest tree whose size is a safe integer. */
export function readPath(value: Cbor | undefined): Uint8Array[] {
  const siblings = readArray(value, 'path');
  if (siblings.length > 53) throw new CodedError('CBOR_SHAPE', { field: 'path' });
  return siblings.map((sibling) => readBytes(sibling, 'path', 32));
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
