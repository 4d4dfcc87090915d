import { hmacSha256, labelledHash, shake256 } from '../../../../crypto/hash.ts';
import { concatBytes, u32be } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { vitalsNames } from '../../names.ts';
import {
  bytesToInteger,
  integerToBytes,
  jacobi,
  type RandomBytes,
  randomBelow,
} from './integers.ts';
import {
  inverseModulo,
  modulusBytes,
  modulusToBytes,
  type PublicKey,
  primeBytes,
  rootToBytes,
  type SecretKey,
} from './keys.ts';
import type { ModularArithmetic, Powers } from './modular-arithmetic.ts';
import { smallFactor } from './primality.ts';

/**
 * That N is the product of two primes, both 3 modulo 4, and has no factor in common with (p - 1)(q - 1): the proof of
 * a Paillier-Blum modulus of Canetti, Gennaro, Goldfeder, Makriyannis and Peled (ePrint 2021/060, figure 16), made
 * non-interactive, with as few N-th roots as Goldberg, Reyzin, Sagga and Baldimtsi need (ePrint 2018/057, section 3).
 * Source: docs/protocol/vitals-paillier.md, VD-13 to VD-16.
 */
export interface KeyProof {
  /** w, of which (w / N) is -1; 384 bytes. */
  readonly witness: Uint8Array;
  /** 8 x 384 bytes. */
  readonly roots: Uint8Array;
  /** 128 x 384 bytes. */
  readonly fourthRoots: Uint8Array;
  /** Two bits a fourth root: whether it is of -y, and whether of w y. 32 bytes, the lowest bit first. */
  readonly signs: Uint8Array;
}

/** No prime below 2^16 divides N, so a wrong N gets through one root with chance 2^-16, and through 8 with 2^-128. */
export const rootCount = 8;
/** A wrong N gets through each with chance 1/2. */
export const fourthRootCount = 128;

/** `owner`: 32 bytes; nobody else can show the proof as his. */
interface Statement {
  readonly key: PublicKey;
  readonly owner: Uint8Array;
}

/** About half a second. */
export function proveKey(
  { p, q, publicKey: key }: SecretKey,
  owner: Uint8Array,
  by: { readonly arithmetic: ModularArithmetic; readonly random: RandomBytes },
): KeyProof {
  const witness = drawWitness(key, by.random);
  const seed = seedOf({ key, owner }, witness);
  const halves = [
    half(p, key.modulus, by.arithmetic),
    half(q, key.modulus, by.arithmetic),
  ] as const;
  const qInverse = inverseModulo(q, p);
  const join = (modP: bigint, modQ: bigint): bigint =>
    modQ + q * (((((modP - modQ) * qInverse) % p) + p) % p);
  const roots = challenges(key, seed, 0, rootCount).map((y) =>
    join(halves[0].root(y), halves[1].root(y)),
  );
  const signs = new Uint8Array(fourthRootCount / 4);
  const fourthRoots = challenges(key, seed, rootCount, fourthRootCount).map((y, at) => {
    const { square, isNegated, hasWitness } = madeSquare(y, witness, { p, q });
    const place = at % 4;
    signs[at >> 2] =
      (signs[at >> 2] ?? 0) | (((isNegated ? 1 : 0) | (hasWitness ? 2 : 0)) << (2 * place));
    const choice = chooseRoot(p, seed, at);
    return join(
      halves[0].fourthRoot(square, (choice & 1) === 1),
      halves[1].fourthRoot(square, (choice & 2) === 2),
    );
  });
  return {
    witness: integerToBytes(witness, modulusBytes),
    roots: joinIntegers(roots),
    fourthRoots: joinIntegers(fourthRoots),
    signs,
  };
}

/** Throws KEY_INVALID, `in` says what does not hold. The owner of the key is the one it was proven for. */
export function verifyKey(
  statement: Statement,
  proof: KeyProof,
  arithmetic: ModularArithmetic,
): void {
  const { key } = statement;
  const { modulus } = key;
  const lengths = [
    proof.witness.length === modulusBytes,
    proof.roots.length === rootCount * modulusBytes,
    proof.fourthRoots.length === fourthRootCount * modulusBytes,
    proof.signs.length === fourthRootCount / 4,
  ];
  if (!lengths.every(Boolean)) throw new CodedError('KEY_INVALID', { in: 'proof' });
  if (smallFactor(modulus) !== undefined) throw new CodedError('KEY_INVALID', { in: 'factor' });
  const powers = arithmetic.powers(modulus);
  // Of a prime this power is 1, and a prime would pass all that follows.
  if (powers.power(2n, modulus - 1n) === 1n) throw new CodedError('KEY_INVALID', { in: 'prime' });
  const witness = bytesToInteger(proof.witness);
  if (witness >= modulus || jacobi(witness, modulus) !== -1)
    throw new CodedError('KEY_INVALID', { in: 'witness' });
  const seed = seedOf(statement, witness);
  if (!rootsHold(key, seed, splitIntegers(proof.roots), powers))
    throw new CodedError('KEY_INVALID', { in: 'roots' });
  if (!fourthRootsHold(key, { seed, witness }, proof))
    throw new CodedError('KEY_INVALID', { in: 'fourth roots' });
}

