import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeCopyHead, decodeSignedCopy, type WalletCopyHead } from '../../../api/wallet-copy.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { labels } from '../../../crypto/labels.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';

/** A copy that its account signed, for this hospital. */
export interface Signed {
  readonly head: WalletCopyHead;
  readonly publicKey: Uint8Array;
  /** As it came. */
  readonly encoded: Uint8Array;
  /** SHA-256 of that. */
  readonly hash: Uint8Array;
}

/**
 * Reads a copy and sees who signed it; what takes long of a large one has a turn of its own. Throws CBOR_INVALID,
 * CBOR_SHAPE (also a shard named twice), SUITE_UNKNOWN, TYPE_UNKNOWN, FORBIDDEN (another account's, for another hospital,
 * or of an account that is enrolled elsewhere), SIGNATURE_WRONG, and as `accountActingWith`. Source: docs/protocol/http.md, rule H-14.
 */
export async function readSigned(
  { view, organisation }: Pick<GatewayBase, 'view' | 'organisation'>,
  account: AccountId,
  encoded: Uint8Array,
): Promise<Signed> {
  const { head: signed, publicKey, signature } = decodeSignedCopy(encoded);
  const hash = sha256(encoded);
  await nextTurn();
  const head = decodeCopyHead(signed);
  if (new Set(head.shards.map(({ name }) => name)).size !== head.shards.length) {
    throw new CodedError('CBOR_SHAPE', { field: 'copy.shards' });
  }
  if (head.account !== account || head.organisation !== organisation) {
    throw new CodedError('FORBIDDEN');
  }
  await nextTurn();
  const row = await view.accountActingWith(account, publicKey);
  // Room for copies is for people of this hospital.
  if (row.organisation !== organisation) throw new CodedError('FORBIDDEN');
  if (!(await verifyLabelled(publicKey, labels.walletCopySign, signed, signature))) {
    throw new CodedError('SIGNATURE_WRONG');
  }
  return { head, publicKey, encoded, hash };
}
