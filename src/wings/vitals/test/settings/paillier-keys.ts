import { sha256 } from '../../../../crypto/hash.ts';
import { concatBytes, u32be } from '../../../../primitives/bytes.ts';
import type { RandomBytes } from '../../crypto/paillier/integers.ts';
import { openModexpKernel } from '../../crypto/paillier/kernel-arithmetic.ts';
import { generateKey, type SecretKey } from '../../crypto/paillier/keys.ts';

/** The bytes of SHA-256(seed ‖ u32 0), SHA-256(seed ‖ u32 1) ..., each used once: the same chance every time. */
export function repeating(seed: Uint8Array): RandomBytes {
  let [left, block] = [new Uint8Array(0) as Uint8Array, 0];
  return (length) => {
    while (left.length < length) left = concatBytes(left, sha256(seed, u32be(block++)));
    const taken = left.slice(0, length);
    left = left.subarray(length);
    return taken;
  };
}

const made = new Map<number, SecretKey>();

/**
 * A key of full length, made once a process. Each caller waits for a promise of its own: a test that is declared after
 * waiting for another file's would be taken for that file's.
 */
export async function keyOf(number: number): Promise<SecretKey> {
  const arithmetic = await openModexpKernel();
  const key = made.get(number) ?? generateKey({ arithmetic, random: repeating(u32be(number)) });
  made.set(number, key);
  return key;
}
