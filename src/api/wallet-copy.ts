import * as z from 'zod/mini';
import { suite } from '../ledger/object-types.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  accountId,
  bytes,
  checked,
  decodeAs,
  encodeAs,
  hexId,
  list,
  type Of,
  struct,
  typed,
  uint,
  uintTo,
} from '../primitives/shape.ts';
import { base64urlText, timeMs, uint as uintText } from './message-parts.ts';
import { messageObjects } from './object-types.ts';

/**
 * The copy of a wallet as a hospital keeps it: a signed head, and the shards that it names. The same bounds hold where
 * one is written, kept, sent and read. Source: docs/protocol/wallet.md, rule W-5, and http.md, rule H-14.
 */
export const walletCopyLimits = {
  /** Wraps come in eights, so that their number does not tell how many devices there are. */
  wrapsStep: 8,
  mostWraps: 32,
  /** An index is padded to a power of two, and the cipher adds 28 bytes. */
  indexBytes: 4 * 1024 * 1024 + 28,
  shards: 8_192,
  /** Kept in one turn of a gateway's loop, which writes it to disk. */
  shardBytes: 4 * 1024 * 1024 + 28,
  headBytes: 5 * 1024 * 1024,
} as const;

/** X-Wing encapsulation 1120 ‖ the sealed copy key 32 ‖ tag 16. */
export const copyWrapBytes = 1_168;

const namedShard = struct({
  name: hexId(16),
  /** SHA-256 of the sealed shard. */
  sha256: bytes(32),
  bytes: uintTo(walletCopyLimits.shardBytes),
});
/** A shard as a head names it. */
export type NamedShard = Of<typeof namedShard>;

const { wrapsStep, mostWraps, indexBytes, shards } = walletCopyLimits;

const head = typed(suite, messageObjects.walletCopy, {
  organisation: accountId,
  account: accountId,
  /** 1 at first, and one more at each writing. */
  serial: uint,
  /** The copy key, for each of those who may open it, in no order. */
  wraps: checked(list(bytes(copyWrapBytes), { most: mostWraps }), ({ length }, field) => {
    if (length === 0 || length % wrapsStep !== 0) throw new CodedError('CBOR_SHAPE', { field });
  }),
  /** The wallet's index under the copy key. */
  sealed: checked(bytes(), ({ length }, field) => {
    if (length > indexBytes) throw new CodedError('CBOR_SHAPE', { field });
  }),
  shards: list(namedShard, { most: shards }),
});
/** What is signed of a copy. */
export type WalletCopyHead = Of<typeof head>;

/** CBOR `[2, 58, organisation 32, account 32, serial, [wrap 1168...], sealed, [[name 16, SHA-256 32, bytes]...]]`. */
export const encodeCopyHead = (value: WalletCopyHead): Uint8Array => encodeAs(head, value);

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export const decodeCopyHead = (encoded: Uint8Array): WalletCopyHead =>
  decodeAs(head, encoded, 'copy');

const signedCopy = struct({
  /** `encodeCopyHead`. */
  head: checked(bytes(), ({ length }, field) => {
    if (length > walletCopyLimits.headBytes) throw new CodedError('CBOR_SHAPE', { field });
  }),
  publicKey: bytes(32),
  /** By the account's key in use, label wallet/copy-sign. */
  signature: bytes(64),
});
/** A head as it travels and as it is kept. */
export type SignedCopy = Of<typeof signedCopy>;

export const maxSignedCopyBytes = walletCopyLimits.headBytes + 128;

export const encodeSignedCopy = (copy: SignedCopy): Uint8Array => encodeAs(signedCopy, copy);

/** Throws CBOR_INVALID, CBOR_SHAPE. */
export const decodeSignedCopy = (encoded: Uint8Array): SignedCopy => decodeAs(signedCopy, encoded);

/** A copy that is kept, for who comes with the printed code. */
export const keptCopy = z.object({
  serial: uintText,
  writtenMs: timeMs,
  /** Who signed it. */
  publicKey: base64urlText(32),
  /** Its shards are kept too, not its index alone. */
  whole: z.boolean(),
});
export type KeptCopy = z.infer<typeof keptCopy>;

export const shardNameText = z.string().check(z.regex(/^[0-9a-f]{32}$/));
