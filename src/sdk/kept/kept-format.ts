import { decodeLeafContent, itemLeafHash } from '../../api/item.ts';
import { areIncluded, pathIn } from '../../ledger/multiproof.ts';
import { optionalConsent } from '../../ledger/shapes.ts';
import { heldIdentity } from '../../ledger/tables/keys.ts';
import { CodedError } from '../../primitives/errors.ts';
import {
  accountId,
  bytes,
  checked,
  hexId,
  list,
  type Of,
  optionalBytes,
  recordId,
  struct,
  txId,
  uint,
} from '../../primitives/shape.ts';
import type { LiveItem } from '../client/check-rows.ts';

const version = checked(uint, (value, field) => {
  if (value !== 1) throw new CodedError('CBOR_SHAPE', { field });
});

/** What the list says of one kept item; `endMs` 0: its owner's own, which has no end. Source: docs/protocol/wallet.md, rule W-29. */
const listed = struct({
  name: hexId(16),
  /** Who opened it. */
  holder: accountId,
  /** The grant that it was read under; empty: it lies in the holder's own chart. */
  consent: optionalConsent,
  chart: accountId,
  recordId,
  leaf: bytes(32),
  bytes: uint,
  openedMs: uint,
  endMs: uint,
});
export type ListedItem = Of<typeof listed>;
export const keptList = struct({ version, items: list(listed) });

const signer = struct({ account: accountId, held: heldIdentity });
export type KeptSigner = Of<typeof signer>;

/** All that is needed to open an item and to verify it again, sealed as it came. Source: docs/protocol/wallet.md, rule W-29. */
export const keptItem = struct({
  version,
  account: accountId,
  recordId,
  txId,
  height: uint,
  timeMs: uint,
  epoch: uint,
  /** Under which grant it was anchored; empty: the owner brought it. */
  consent: optionalConsent,
  root: bytes(32),
  count: uint,
  index: uint,
  path: list(bytes(32), { most: 64 }),
  salt: bytes(32),
  leafContent: bytes(),
  header: bytes(),
  /** Of the KeySet that its epoch is of, from which its owner's key derives. */
  keySalt: optionalBytes(16),
  signers: list(signer),
  body: bytes(),
});
export type KeptItem = Of<typeof keptItem>;

/** What travels with a body, and who signed. */
export function keptOf(
  row: LiveItem,
  beside: Pick<KeptItem, 'keySalt' | 'signers' | 'body'>,
): KeptItem {
  const { account, recordId, txId, height, timeMs, epoch, root, count, index } = row;
  const { salt, leafContent, header, consent = '' } = row;
  const path = pathIn(row.proof, index);
  return {
    ...{ version: 1, account, recordId, txId, height, timeMs, epoch, consent, root, count, index },
    ...{ path, salt, leafContent, header, ...beside },
  };
}

/** The row again, its leaf led to its root. Throws PROOF_INVALID, and what a leaf content that is none throws. */
export function rowOfKept(kept: KeptItem): LiveItem {
  const { account, recordId, txId, height, timeMs, epoch, root, count, index, path } = kept;
  const { salt, leafContent, header, consent } = kept;
  const leaf = itemLeafHash(salt, leafContent);
  const leaves = [{ index, leaf }];
  if (!areIncluded(leaves, count, path, root)) throw new CodedError('PROOF_INVALID', { recordId });
  const { blobId, recordClass, paddedSize } = decodeLeafContent(leafContent);
  return {
    ...{ account, recordId, recordClass, blobId, paddedSize, epoch, txId, height, timeMs },
    consent: consent === '' ? undefined : consent,
    ...{ header, leafContent, salt, leaf, root, index, count },
    proof: { leaves, count, siblings: path },
  };
}
