import { isDisplayName } from '../../api/display-name.ts';
import { messageObjects } from '../../api/object-types.ts';
import { deriveKey, labelledHash, sha256 } from '../../crypto/hash.ts';
import { kems } from '../../crypto/kem.ts';
import { labels } from '../../crypto/labels.ts';
import { suite } from '../../ledger/object-types.ts';
import { concatBytes, equalSecretBytes, utf8 } from '../../primitives/bytes.ts';
import { encodeCbor } from '../../primitives/cbor.ts';
import { CodedError } from '../../primitives/errors.ts';
import {
  bytes,
  checked,
  decodeAs,
  encodeAs,
  type StructOf,
  text,
  typed,
} from '../../primitives/shape.ts';
import { maxDeviceNameLength } from '../wallet/content.ts';

/** Hash, commitment or nonce. */
export const nonceBytes = 32;
const digitCount = 6;

const deviceName = checked(text(maxDeviceNameLength), (name) => {
  if (!isDisplayName(name, maxDeviceNameLength))
    throw new CodedError('CBOR_SHAPE', { field: 'name' });
});
const revealFields = {
  kemKey: bytes(kems.xwing.publicKeyBytes),
  nonce: bytes(nonceBytes),
  name: deviceName,
  enc: bytes(kems.xwing.encBytes),
};
const revealShape = typed(suite, messageObjects.deviceReveal, revealFields);

/** What the new device chose and shows only after it was told the other nonce: K_n, r_n, its name, enc_o. */
export type DeviceReveal = StructOf<typeof revealFields>;

/** CBOR `[2, 56, K_n 1216, r_n 32, name, enc_o 1120]`. */
export function encodeReveal(reveal: DeviceReveal): Uint8Array {
  return encodeAs(revealShape, reveal);
}

/** Throws CBOR_*, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeReveal(encoded: Uint8Array): DeviceReveal {
  return decodeAs(revealShape, encoded, 'reveal');
}

/**
 * C = SHA-256(label deviceCommit ‖ 0x00 ‖ CBOR[SHA-256(m1), K_n, r_n, name, SHA-256(enc_o)]).
 *
 * All that the new device chooses is inside. Whatever it could still choose after it learned the other nonce it could
 * try out until the digits are those that it wants: a million tries, some seconds. Source: rule D-3.
 */
export function commitmentOf(firstHash: Uint8Array, reveal: DeviceReveal): Uint8Array {
  const { kemKey, nonce, name, enc } = reveal;
  const committed = encodeCbor([firstHash, kemKey, nonce, name, sha256(enc)]);
  return labelledHash(labels.deviceCommit, committed);
}

/** What both sides said, as one of them saw it. */
export interface Said {
  readonly firstHash: Uint8Array;
  readonly commitment: Uint8Array;
  /** r_o. */
  readonly nonce: Uint8Array;
  readonly reveal: DeviceReveal;
}

/**
 * T = SHA-256(label deviceTranscript ‖ 0x00 ‖ CBOR[SHA-256(m1), C, r_o, SHA-256(K_n), r_n, name, SHA-256(enc_o)]).
 * Source: rule D-4.
 */
export function transcriptOf({ firstHash, commitment, nonce, reveal }: Said): Uint8Array {
  const { kemKey, nonce: other, name, enc } = reveal;
  const said = [firstHash, commitment, nonce, sha256(kemKey), other, name, sha256(enc)];
  return labelledHash(labels.deviceTranscript, encodeCbor(said));
}

/** The first 8 bytes, big-endian, of HKDF(r_o ‖ r_n, label deviceDigits, [T]), mod 10^6. Source: rule D-4. */
export function digitsOf(said: Said): string {
  const nonces = concatBytes(said.nonce, said.reveal.nonce);
  const derived = deriveKey(nonces, labels.deviceDigits, [transcriptOf(said)]);
  const number = new DataView(derived.buffer, derived.byteOffset, 8).getBigUint64(0);
  return String(number % 1_000_000n).padStart(digitCount, '0');
}

/** Spaces and hyphens between digits are how people read them out. */
export function areDigits(typed: string, digits: string): boolean {
  return equalSecretBytes(utf8(typed.replaceAll(/[\s-]/g, '')), utf8(digits));
}

/** HKDF(s_n ‖ s_o, label deviceKey, [T]): only who opened both encapsulations has it. Source: rule D-6. */
export function releaseKeyOf(secrets: {
  /** Encapsulated to the new device. */
  readonly toNew: Uint8Array;
  /** Encapsulated to the old one. */
  readonly toOld: Uint8Array;
  readonly transcript: Uint8Array;
}): Uint8Array {
  const { toNew, toOld, transcript } = secrets;
  return deriveKey(concatBytes(toNew, toOld), labels.deviceKey, [transcript]);
}
