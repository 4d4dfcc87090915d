import { createDiffieHellman } from 'node:crypto';
import { bitLength, bytesToInteger, integerToBytes } from '../crypto/paillier/integers.ts';
import type { ModularArithmetic, Powers } from '../crypto/paillier/modular-arithmetic.ts';
import { plainArithmetic } from '../crypto/paillier/plain-arithmetic.ts';

/** Powers by a library of the system; throws what the library throws, also for a modulus that it does not take. */
export type NativePowers = (modulus: bigint) => (base: bigint, exponent: bigint) => bigint;

/**
 * Powers by OpenSSL, for moduli that are one's own; all else by `fallback`. Node has no modular power: what it has is
 * Diffie and Hellman's computeSecret, which is peer^private mod prime for any odd "prime" up to 10,000 bits. It refuses
 * results 0, 1 and -1, other builds of it refuse more, and opening costs a check of the modulus (VD-12): so each is
 * tested when it is opened, and whatever fails is computed by `fallback`.
 */
export function opensslArithmetic(
  fallback: ModularArithmetic,
  native: NativePowers = byDiffieHellman,
): ModularArithmetic {
  return {
    name: 'openssl',
    powers: (modulus) => guarded(modulus, fallback, native),
    fixedPowers: fallback.fixedPowers,
  };
}

function guarded(modulus: bigint, fallback: ModularArithmetic, native: NativePowers): Powers {
  const other = fallback.powers(modulus);
  const power = testedPower(modulus, native);
  if (power === undefined) return other;
  return {
    hidesExponents: true,
    power(base, exponent) {
      const own = base % modulus;
      if (own < 2n || own === modulus - 1n || exponent < 2n) return other.power(own, exponent);
      try {
        return power(own, exponent);
      } catch {
        return other.power(own, exponent);
      }
    },
  };
}

/** Undefined: it does not take this modulus, or its first power is wrong. */
function testedPower(modulus: bigint, native: NativePowers): ReturnType<NativePowers> | undefined {
  const [base, exponent] = [modulus / 3n, 2n ** 61n - 1n];
  try {
    const power = native(modulus);
    const expected = plainArithmetic.powers(modulus).power(base, exponent);
    return power(base, exponent) === expected ? power : undefined;
  } catch {
    return undefined;
  }
}

/** OpenSSL marks the private exponent as secret: the power takes as long for one as for another. */
const byDiffieHellman: NativePowers = (modulus) => {
  const length = Math.ceil(bitLength(modulus) / 8);
  const exchange = createDiffieHellman(integerToBytes(modulus, length), Uint8Array.of(2));
  return (base, exponent) => {
    exchange.setPrivateKey(integerToBytes(exponent, Math.ceil(bitLength(exponent) / 8)));
    return bytesToInteger(exchange.computeSecret(integerToBytes(base, length)));
  };
};
