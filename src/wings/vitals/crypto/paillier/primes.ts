import { bytesToInteger, type RandomBytes } from './integers.ts';
import type { ModularArithmetic } from './modular-arithmetic.ts';
import { isPrimeWithoutSmallFactors, smallPrimes } from './primality.ts';

/** How far from a drawn number a prime is looked for: one drawing in 2000 finds none. */
const steps = 4096;

/**
 * A prime of 8 `length` bits that is 3 modulo 4, its two highest bits set: the first from a drawn number on, in steps
 * of 4 (VD-3). `length` above 2. What draws is asked for `length` bytes, and then by the test of the one that passes.
 */
export function findBlumPrime(
  length: number,
  by: { readonly arithmetic: ModularArithmetic; readonly random: RandomBytes },
): bigint {
  for (;;) {
    const start = drawnStart(length, by.random);
    const composite = sieveSteps(start);
    for (let step = 0; step < steps; step++) {
      if (composite[step] === 1) continue;
      const candidate = start + BigInt(4 * step);
      if (candidate >> BigInt(8 * length) !== 0n) break;
      if (isPrimeWithoutSmallFactors(candidate, by)) return candidate;
    }
  }
}

function drawnStart(length: number, random: RandomBytes): bigint {
  const bytes = random(length).slice();
  bytes[0] = (bytes[0] ?? 0) | 0xc0;
  bytes[length - 1] = (bytes[length - 1] ?? 0) | 3;
  return bytesToInteger(bytes);
}

/** 1 where a prime below 2^16 divides start + 4 step. */
function sieveSteps(start: bigint): Uint8Array {
  const composite = new Uint8Array(steps);
  for (const prime of smallPrimes().slice(1)) {
    const rest = Number(start % BigInt(prime));
    // 4 step = -rest: the inverse of 4 is (prime + 1) / 4 or (3 prime + 1) / 4, whichever is whole.
    const quarter = prime % 4 === 3 ? (prime + 1) / 4 : (3 * prime + 1) / 4;
    const first = ((prime - rest) * quarter) % prime;
    for (let step = first; step < steps; step += prime) composite[step] = 1;
  }
  return composite;
}
