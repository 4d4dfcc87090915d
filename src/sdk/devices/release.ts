import { relayLimits } from '../../api/relay.ts';
import { openUnderKey, sealUnderKey } from '../../crypto/aead.ts';
import { kems, xwingEncapsulate } from '../../crypto/kem.ts';
import { concatBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { padded, unpadded } from '../wallet/padded.ts';
import { releaseKeyOf } from './transcript.ts';

const lengthBytes = 4;
const mostPaddedBytes = 8 * 1024 * 1024;
/** So much can be handed over: 8 MiB with its length. */
export const maxPayloadBytes: number = mostPaddedBytes - lengthBytes;

/** What the key of a release follows from, on the side of who sends it. */
interface ToNew {
  readonly kemKey: Uint8Array;
  /** s_o. */
  readonly secret: Uint8Array;
  readonly transcript: Uint8Array;
}

/**
 * What the old device hands over: enc_n 1120 ‖ nonce 12 ‖ AES-256-GCM ‖ tag 16 of u32be length ‖ payload ‖ zeros up to
 * a power of two of at least 16 KiB; associated data enc_n. Its size tells the power of two and no more.
 *
 * Throws BODY_TOO_LARGE, KEY_WEAK. Source: docs/protocol/devices.md, rule D-6.
 */
export async function sealRelease(
  { kemKey, secret, transcript }: ToNew,
  payload: Uint8Array,
): Promise<Uint8Array> {
  if (payload.length > maxPayloadBytes) {
    throw new CodedError('BODY_TOO_LARGE', { maxBytes: maxPayloadBytes });
  }
  const { enc, secret: toNew } = await xwingEncapsulate(kemKey);
  const key = releaseKeyOf({ toNew, toOld: secret, transcript });
  return concatBytes(enc, await sealUnderKey(key, enc, padded(payload)));
}

/** The encapsulation at the front of a release. Throws CANNOT_OPEN. */
export function encapsulationIn(release: Uint8Array): Uint8Array {
  if (release.length > relayLimits.releaseSlotBytes) throw new CodedError('CANNOT_OPEN');
  if (release.length < kems.xwing.encBytes) throw new CodedError('CANNOT_OPEN');
  return release.subarray(0, kems.xwing.encBytes);
}

/** Throws CANNOT_OPEN, also for a padding that `sealRelease` does not make. */
export async function openRelease(key: Uint8Array, release: Uint8Array): Promise<Uint8Array> {
  const enc = encapsulationIn(release);
  const plain = await openUnderKey(key, enc, release.subarray(enc.length));
  return unpadded(plain);
}
