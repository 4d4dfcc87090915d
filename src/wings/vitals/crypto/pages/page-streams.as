// The short expansions of a page at a server, in AssemblyScript: a part of page-kernel.as. HMAC-SHA-256 (FIPS 180-4, RFC 2104)
// and AES-128 in counter mode (FIPS 197, SP 800-38A) over zeros, for messages and streams of which a call of the platform
// costs ten times the work. No branch and no address depends on a secret: AES looks up in registers of 16 bytes alone.
// Source: docs/protocol/vitals-pages.md, VP-6; `#hash` and `#platform` give the same, which tests hold it against.

// ---------- SHA-256 ----------
const state: usize = memory.data(32, 16);
const schedule: usize = memory.data(64 * 4, 16);
export const message: usize = memory.data(256, 16);
const inner: usize = memory.data(32, 16);
const outer: usize = memory.data(32, 16);
const initial: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
], 16);
const rounds: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
], 16);

// @ts-ignore
@inline function W(at: usize, i: i32): u32 { return load<u32>(at + (<usize>i << 2)); }
// @ts-ignore
@inline function setW(at: usize, i: i32, value: u32): void { store<u32>(at + (<usize>i << 2), value); }

// @ts-ignore
@inline function first(e: u32, f: u32, g: u32, h: u32, i: i32): u32 {
  return (h + W(rounds, i) + W(schedule, i) + (g ^ (e & (f ^ g)))) + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25));
}
// @ts-ignore
@inline function second(a: u32, b: u32, c: u32): u32 {
  return (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) | (c & (a | b)));
}
/** One block of 64 bytes into `state`. */
function compress(block: usize): void {
  for (let i = 0; i < 16; i++) setW(schedule, i, bswap(W(block, i)));
  for (let i = 16; i < 64; i++) {
    const x = W(schedule, i - 15), y = W(schedule, i - 2);
    const s0 = rotr(x, 7) ^ rotr(x, 18) ^ (x >> 3), s1 = rotr(y, 17) ^ rotr(y, 19) ^ (y >> 10);
    setW(schedule, i, W(schedule, i - 16) + s0 + W(schedule, i - 7) + s1);
  }
  let a = W(state, 0), b = W(state, 1), c = W(state, 2), d = W(state, 3);
  let e = W(state, 4), f = W(state, 5), g = W(state, 6), h = W(state, 7);
  // Eight at a time, so that no word moves from variable to variable; what waits for least is added up first.
  for (let i = 0; i < 64; i += 8) {
    h = first(e, f, g, h, i); d += h; h += second(a, b, c);
    g = first(d, e, f, g, i + 1); c += g; g += second(h, a, b);
    f = first(c, d, e, f, i + 2); b += f; f += second(g, h, a);
    e = first(b, c, d, e, i + 3); a += e; e += second(f, g, h);
    d = first(a, b, c, d, i + 4); h += d; d += second(e, f, g);
    c = first(h, a, b, c, i + 5); g += c; c += second(d, e, f);
    b = first(g, h, a, b, i + 6); f += b; b += second(c, d, e);
    a = first(f, g, h, a, i + 7); e += a; a += second(b, c, d);
  }
  setW(state, 0, W(state, 0) + a); setW(state, 1, W(state, 1) + b);
  setW(state, 2, W(state, 2) + c); setW(state, 3, W(state, 3) + d);
  setW(state, 4, W(state, 4) + e); setW(state, 5, W(state, 5) + f);
  setW(state, 6, W(state, 6) + g); setW(state, 7, W(state, 7) + h);
}
/** What stands in `message`, `length` bytes of up to 247 after `before` that are in `state` already; the digest to `to`. */
function finish(length: i32, before: i32, to: usize): void {
  const end = (length + 9 + 63) & ~63;
  memory.fill(message + length, 0, end - length);
  store<u8>(message + length, 0x80);
  store<u32>(message + end - 4, bswap<u32>(8 * (before + length)));
  for (let at = 0; at < end; at += 64) compress(message + at);
  for (let i = 0; i < 8; i++) setW(to, i, bswap(W(state, i)));
}
/** SHA-256 of `length` bytes in `message`. */
export function digest(length: i32, to: usize): void {
  memory.copy(state, initial, 32);
  finish(length, 0, to);
}
/** The key of 32 bytes for the HMACs that follow. */
export function setKey(key: usize): void {
  padded(key, 0x36, inner);
  padded(key, 0x5c, outer);
}
function padded(key: usize, pad: u8, to: usize): void {
  memory.fill(message, pad, 64);
  for (let i = 0; i < 32; i += 4) store<u32>(message + i, load<u32>(message + i) ^ load<u32>(key + i));
  memory.copy(state, initial, 32);
  compress(message);
  memory.copy(to, state, 32);
}
/** HMAC-SHA-256 of `length` bytes in `message`. */
export function hmac(length: i32, to: usize): void {
  memory.copy(state, inner, 32);
  finish(length, 64, message);
  memory.copy(state, outer, 32);
  finish(32, 64, to);
}

