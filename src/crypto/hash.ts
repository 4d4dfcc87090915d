import { hkdfSha256, sha256 } from '#hash';
import { concatBytes, utf8 } from '../primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../primitives/cbor.ts';
import type { Label } from './labels.ts';

export {
  hkdfSha256,
  hmacSha256,
  hmacSha512,
  runningSha256,
  sha3_256,
  sha256,
  sha256Into,
  sha512,
  shake256,
} from '#hash';

const heads = new Map<Label, Uint8Array>();

/** label ‖ 0x00: what stands first in everything that has a purpose; encoded once. */
export function labelHead(label: Label): Uint8Array {
  const known = heads.get(label);
  if (known !== undefined) return known;
  const head = concatBytes(utf8(label), Uint8Array.of(0));
  heads.set(label, head);
  return head;
}

/** SHA-256(label ‖ 0x00 ‖ parts): every hash with a purpose has its own label (protocol 1). */
export function labelledHash(label: Label, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(labelHead(label), ...parts);
}

/** `info` of HKDF and HPKE: label ‖ 0x00 ‖ CBOR(context) (protocol 1). */
export function labelledInfo(label: Label, context: Cbor): Uint8Array {
  return concatBytes(labelHead(label), encodeCbor(context));
}

/** HKDF-SHA-256 without salt, info = label ‖ 0x00 ‖ CBOR(context); 32 bytes, 64 for a scalar. */
export function deriveKey(
  secret: Uint8Array,
  label: Label,
  context: Cbor,
  length = 32,
): Uint8Array {
  return hkdfSha256(secret, labelledInfo(label, context), length);
}
