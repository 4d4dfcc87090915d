import { CodedError } from '../../../../primitives/errors.ts';
import type { Ciphertext } from './ciphertext.ts';
import { bytesToInteger, type RandomBytes } from './integers.ts';
import { inverseModulo, type SecretKey } from './keys.ts';
import type { ModularArithmetic, Powers } from './modular-arithmetic.ts';

export interface Decryption {
  /**
   * From 0 to N - 1. Throws CIPHERTEXT_INVALID for what is no unit. Paillier is secure against those who only watch:
   * nothing but the sum of what known servers sent is decrypted, and no raw decryption is given away (VD-8).
   */
  decrypt(ciphertext: Ciphertext): bigint;
}

/** Of what masks a ciphertext before a secret exponent, in bytes (VD-7). */
const maskLength = 16;

/** By the Chinese remainder theorem, modulo p^2 and q^2: a quarter of the work (Paillier 1999, section 7; VD-7). */
export function openDecryption(
  { p, q, publicKey }: SecretKey,
  by: { readonly arithmetic: ModularArithmetic; readonly random: RandomBytes },
): Decryption {
  const halves = [half(p, q, by.arithmetic), half(q, p, by.arithmetic)] as const;
  const qInverse = inverseModulo(q, p);
  const whole = by.arithmetic.powers(publicKey.square);
  const masked = (value: bigint): bigint => {
    const chance = whole.power(publicKey.base, bytesToInteger(by.random(maskLength)));
    return (value * chance) % publicKey.square;
  };
  return {
    decrypt({ value }) {
      const shown = halves.every((it) => it.hidesExponents) ? value : masked(value);
      const [modP, modQ] = [halves[0].open(shown), halves[1].open(shown)];
      const difference = (modP - modQ) * qInverse;
      return modQ + q * (((difference % p) + p) % p);
    },
  };
}

interface Half {
  readonly hidesExponents: boolean;
  readonly open: (ciphertext: bigint) => bigint;
}

/** The message modulo p: L(c^(p-1) mod p^2) / L((1+N)^(p-1) mod p^2), and the divisor is -q. */
function half(p: bigint, q: bigint, arithmetic: ModularArithmetic): Half {
  const square = p * p;
  const powers: Powers = arithmetic.powers(square);
  const scale = inverseModulo(p - (q % p), p);
  return {
    hidesExponents: powers.hidesExponents,
    open(ciphertext) {
      if (ciphertext % p === 0n) throw new CodedError('CIPHERTEXT_INVALID');
      return (((powers.power(ciphertext % square, p - 1n) - 1n) / p) * scale) % p;
    },
  };
}
