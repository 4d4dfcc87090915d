import { deriveKey } from '../../../crypto/hash.ts';
import { type AccountId, idBytes, type RecordId } from '../../../primitives/ids.ts';
import { vitalsNames } from '../names.ts';
import { bytesToInteger, integerToBytes } from './paillier/integers.ts';

const modulus = 1n << 256n;

/**
 * The three shares of a half, 32 bytes each: the first two follow from it, so that who has the half can give each server its
 * own again. Any two say nothing of the half to whoever has not the third. Rule DE-1.
 */
export function sharesOf(
  { account, recordId }: { readonly account: AccountId; readonly recordId: RecordId },
  half: Uint8Array,
): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const { halfShare: label } = vitalsNames.labels;
  const of = (place: number) =>
    deriveKey(half, label, [idBytes(account), idBytes(recordId), place]);
  const [first, second] = [of(1), of(2)];
  const rest = bytesToInteger(half) - bytesToInteger(first) - bytesToInteger(second);
  return [first, second, integerToBytes(((rest % modulus) + modulus) % modulus, 32)];
}
