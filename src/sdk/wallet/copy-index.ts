import { messageObjects } from '../../api/object-types.ts';
import { walletCopyLimits } from '../../api/wallet-copy.ts';
import { openUnderKey, sealUnderKey } from '../../crypto/aead.ts';
import { labelledInfo, sha256 } from '../../crypto/hash.ts';
import { type KemKey, xwingKeyFromSeed } from '../../crypto/kem.ts';
import { labels } from '../../crypto/labels.ts';
import { openWith, sealTo } from '../../crypto/letter.ts';
import { randomBytes } from '../../crypto/random.ts';
import { suite } from '../../ledger/object-types.ts';
import { compareBytes, concatBytes } from '../../primitives/bytes.ts';
import type { Cbor } from '../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../primitives/ids.ts';
import { bytes, decodeAs, encodeAs, list, type Of, typed } from '../../primitives/shape.ts';
import { contentBytes, rootId } from './content.ts';
import { layoutShape } from './file.ts';
import { padded, unpadded } from './padded.ts';

/** Whose copy, and where it lies. */
export interface CopyPlace {
  readonly organisation: AccountId;
  readonly account: AccountId;
}

const copyIndex = typed(suite, messageObjects.walletCopyIndex, {
  /** Without what lies in shards. */
  content: contentBytes,
  layout: layoutShape,
  /** Under which root devices are listed; none: the wallet is new. */
  deviceRoot: list(rootId, { most: 1 }),
  /** `recipientsHash` of those to whom the copy key is wrapped. */
  recipients: bytes(32),
});
/** What is sealed in the head of a copy. */
export type CopyIndex = Of<typeof copyIndex>;

/**
 * `[2, 59, content, layout, [device root 8] or [], recipients 32]`, padded, under the copy key: nonce 12 ‖ AES-256-GCM ‖
 * tag 16. Throws WALLET_FULL. Source: docs/protocol/wallet.md, rule W-5.
 */
export async function sealCopyIndex(
  copyKey: Uint8Array,
  place: CopyPlace & { readonly serial: number },
  index: CopyIndex,
): Promise<Uint8Array> {
  const plain = encodeAs(copyIndex, index);
  const sealed = await sealUnderKey(copyKey, aadOf(place), padded(plain));
  const most = walletCopyLimits.indexBytes;
  if (sealed.length > most) throw new CodedError('WALLET_FULL', { bytes: sealed.length, most });
  return sealed;
}

/** Throws CANNOT_OPEN, WALLET_INVALID. */
export async function openCopyIndex(
  copyKey: Uint8Array,
  place: CopyPlace & { readonly serial: number },
  sealed: Uint8Array,
): Promise<CopyIndex> {
  const plain = unpadded(await openUnderKey(copyKey, aadOf(place), sealed));
  try {
    return decodeAs(copyIndex, plain, 'copy');
  } catch (cause) {
    throw new CodedError('WALLET_INVALID', {}, cause);
  }
}

/** The same for the same public keys in any order. */
export function recipientsHash(publicKeys: readonly Uint8Array[]): Uint8Array {
  return sha256(concatBytes(...publicKeys.map((key) => sha256(key)).sort(compareBytes)));
}

/**
 * The copy key for each of those who may open the copy, among wraps for nobody, in an order that says nothing: eight,
 * or as many eights as are needed. Throws KEY_WEAK.
 */
export async function wrapCopyKey(
  copyKey: Uint8Array,
  place: CopyPlace,
  publicKeys: readonly Uint8Array[],
): Promise<readonly Uint8Array[]> {
  const { wrapsStep } = walletCopyLimits;
  const count = Math.max(1, Math.ceil(publicKeys.length / wrapsStep)) * wrapsStep;
  const nobodies = await Promise.all(
    Array.from({ length: count - publicKeys.length }, async () => {
      return (await xwingKeyFromSeed(randomBytes(32))).publicKey;
    }),
  );
  const wraps = await Promise.all(
    [...publicKeys, ...nobodies].map((key) =>
      sealTo(key, labels.walletCopyWrap, contextOf(place), none, copyKey),
    ),
  );
  return wraps.sort(compareBytes);
}

/** By any of these pairs; undefined: it is wrapped to none of them. */
export async function unwrapCopyKey(
  wraps: readonly Uint8Array[],
  place: CopyPlace,
  pairs: readonly KemKey[],
): Promise<Uint8Array | undefined> {
  for (const pair of pairs) {
    for (const wrap of wraps) {
      const key = await openWith(pair, labels.walletCopyWrap, contextOf(place), none, wrap).catch(
        unlessSealed,
      );
      if (key !== undefined) return key;
    }
  }
  return undefined;
}

function unlessSealed(error: unknown): undefined {
  if (!isCoded(error, 'CANNOT_OPEN')) throw error;
}

const none = new Uint8Array(0);
const contextOf = ({ organisation, account }: CopyPlace): Cbor => [
  idBytes(organisation),
  idBytes(account),
];
const aadOf = ({ organisation, account, serial }: CopyPlace & { readonly serial: number }) =>
  labelledInfo(labels.walletCopy, [idBytes(organisation), idBytes(account), serial]);
