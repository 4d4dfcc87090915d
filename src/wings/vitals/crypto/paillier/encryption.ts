import { CodedError } from '../../../../primitives/errors.ts';
import { type Ciphertext, ciphertextOf } from './ciphertext.ts';
import { combBits } from './comb.ts';
import { bytesToInteger, type RandomBytes } from './integers.ts';
import type { PublicKey } from './keys.ts';
import type { ModularArithmetic, Powers } from './modular-arithmetic.ts';

/** Encrypts under one key; the table of its base is made by the first use and kept. */
export interface Encryption {
  readonly key: PublicKey;
  /** `message` from 0 to N - 1, else SLOT_OVERFLOW is thrown. */
  encrypt(message: bigint): Ciphertext;
  /** The same message under new chance: what a sum or a product is sent as. */
  mask(ciphertext: Ciphertext): Ciphertext;
  /**
   * Holds `factor` times as much, modulo N. The factor, from 1 to N - 1 (else INTERNAL), is public: how long this takes
   * tells it, and who sees both ciphertexts finds a small one by trying, unless the result is masked anew (VD-10).
   */
  multiply(ciphertext: Ciphertext, factor: bigint): Ciphertext;
}

/**
 * c = (1 + m N) hs^a mod N^2, a of 1536 random bits, used once (VD-4). Sources: Paillier 1999; Damgard, Jurik and
 * Nielsen, Int. J. Inf. Secur. 9 (2010), section 4.
 */
export function openEncryption(
  key: PublicKey,
  by: { readonly arithmetic: ModularArithmetic; readonly random: RandomBytes },
): Encryption {
  const powers = by.arithmetic.fixedPowers(key.base, key.square);
  let ofAny: Powers | undefined;
  const chance = (): bigint => powers.power(bytesToInteger(by.random(combBits / 8)));
  return {
    key,
    encrypt(message) {
      if (message < 0n || message >= key.modulus)
        throw new CodedError('SLOT_OVERFLOW', { in: 'message' });
      return ciphertextOf(((1n + message * key.modulus) * chance()) % key.square);
    },
    mask: ({ value }) => ciphertextOf((value * chance()) % key.square),
    multiply({ value }, factor) {
      if (factor < 1n || factor >= key.modulus) throw new CodedError('INTERNAL', { in: 'factor' });
      ofAny ??= by.arithmetic.powers(key.square);
      return ciphertextOf(ofAny.power(value, factor));
    },
  };
}
