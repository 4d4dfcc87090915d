import { labelledInfo } from '../../../../crypto/hash.ts';
import { hpkeOpen, hpkeSeal } from '../../../../crypto/hpke.ts';
import type { KemKey } from '../../../../crypto/kem.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { vitalsNames } from '../../names.ts';
import { bytesToElements, elementsToBytes, field64 } from '../field.ts';

/** A part of an answer, sealed to its researcher; `enc` as in HPKE; the ciphertext ends with its tag. Rule VQ-36. */
export interface Sealed {
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** `query`: 32 bytes; `context`: what stands beside the seal. Throws KEY_WEAK. */
export function sealAnswer(
  publicKey: Uint8Array,
  of: { readonly query: Uint8Array; readonly context: Uint8Array },
  share: readonly bigint[],
): Promise<Sealed> {
  const info = labelledInfo(vitalsNames.labels.answer, [of.query]);
  const plaintext = elementsToBytes(field64, share);
  return hpkeSeal({ kem: 'xwing', publicKey, info, aad: of.context, plaintext });
}

/** Throws CANNOT_OPEN; BODY_LENGTH: it holds no field elements. */
export async function openAnswer(
  key: KemKey,
  of: { readonly query: Uint8Array; readonly context: Uint8Array },
  sealed: Sealed,
): Promise<readonly bigint[]> {
  const info = labelledInfo(vitalsNames.labels.answer, [of.query]);
  const opened = await hpkeOpen(key, { info, aad: of.context, ...sealed });
  const share = bytesToElements(field64, opened);
  if (share === undefined) throw new CodedError('BODY_LENGTH');
  return share;
}
