import { concatBytes } from '../primitives/bytes.ts';
import type { Cbor } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import { labelledInfo } from './hash.ts';
import { hpkeOpen, hpkeSeal } from './hpke.ts';
import { type KemKey, kems } from './kem.ts';
import type { Label } from './labels.ts';

/**
 * Seals something to one account: letters, inbox messages, envelopes.
 *
 * Layout: X-Wing encapsulation 1120 ‖ AES-256-GCM ciphertext ‖ tag 16, HPKE base mode with
 * info = label ‖ 0x00 ‖ CBOR(context). Opening for another purpose or context fails. The sender is not
 * authenticated: what needs an author carries a signature inside. `coins`: the encapsulation's 64 random bytes, where somebody
 * else who knows them is to make the very same bytes; missing: nobody is. Throws KEY_WEAK.
 * Source: docs/protocol/sealing.md, rule S-3.
 */
export async function sealTo(
  publicKey: Uint8Array,
  label: Label,
  context: Cbor,
  aad: Uint8Array,
  plaintext: Uint8Array,
  coins?: Uint8Array,
): Promise<Uint8Array> {
  const info = labelledInfo(label, context);
  const sealed = { kem: 'xwing', publicKey, info, aad, plaintext } as const;
  const { enc, ciphertext } = await hpkeSeal({ ...sealed, ...(coins && { ephemeralSeed: coins }) });
  return concatBytes(enc, ciphertext);
}

/** What `sealTo` adds to the plaintext. */
export const letterOverheadBytes = kems.xwing.encBytes + 16;

/** Throws CANNOT_OPEN. */
export async function openWith(
  key: KemKey,
  label: Label,
  context: Cbor,
  aad: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  if (key.kem !== 'xwing' || sealed.length < letterOverheadBytes) {
    throw new CodedError('CANNOT_OPEN');
  }
  return hpkeOpen(key, {
    enc: sealed.subarray(0, kems.xwing.encBytes),
    info: labelledInfo(label, context),
    aad,
    ciphertext: sealed.subarray(kems.xwing.encBytes),
  });
}