// ---------- AES-128 ----------
// SubBytes over GF(16): GF(256) is a X + b with a and b of the subfield, whose elements are nibbles here; products go by
// logarithms, and 0x40 is that of zero, for a lookup beyond 15 gives zero. Tables of 16 bytes, by `prepareStreams`.
const upperIn: usize = memory.data(16, 16); // of the upper nibble of a byte: a in the upper, b in the lower
const lowerIn: usize = memory.data(16, 16);
const square: usize = memory.data(16, 16);
const squareNorm: usize = memory.data(16, 16); // times the norm of X
const logarithm: usize = memory.data(16, 16);
const inverseLogarithm: usize = memory.data(16, 16);
const exponential: usize = memory.data(16, 16);
const upperOut: usize = memory.data(16, 16); // of the logarithm of a: what it gives to the byte
const lowerOut: usize = memory.data(16, 16);
const valueOf: usize = memory.data(16, 16);
const nibblesOf: usize = memory.data(256, 16);
const roundKeys: usize = memory.data(11 * 16, 16);
const bytes15: usize = memory.data<u8>([15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15], 16);
const reduction: usize = memory.data<u8>([27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27], 16);

/** Of GF(256) as AES has it; for the tables. */
function product(a: i32, b: i32): i32 {
  let p = 0;
  for (let x = a, y = b; y > 0; y >>= 1) {
    if (y & 1) p ^= x;
    x = (x << 1) ^ (x & 128 ? 0x11b : 0);
  }
  return p;
}
function raised(a: i32, exponent: i32): i32 {
  let p = 1;
  for (let i = 0; i < exponent; i++) p = product(p, a);
  return p;
}
/** The linear half of what AES does to an inverse. */
function affine(a: i32): i32 {
  const twice = a | (a << 8);
  return (a ^ (twice >> 4) ^ (twice >> 5) ^ (twice >> 6) ^ (twice >> 7)) & 255;
}
/** Once, before anything else. */
export function prepareStreams(): void {
  // 3 generates GF(256): its 17th power the subfield, whose basis is 1, g, g^2, g^3.
  const g = raised(3, 17);
  for (let nibble = 0; nibble < 16; nibble++) {
    let value = 0;
    for (let i = 0; i < 4; i++) if ((nibble >> i) & 1) value ^= raised(g, i);
    store<u8>(valueOf + nibble, value);
  }
  // X with X^16 = X + 1: the square of a X + b is then a^2 (X + norm) + b^2, and (a X + b)(a X + a + b) is of the subfield.
  let x = 2;
  while ((raised(x, 16) ^ x) != 1) x++;
  const norm = product(x, x ^ 1);
  for (let a = 0; a < 16; a++) for (let b = 0; b < 16; b++) {
    store<u8>(nibblesOf + (product(load<u8>(valueOf + a), x) ^ load<u8>(valueOf + b)), (a << 4) | b);
  }
  for (let i = 0; i < 16; i++) {
    const value: i32 = load<u8>(valueOf + i), squared = product(value, value);
    store<u8>(upperIn + i, load<u8>(nibblesOf + (i << 4)));
    store<u8>(lowerIn + i, load<u8>(nibblesOf + i));
    store<u8>(square + i, load<u8>(nibblesOf + squared));
    store<u8>(squareNorm + i, load<u8>(nibblesOf + product(squared, norm)));
  }
  store<u8>(logarithm, 0x40);
  store<u8>(inverseLogarithm, 0x40);
  for (let i = 0; i < 15; i++) {
    const value = raised(g, i), nibble: i32 = load<u8>(nibblesOf + value);
    store<u8>(exponential + i, nibble);
    store<u8>(logarithm + nibble, i);
    store<u8>(inverseLogarithm + nibble, (15 - i) % 15);
    store<u8>(upperOut + i, affine(product(value, x)));
    store<u8>(lowerOut + i, affine(value));
  }
}
/** Of two logarithms that of the product. */
// @ts-ignore
@inline function sum15(a: v128, b: v128): v128 {
  const s = i8x16.add(a, b);
  return i8x16.min_u(s, i8x16.sub(s, v128.load(bytes15)));
}
/** SubBytes without the constant 0x63, which the round keys hold. */
// @ts-ignore
@inline function substituted(s: v128): v128 {
  const low = v128.load(bytes15);
  const nibbles = v128.xor(
    i8x16.swizzle(v128.load(upperIn), v128.and(i32x4.shr_u(s, 4), low)),
    i8x16.swizzle(v128.load(lowerIn), v128.and(s, low)),
  );
  const a = v128.and(i32x4.shr_u(nibbles, 4), low), b = v128.and(nibbles, low);
  const logarithms = v128.load(logarithm);
  const logA = i8x16.swizzle(logarithms, a), logB = i8x16.swizzle(logarithms, b);
  const ab = i8x16.swizzle(v128.load(exponential), sum15(logA, logB));
  const ofBoth = v128.xor(i8x16.swizzle(v128.load(squareNorm), a), i8x16.swizzle(v128.load(square), b));
  const inverse = i8x16.swizzle(v128.load(inverseLogarithm), v128.xor(ab, ofBoth));
  const logSum = i8x16.swizzle(logarithms, v128.xor(a, b));
  return v128.xor(
    i8x16.swizzle(v128.load(upperOut), sum15(logA, inverse)),
    i8x16.swizzle(v128.load(lowerOut), sum15(logSum, inverse)),
  );
}
/** ShiftRows and MixColumns. */
// @ts-ignore
@inline function mixed(s: v128): v128 {
  const x = i8x16.shuffle(s, s, 0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11);
  const y = i8x16.shuffle(s, s, 5, 10, 15, 0, 9, 14, 3, 4, 13, 2, 7, 8, 1, 6, 11, 12);
  const t = v128.xor(x, y);
  const over = v128.and(i8x16.gt_s(i8x16.splat(0), t), v128.load(reduction));
  const two = i8x16.shuffle(t, t, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  return v128.xor(v128.xor(v128.xor(i8x16.add(t, t), over), y), two);
}
/** The round keys of the key at `key`, those after the first with 0x63 in every byte. */
function schedule128(key: usize): void {
  let k = v128.load(key);
  const constant = i8x16.splat(0x63);
  v128.store(roundKeys, k);
  for (let round = 1, power = 1; round <= 10; round++) {
    const s = v128.xor(substituted(i8x16.shuffle(k, k, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12)), constant);
    k = v128.xor(k, i8x16.shuffle(k, i8x16.splat(0), 16, 16, 16, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    k = v128.xor(k, i8x16.shuffle(k, i8x16.splat(0), 16, 16, 16, 16, 16, 16, 16, 16, 0, 1, 2, 3, 4, 5, 6, 7));
    k = v128.xor(k, v128.xor(s, i32x4.splat(power)));
    v128.store(roundKeys + (round << 4), v128.xor(k, constant));
    power = product(power, 2);
  }
}
/** `length` bytes of the stream of the key and counter at `seed`, to `to`; whole blocks are written. */
export function stream(seed: usize, length: i32, to: usize): void {
  schedule128(seed);
  let high = bswap(load<u64>(seed, 16)), low = bswap(load<u64>(seed, 24));
  for (let at = 0; at < length; at += 16) {
    store<u64>(to + at, bswap(high));
    store<u64>(to + at, bswap(low), 8);
    low++;
    if (low == 0) high++;
  }
  const blocks = (length + 15) >> 4;
  // Four at a time: one alone would wait for itself.
  for (let i = 0; i < blocks; i += 4) {
    const at = to + (<usize>i << 4), key0 = v128.load(roundKeys);
    let a = v128.xor(v128.load(at), key0), b = v128.xor(v128.load(at, 16), key0);
    let c = v128.xor(v128.load(at, 32), key0), d = v128.xor(v128.load(at, 48), key0);
    for (let round = 1; round < 10; round++) {
      const key = v128.load(roundKeys + (round << 4));
      a = v128.xor(mixed(substituted(a)), key);
      b = v128.xor(mixed(substituted(b)), key);
      c = v128.xor(mixed(substituted(c)), key);
      d = v128.xor(mixed(substituted(d)), key);
    }
    const last = v128.load(roundKeys, 160);
    v128.store(at, v128.xor(rowsShifted(substituted(a)), last));
    if (i + 1 < blocks) v128.store(at, v128.xor(rowsShifted(substituted(b)), last), 16);
    if (i + 2 < blocks) v128.store(at, v128.xor(rowsShifted(substituted(c)), last), 32);
    if (i + 3 < blocks) v128.store(at, v128.xor(rowsShifted(substituted(d)), last), 48);
  }
}
// @ts-ignore
@inline function rowsShifted(s: v128): v128 {
  return i8x16.shuffle(s, s, 0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11);
}

// ---------- a page ----------
const BINDER: i32 = 35;
const HEAD: i32 = 32; // of a label: its bytes and the zero, how many in the last byte
const SALT: i32 = 0, PART: i32 = 1, CLINICAL: i32 = 2, JOINT_SEED: i32 = 3, JOINT_RAND: i32 = 4, QUERY: i32 = 5, KEPT: i32 = 6;
/** The labels in that order. */
export const heads: usize = memory.data(7 * 32, 16);
export const secret: usize = memory.data(32, 16);
export const verifyKey: usize = memory.data(32, 16);
export const binder: usize = memory.data(48, 16);
/** Of the three servers; a server's own is written into its place. */
export const parts: usize = memory.data(96, 16);
const seed: usize = memory.data(32, 16);

/** Label, an octet where it is not negative, and binder into `message`; how many bytes that is. */
function head(label: i32, octet: i32, to: usize): i32 {
  const at = heads + label * HEAD;
  let length: i32 = load<u8>(at, HEAD - 1);
  memory.copy(to, at, length);
  if (octet >= 0) store<u8>(to + length++, octet);
  memory.copy(to + length, binder, BINDER);
  return length + BINDER;
}
/** Under `secret`: the salt to `salt`; for servers 1 and 2 their part into `parts` and the clinical stream to `clinical`. */
export function keyed(server: i32, clinical: usize, clinicalBytes: i32, salt: usize): void {
  setKey(secret);
  if (server < 3) {
    hmac(head(PART, server, message), parts + 32 * (server - 1));
    hmac(head(CLINICAL, -1, message), seed);
    // Before the salt, which may lie in its last block.
    stream(seed, clinicalBytes, clinical);
  }
  hmac(head(SALT, -1, message), salt);
}
/** `length` bytes at `to`, of the joint randomness that `parts` give. */
export function jointStream(length: i32, to: usize): void {
  const label: i32 = load<u8>(heads, (JOINT_SEED + 1) * HEAD - 1);
  memory.copy(message, heads + JOINT_SEED * HEAD, label);
  memory.copy(message + label, parts, 96);
  digest(label + 96, seed);
  setKey(seed);
  hmac(head(JOINT_RAND, -1, message), seed);
  stream(seed, length, to);
}
/** `length` bytes at `to`, that say where to ask. */
export function queryStream(length: i32, to: usize): void {
  setKey(verifyKey);
  hmac(head(QUERY, -1, message), seed);
  stream(seed, length, to);
}
/** Before what is kept, what its hash begins with; where that begins. */
export function keptHead(server: i32, kept: usize): usize {
  const length: i32 = load<u8>(heads, (KEPT + 1) * HEAD - 1) + 1 + BINDER;
  head(KEPT, server, kept - length);
  return kept - length;
}
/** No secret of one page is left for another. */
export function forget(): void {
  memory.fill(secret, 0, 32);
  memory.fill(verifyKey, 0, 32);
  memory.fill(seed, 0, 32);
  memory.fill(message, 0, 256);
  memory.fill(inner, 0, 32);
  memory.fill(outer, 0, 32);
  memory.fill(state, 0, 32);
  memory.fill(schedule, 0, 64 * 4);
  memory.fill(roundKeys, 0, 11 * 16);
}
