import { suite } from '../../../ledger/object-types.ts';
import {
  accountId,
  bytes,
  decodeAs,
  encodeAs,
  hexId,
  type Of,
  text,
  typed,
  uint,
} from '../../../primitives/shape.ts';
import { vitalsObjects } from './object-types.ts';

const maskKey = typed(suite, vitalsObjects.maskKey, {
  chainId: text(50),
  trio: hexId(32),
  from: accountId,
  to: accountId,
  /** Grows when the sender drew another. */
  number: uint,
  enc: bytes(1120),
  ciphertext: bytes(48),
});
/**
 * A key that a server shares with the next of its trio; travels signed, label `salus/1/stat/mask-key`. Source:
 * docs/protocol/vitals-statistics.md, rule VQ-37.
 */
export type MaskKeyMessage = Of<typeof maskKey>;

export const encodeMaskKey = (value: MaskKeyMessage): Uint8Array => encodeAs(maskKey, value);
/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export const decodeMaskKey = (encoded: Uint8Array): MaskKeyMessage => decodeAs(maskKey, encoded);
