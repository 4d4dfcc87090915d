import { decodeStoredHeader, type ItemHeader, maxWrapBytes } from '../../api/item.ts';
import { deriveKey } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { concatBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type AccountId, idBytes, type RecordId } from '../../primitives/ids.ts';
import {
  bytes,
  checked,
  decodeAs,
  encodeAs,
  type Of,
  struct,
  uintTo,
} from '../../primitives/shape.ts';
import type { WalletContent } from '../wallet/content.ts';

/**
 * Doubly encrypted items: their key is made of two halves. The first is wrapped as the key of every other item; the second
 * lies with somebody else, whom the lock names. Source: docs/protocol/items.md, rules I-90 to I-95.
 */

export const doubleWrapKind = 3;

const doubleWrap = struct({
  /** 1 or 2: how the first half is wrapped. */
  kind: checked(uintTo(2), (kind, field) => {
    if (kind === 0) throw new CodedError('CBOR_SHAPE', { field });
  }),
  wrap: bytes(),
  /** Where the second half is: read by whoever keeps such. */
  lock: checked(bytes(), ({ length }, field) => {
    if (length > maxLockBytes) throw new CodedError('CBOR_SHAPE', { field });
  }),
});
export type DoubleWrap = Of<typeof doubleWrap>;

const maxLockBytes = 1024;
/** Of each of the two. */
export const halfBytes = 32;

export function encodeDoubleWrap(wrap: DoubleWrap): Uint8Array {
  const encoded = encodeAs(doubleWrap, wrap);
  if (encoded.length > maxWrapBytes) throw new CodedError('INTERNAL', { wrap: encoded.length });
  return encoded;
}

/** Of a header of kind 3. Throws CANNOT_OPEN: it is no such wrap. */
export function doubleWrapOf({ wrap }: Pick<ItemHeader, 'wrap'>): DoubleWrap {
  try {
    return decodeAs(doubleWrap, wrap, 'wrap');
  } catch (cause) {
    throw new CodedError('CANNOT_OPEN', {}, cause);
  }
}

/** The lock of a doubly encrypted item; undefined: it is none, or none that opens, which its opening tells. */
export function lockOf(header: Uint8Array): Uint8Array | undefined {
  try {
    const read = decodeStoredHeader(header);
    return read.wrapKind === doubleWrapKind ? doubleWrapOf(read).lock : undefined;
  } catch (error) {
    if (!isCoded(error)) throw error;
    return undefined;
  }
}

/** The key that body and headline are sealed under. Rule I-91. */
export function doubleKey(first: Uint8Array, second: Uint8Array, recordId: RecordId): Uint8Array {
  if (first.length !== halfBytes || second.length !== halfBytes)
    throw new CodedError('CANNOT_OPEN');
  return deriveKey(concatBytes(first, second), labels.recordDouble, [idBytes(recordId)]);
}

/** What a doubly encrypted item is sealed with, beside its wrapping. */
export interface SecondHalf {
  /** 32 random bytes. Secret. */
  readonly half: Uint8Array;
  readonly lock: Uint8Array;
}

/** Gives each item its second half, which lies where the lock says before this returns. */
export type GiveHalves<Where> = (
  ctx: Where,
  items: readonly Pick<HalfAsked, 'recordId' | 'recordClass'>[],
  signal?: AbortSignal,
) => Promise<ReadonlyMap<RecordId, SecondHalf>>;

/** Of which item a second half is looked for. */
export interface HalfAsked {
  /** Whose chart. */
  readonly account: AccountId;
  readonly recordId: RecordId;
  readonly recordClass: string;
  readonly lock: Uint8Array;
  /** Who did not answer for an item of the same look: not waited for again. Whoever asks adds to it. */
  readonly away?: Set<AccountId> | undefined;
}

/** Where second halves come from: a wing's. */
export interface HalfKeeper<Where> {
  /** What the wallet has of the records of one of its own charts. */
  own(content: WalletContent, account: AccountId): ReadonlyMap<RecordId, Uint8Array>;
  /**
   * From whoever has it. `look`: the receipt of a look that names the record, with the claim that opens its entry; undefined:
   * the owner asks. Undefined: the lock is none of this keeper's. Throws what is refused.
   */
  ask(
    ctx: Where,
    asked: HalfAsked,
    look: (() => Promise<Uint8Array>) | undefined,
    signal?: AbortSignal,
  ): Promise<Uint8Array | undefined>;
}
