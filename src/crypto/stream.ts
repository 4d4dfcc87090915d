import { platform } from '#platform';
import { hmacSha256, labelHead } from './hash.ts';
import type { Label } from './labels.ts';

/**
 * `length` pseudo-random bytes from a secret of 32, for one purpose and one binder: key 16 ‖ counter 16 =
 * HMAC-SHA-256(secret, label ‖ 0x00 ‖ binder), then AES-128 in counter mode over zeros.
 *
 * For kilobytes, of which a hash a block would cost ten times more. Source: docs/protocol/vitals-pages.md, rule VP-6.
 */
export function secretStream(
  secret: Uint8Array,
  label: Label,
  binder: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  const seed = hmacSha256(secret, labelHead(label), binder);
  return platform.aes128CtrStream(seed.subarray(0, 16), seed.subarray(16), length);
}