function rootsHold(
  key: PublicKey,
  seed: Uint8Array,
  roots: readonly bigint[],
  powers: Powers,
): boolean {
  return challenges(key, seed, 0, rootCount).every((y, at) => {
    const root = roots[at] ?? 0n;
    return root < key.modulus && powers.power(root, key.modulus) === y;
  });
}

function fourthRootsHold(
  { modulus, ...key }: PublicKey,
  { seed, witness }: { readonly seed: Uint8Array; readonly witness: bigint },
  proof: KeyProof,
): boolean {
  const roots = splitIntegers(proof.fourthRoots);
  return challenges({ modulus, ...key }, seed, rootCount, fourthRootCount).every((y, at) => {
    const root = roots[at] ?? 0n;
    const sign = ((proof.signs[at >> 2] ?? 0) >> (2 * (at % 4))) & 3;
    const withWitness = (sign & 2) === 2 ? (y * witness) % modulus : y;
    const expected = (sign & 1) === 1 ? modulus - withWitness : withWitness;
    const square = (root * root) % modulus;
    return root < modulus && (square * square) % modulus === expected;
  });
}

/** What all challenges follow from: the key, whose it is, and w. */
function seedOf({ key, owner }: Statement, witness: bigint): Uint8Array {
  return labelledHash(
    vitalsNames.labels.keyProof,
    ...[modulusToBytes(key), rootToBytes(key), owner, integerToBytes(witness, modulusBytes)],
  );
}

/** Numbers modulo N that nobody chose: SHAKE256(seed ‖ u32 i), 400 bytes, reduced. */
function challenges(
  { modulus }: PublicKey,
  seed: Uint8Array,
  from: number,
  count: number,
): readonly bigint[] {
  return Array.from({ length: count }, (_, at) => {
    const stream = shake256(concatBytes(seed, u32be(from + at)), modulusBytes + 16);
    return bytesToInteger(stream) % modulus;
  });
}

function drawWitness({ modulus }: PublicKey, random: RandomBytes): bigint {
  for (;;) {
    const drawn = randomBelow(modulus, random);
    if (jacobi(drawn, modulus) === -1) return drawn;
  }
}

interface Half {
  readonly root: (y: bigint) => bigint;
  readonly fourthRoot: (square: bigint, isNegated: boolean) => bigint;
}

/** Roots modulo one prime. */
function half(prime: bigint, modulus: bigint, arithmetic: ModularArithmetic): Half {
  const powers = arithmetic.powers(prime);
  const toRoot = inverseModulo(modulus % (prime - 1n), prime - 1n);
  // Of a square its power by (prime + 1) / 4 is the root that is a square again: twice that.
  const toFourth = ((prime + 1n) / 4n) ** 2n % (prime - 1n);
  return {
    root: (y) => powers.power(y % prime, toRoot),
    fourthRoot(square, isNegated) {
      const root = powers.power(square % prime, toFourth);
      return isNegated ? prime - root : root;
    },
  };
}

/** Of y, -y, w y and -w y the one that is a square modulo both primes. */
function madeSquare(
  y: bigint,
  witness: bigint,
  { p, q }: { readonly p: bigint; readonly q: bigint },
): { readonly square: bigint; readonly isNegated: boolean; readonly hasWitness: boolean } {
  const modulus = p * q;
  const hasWitness = jacobi(y, p) !== jacobi(y, q);
  const withWitness = hasWitness ? (y * witness) % modulus : y;
  const isNegated = jacobi(withWitness, p) === -1;
  return { square: isNegated ? modulus - withWitness : withWitness, isNegated, hasWitness };
}

/**
 * Which of the four roots is shown: any, and the same for the same challenge for ever. Two different ones would be two
 * numbers of one square, which give the factors away.
 */
function chooseRoot(p: bigint, seed: Uint8Array, at: number): number {
  return (hmacSha256(integerToBytes(p, primeBytes), seed, u32be(at))[0] ?? 0) & 3;
}

const joinIntegers = (values: readonly bigint[]): Uint8Array =>
  concatBytes(...values.map((value) => integerToBytes(value, modulusBytes)));

function splitIntegers(bytes: Uint8Array): readonly bigint[] {
  return Array.from({ length: bytes.length / modulusBytes }, (_, at) =>
    bytesToInteger(bytes.subarray(at * modulusBytes, (at + 1) * modulusBytes)),
  );
}
