import { bitLength, jacobi, type RandomBytes, randomBelow } from './integers.ts';
import type { ModularArithmetic, Powers } from './modular-arithmetic.ts';

/**
 * Baillie-PSW, then four rounds of Miller and Rabin with random bases. No composite that passes is known; of numbers
 * drawn at random one in 2^128 at most would. Sources: Baillie and Wagstaff, Math. Comp. 35 (1980); FIPS 186-5, B.3.
 */
const randomRounds = 4;

const smallLimit = 1 << 16;
let sieved: readonly number[] | undefined;

/** 2 to 65521, in order. */
export function smallPrimes(): readonly number[] {
  sieved ??= sieve();
  return sieved;
}

function sieve(): readonly number[] {
  const composite = new Uint8Array(smallLimit);
  const primes: number[] = [];
  for (let n = 2; n < smallLimit; n++) {
    if (composite[n] === 1) continue;
    primes.push(n);
    for (let multiple = n * n; multiple < smallLimit; multiple += n) composite[multiple] = 1;
  }
  return primes;
}

/** Undefined: no prime below 2^16 divides it. The least one that does, also where it is the number itself. */
export function smallFactor(n: bigint): number | undefined {
  return smallPrimes().find((prime) => n % BigInt(prime) === 0n);
}

/** `random` is asked only about what Baillie-PSW lets pass: four times as many bytes as n has and 16. */
export function isProbablePrime(
  n: bigint,
  by: { readonly arithmetic: ModularArithmetic; readonly random: RandomBytes },
): boolean {
  if (n < 2n) return false;
  const factor = smallFactor(n);
  if (factor !== undefined) return n === BigInt(factor);
  return isPrimeWithoutSmallFactors(n, by);
}

/** For an odd number above 2^16 that was sieved already. */
export function isPrimeWithoutSmallFactors(
  n: bigint,
  by: { readonly arithmetic: ModularArithmetic; readonly random: RandomBytes },
): boolean {
  const powers = by.arithmetic.powers(n);
  if (!passesMillerRabin(n, 2n, powers) || !passesLucas(n)) return false;
  for (let round = 0; round < randomRounds; round++) {
    if (!passesMillerRabin(n, 2n + randomBelow(n - 3n, by.random), powers)) return false;
  }
  return true;
}

function passesMillerRabin(n: bigint, base: bigint, powers: Powers): boolean {
  const [odd, twos] = oddPart(n - 1n);
  let power = powers.power(base, odd);
  if (power === 1n) return true;
  for (let i = 0; i < twos; i++) {
    if (power === n - 1n) return true;
    power = (power * power) % n;
  }
  return false;
}

/** The strong test of Lucas with Selfridge's parameters: P = 1, Q = (1 - D) / 4. */
function passesLucas(n: bigint): boolean {
  const D = selfridge(n);
  if (D === undefined) return false;
  const Q = (1n - D) / 4n;
  const [odd, twos] = oddPart(n + 1n);
  let { u, v, q } = lucas(n, D, Q, odd);
  if (u === 0n || v === 0n) return true;
  for (let i = 1; i < twos; i++) {
    v = modulo(v * v - 2n * q, n);
    if (v === 0n) return true;
    q = (q * q) % n;
  }
  return false;
}

/** The first of 5, -7, 9, -11 ... of which n has no root; undefined: n is a square or shares a factor with one. */
function selfridge(n: bigint): bigint | undefined {
  if (isSquare(n)) return undefined;
  for (let size = 5n; ; size += 2n) {
    const D = size % 4n === 1n ? size : -size;
    const symbol = jacobi(D, n);
    if (symbol === -1) return D;
    if (symbol === 0) return undefined;
  }
}

/** U, V and Q^k at index k, modulo n. */
function lucas(
  n: bigint,
  D: bigint,
  Q: bigint,
  k: bigint,
): { readonly u: bigint; readonly v: bigint; readonly q: bigint } {
  const half = (x: bigint): bigint => modulo((x & 1n) === 0n ? x >> 1n : (x + n) >> 1n, n);
  let [u, v, q] = [1n, 1n, modulo(Q, n)];
  for (const bit of k.toString(2).slice(1)) {
    u = (u * v) % n;
    v = modulo(v * v - 2n * q, n);
    q = (q * q) % n;
    if (bit === '1') {
      [u, v] = [half(u + v), half(D * u + v)];
      q = modulo(q * Q, n);
    }
  }
  return { u, v, q };
}

/** n = odd 2^twos. */
function oddPart(n: bigint): readonly [odd: bigint, twos: number] {
  let [odd, twos] = [n, 0];
  while ((odd & 1n) === 0n) {
    odd >>= 1n;
    twos++;
  }
  return [odd, twos];
}

function isSquare(n: bigint): boolean {
  let root = 1n << BigInt(Math.ceil(bitLength(n) / 2));
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root * root === n;
    root = next;
  }
}

const modulo = (x: bigint, n: bigint): bigint => ((x % n) + n) % n;
