/**
 * A prime field with roots of unity of every order 2^i up to `order`, in plain BigInt: the readable side of the
 * arithmetic. Elements are bigints from 0 to p - 1. Source: docs/protocol/vitals-pages.md, rule VP-1; VDAF section 6.1.
 */
export interface Field {
  readonly p: bigint;
  /** Of the subgroup that `generator` generates. */
  readonly order: bigint;
  readonly generator: bigint;
  /** Of an element as it travels, lowest byte first. */
  readonly bytes: number;
}

/** Field64 of VDAF, the Goldilocks field: 2^64 - 2^32 + 1. */
export const field64: Field = primeField({ p: 0xffffffff00000001n, twos: 32n, base: 7n, bytes: 8 });

export function primeField(of: {
  readonly p: bigint;
  readonly twos: bigint;
  readonly base: bigint;
  readonly bytes: number;
}): Field {
  const { p, twos, base, bytes } = of;
  const order = 1n << twos;
  return { p, order, bytes, generator: power({ p }, base, (p - 1n) / order) };
}

/** The element that an integer is. */
export function modulo({ p }: { readonly p: bigint }, value: bigint): bigint {
  const rest = value % p;
  return rest < 0n ? rest + p : rest;
}

export function power(field: { readonly p: bigint }, base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, modulo(field, base)];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % field.p;
    square = (square * square) % field.p;
  }
  return result;
}

export const inverse = (field: Field, value: bigint): bigint => power(field, value, field.p - 2n);

/** The powers 0 to n - 1 of a root of unity of order n, a power of two. */
export function rootsOfUnity(field: Field, n: number): readonly bigint[] {
  const root = power(field, field.generator, field.order / BigInt(n));
  const roots = [1n];
  while (roots.length < n) roots.push(((roots.at(-1) ?? 1n) * root) % field.p);
  return roots;
}

export function elementsToBytes({ bytes }: Field, elements: readonly bigint[]): Uint8Array {
  const out = new Uint8Array(elements.length * bytes);
  for (const [i, element] of elements.entries()) {
    let rest = element;
    for (let at = 0; at < bytes; at++, rest >>= 8n) out[i * bytes + at] = Number(rest & 0xffn);
  }
  return out;
}

/** Undefined unless the bytes are whole elements, each below p: an element has one encoding. */
export function bytesToElements(field: Field, encoded: Uint8Array): readonly bigint[] | undefined {
  if (encoded.length % field.bytes !== 0) return undefined;
  const words = bytesToWords(field, encoded);
  return words.every((word) => word < field.p) ? words : undefined;
}

/** The first `count` words of a stream that are elements: the others are passed over. Undefined: there are too few. */
export function sampleElements(
  field: Field,
  stream: Uint8Array,
  count: number,
): readonly bigint[] | undefined {
  const elements = bytesToWords(field, stream).filter((word) => word < field.p);
  return elements.length < count ? undefined : elements.slice(0, count);
}

function bytesToWords({ bytes }: Field, encoded: Uint8Array): bigint[] {
  const words: bigint[] = [];
  for (let at = 0; at + bytes <= encoded.length; at += bytes) {
    let word = 0n;
    for (let i = bytes - 1; i >= 0; i--) word = (word << 8n) | BigInt(encoded[at + i] ?? 0);
    words.push(word);
  }
  return words;
}
