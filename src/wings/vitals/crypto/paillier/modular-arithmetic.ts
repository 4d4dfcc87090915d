/**
 * Powers of large numbers, which is where Paillier spends its time. Three implementations give the same numbers:
 * `plain-arithmetic.ts` runs everywhere, `kernel-arithmetic.ts` wherever there is WebAssembly, and
 * server/openssl-arithmetic.ts where Node has OpenSSL.
 */
export interface ModularArithmetic {
  readonly name: 'plain' | 'kernel' | 'openssl';
  /** For an odd modulus above 1. */
  powers(modulus: bigint): Powers;
  /** For one base and exponents of `combBits` bits: slow to open, fast to use. The modulus is odd. */
  fixedPowers(base: bigint, modulus: bigint): FixedPowers;
}

export interface Powers {
  /**
   * Whether `power` takes as long for one exponent as for another of its length. Where it does not, bases are masked
   * before secret exponents (VD-7).
   */
  readonly hidesExponents: boolean;
  /** base^exponent mod modulus; neither is negative. */
  power(base: bigint, exponent: bigint): bigint;
}

export interface FixedPowers {
  /** `exponent` below 2^combBits, else INTERNAL is thrown. */
  power(exponent: bigint): bigint;
}
