// The arithmetic of page proofs, in AssemblyScript: compiled into page-kernel-wasm.ts by test/build-kernel.ts.
// Field: p = 2^64 - 2^32 + 1. All vectors lie in linear memory as little-endian u64, below p unless it says
// otherwise. State belongs to the instance, and memory never grows, so a view of it stays a view.
// Source: docs/protocol/vitals-pages.md; the readable twin is page-arithmetic-plain.ts.

import { forget, jointStream, keptHead, keyed, prepareStreams, queryStream } from './page-streams';
export { binder, heads, parts, secret, verifyKey } from './page-streams';

const P: u64 = 0xffffffff00000001;
const EPSILON: u64 = 0xffffffff; // 2^64 mod p

const ROWS: i32 = 64, VITALS: i32 = 5, BINS: i32 = 32, PAIRS: i32 = 15;
const DIGITS: i32 = ROWS * VITALS * 2;
const RANGED: i32 = DIGITS + VITALS * BINS * 2;
const MEASUREMENT: i32 = RANGED + PAIRS;
const PROOFS: i32 = 3;
const NODES: i32 = 8; // of a wire: its random point and seven calls
const CALLS: i32 = 7;
const RANGE_WIRES: i32 = 138, RANGE_NODES: i32 = 128, RANGE_VALUES: i32 = 113;
const PRODUCT_ROWS: i32 = 10, PRODUCT_WIRES: i32 = 50, PRODUCT_NODES: i32 = 16, PRODUCT_VALUES: i32 = 15;
const WIRES: i32 = RANGE_WIRES + PRODUCT_WIRES;
const VALUES: i32 = RANGE_VALUES + PRODUCT_VALUES;
const PROOF: i32 = WIRES + VALUES;
const VERIFIER: i32 = 1 + RANGE_WIRES + 1 + PRODUCT_WIRES + 1;
const KEPT: i32 = 20 + VITALS * BINS;
const RAND_WORDS: i32 = 2 * PROOFS + 8; // more than are needed: one in 2^32 is no element
const SHARE: i32 = MEASUREMENT + PROOFS * PROOF;

// ---------- memory ----------
export const share: usize = memory.data(2048 * 8, 16);
export const other: usize = memory.data(2048 * 8, 16);
export const third: usize = memory.data(2048 * 8, 16);
export const jointRand: usize = memory.data(2 * PROOFS * 8, 16);
export const queryRand: usize = memory.data(2 * PROOFS * 8, 16);
export const verifier: usize = memory.data(PROOFS * VERIFIER * 8, 16);
export const peer: usize = memory.data(PROOFS * VERIFIER * 8, 16);
// What its hash begins with lies before what is kept, and behind it the clinical lane and the salt.
const keptBytes: usize = memory.data(64 + KEPT * 8 + ROWS * VITALS * 2 + 32, 16);
export const kept: usize = keptBytes + 64;
const drawn: usize = memory.data(RAND_WORDS * 8 + 8, 16);

const root128: usize = memory.data(128 * 8, 16); // powers of a 128th root of unity
const rangeWeights: usize = memory.data(128 * 8, 16);
const productWeights: usize = memory.data(16 * 8, 16);
const wireWeights: usize = memory.data(8 * 8, 16);
const ranged: usize = memory.data(CALLS * RANGE_WIRES * 8, 16); // digits, then zeros
const codes: usize = memory.data(CALLS * PRODUCT_WIRES * 8, 16); // q = lo + 16 hi, then zeros
const rangedHalves: usize = memory.data(2 * CALLS * RANGE_WIRES * 8, 16); // the same as halves: two low, two high
const codesHalves: usize = memory.data(2 * CALLS * PRODUCT_WIRES * 8, 16);
const prefix: usize = memory.data(NODES * 8, 16);
const wireAtZ: usize = memory.data(NODES * 8, 16);
const quarters: usize = memory.data(NODES * 4 * 16, 16); // of wireAtZ: each twice
const atZ: usize = memory.data(PROOFS * 2 * 8, 16);
const totals: usize = memory.data(VITALS * 8, 16);
const rangeAt: usize = memory.data(PROOFS * RANGE_WIRES * 8, 16);
const tau: usize = memory.data(PAIRS * 8, 16);
const coefficients: usize = memory.data(NODES * 8, 16);
const work: usize = memory.data(NODES * 8, 16);
const sums: usize = memory.data(RANGE_NODES * 8, 16);
const wires5: usize = memory.data(VITALS * PRODUCT_NODES * 8, 16);

// ---------- field ----------
// @ts-ignore
@inline function add(a: u64, b: u64): u64 {
  let s = a + b;
  if (s < a) s += EPSILON;
  return s >= P ? s - P : s;
}
// @ts-ignore
@inline function sub(a: u64, b: u64): u64 {
  const d = a - b;
  return a < b ? d - EPSILON : d;
}
// @ts-ignore
@inline function canonicalOf(s: u64): u64 { return s >= P ? s - P : s; }
/** (hi, lo) mod p, any word that stands for it: 2^64 = 2^32 - 1 and 2^96 = -1. */
// @ts-ignore
@inline function loose(hi: u64, lo: u64): u64 {
  const top = hi >> 32, middle = hi & EPSILON;
  let r = lo - top;
  if (lo < top) r -= EPSILON;
  const m = (middle << 32) - middle;
  const s = r + m;
  return s < m ? s + EPSILON : s;
}
// @ts-ignore
@inline function reduce(hi: u64, lo: u64): u64 { return canonicalOf(loose(hi, lo)); }
/** Of any two words, any word that stands for their product. */
// @ts-ignore
@inline function mulLoose(a: u64, b: u64): u64 {
  const a0 = a & EPSILON, a1 = a >> 32, b0 = b & EPSILON, b1 = b >> 32;
  const p00 = a0 * b0;
  const x = a0 * b1 + (p00 >> 32);
  const y = a1 * b0 + (x & EPSILON);
  return loose(a1 * b1 + (x >> 32) + (y >> 32), (y << 32) | (p00 & EPSILON));
}
// @ts-ignore
@inline function mul(a: u64, b: u64): u64 { return canonicalOf(mulLoose(a, b)); }
/** Of any word and an element, any word that stands for their sum: it cannot overflow twice. */
// @ts-ignore
@inline function addLoose(a: u64, b: u64): u64 {
  const s = a + b;
  return s < b ? s + EPSILON : s;
}
// @ts-ignore
@inline function times16(a: u64): u64 { return shifted(a, 4); }
/** 2^bits a; bits from 1 to 31. */
// @ts-ignore
@inline function shifted(a: u64, bits: u64): u64 {
  const lo = a << bits, m = (a >> (64 - bits)) * EPSILON;
  let s = lo + m;
  if (s < m) s += EPSILON;
  return s >= P ? s - P : s;
}
function power(base: u64, exponent: u64): u64 {
  let r: u64 = 1, b = base, e = exponent;
  while (e > 0) {
    if (e & 1) r = mul(r, b);
    b = mul(b, b);
    e >>= 1;
  }
  return r;
}
// @ts-ignore
@inline function L(at: usize, i: i32): u64 { return load<u64>(at + (<usize>i << 3)); }
// @ts-ignore
@inline function S(at: usize, i: i32, value: u64): void { store<u64>(at + (<usize>i << 3), value); }

/** w_i = 1 / prod (x_i - x_j), over the first `count` powers of a root of unity of order 128 / step. */
function weights(step: i32, count: i32, out: usize): void {
  for (let i = 0; i < count; i++) {
    let product: u64 = 1;
    const x = L(root128, i * step);
    for (let j = 0; j < count; j++) if (j != i) product = mul(product, sub(x, L(root128, j * step)));
    S(out, i, power(product, P - 2));
  }
}

/** Once, before anything else. */
export function prepareTables(): void {
  prepareStreams();
  const root = power(power(7, 0xffffffff), (1 << 32) / 128);
  let x: u64 = 1;
  for (let i = 0; i < 128; i++) {
    S(root128, i, x);
    x = mul(x, root);
  }
  weights(1, RANGE_VALUES, rangeWeights);
  weights(8, PRODUCT_VALUES, productWeights);
  weights(16, NODES, wireWeights);
}

// ---------- shares ----------
/** Of `words` at `at` the first `need` that are below p, in order and in place; how many there are. */
export function sample(at: usize, words: i32, need: i32): i32 {
  if (words >= need && allBelow(at, need)) return need;
  let written = 0;
  for (let i = 0; i < words && written < need; i++) {
    const word = L(at, i);
    if (word < P) S(at, written++, word);
  }
  return written;
}
/** Whether `count` words are below p: the upper half of one that is not is all ones, which few are. */
function allBelow(at: usize, count: i32): bool {
  const ones = i32x4.splat(-1);
  let found = i32x4.splat(0);
  const pairs = count & ~1;
  for (let i = 0; i < pairs; i += 2) found = v128.or(found, i32x4.eq(v128.load(at + (<usize>i << 3)), ones));
  const upper = i32x4.extract_lane(found, 1) | i32x4.extract_lane(found, 3);
  if (upper == 0 && (count == pairs || L(at, pairs) < P)) return true;
  for (let i = 0; i < count; i++) if (L(at, i) >= P) return false;
  return true;
}
/** Whether the first element of `share` is a 128th root of unity. */
export function isNode(): i32 { return isRoot(L(share, 0)) ? 1 : 0; }
function isRoot(z: u64): bool {
  let x = z;
  for (let i = 0; i < 7; i++) x = mul(x, x);
  return x == 1;
}
/** Whether `count` words at `at` are elements. */
export function canonical(at: usize, count: i32): i32 {
  return allBelow(at, count) ? 1 : 0;
}
/** `share` - `other` - `third`, into `share`. */
export function subtract(count: i32): void {
  for (let i = 0; i < count; i++) S(share, i, sub(sub(L(share, i), L(other, i)), L(third, i)));
}
/** `share` += `other`. */
export function addOther(count: i32): void {
  for (let i = 0; i < count; i++) S(share, i, add(L(share, i), L(other, i)));
}
/**
 * A share of what was sent, in `other`, and of its wires' points, in `third`: the used elements of the measurement, zeros
 * where the page has none, and of each proof its points and values.
 */
export function assemble(n: i32, k: i32): void {
  memory.fill(share, 0, MEASUREMENT << 3);
  let from = other;
  if (k == VITALS) from = moved(from, share, n * VITALS * 2);
  else for (let row = 0; row < n; row++) from = moved(from, share + ((row * VITALS * 2) << 3), 2 * k);
  from = moved(from, share + (DIGITS << 3), 2 * BINS * k);
  let pair = share + (RANGED << 3);
  for (let u = 0; u < k; u++) {
    from = moved(from, pair, k - u);
    pair += (VITALS - u) << 3;
  }
  for (let p = 0; p < PROOFS; p++) {
    const proof = share + ((MEASUREMENT + p * PROOF) << 3);
    moved(third + ((p * WIRES) << 3), proof, WIRES);
    from = moved(from, proof + (WIRES << 3), VALUES);
  }
}
/** Copies so many elements; what follows them. */
function moved(from: usize, to: usize, count: i32): usize {
  memory.copy(to, from, count << 3);
  return from + (count << 3);
}
/** Rows from n on and vital signs from k on count as zero at every party: nothing hides there. */
export function clearUnused(at: usize, n: i32, k: i32): void {
  if (n == ROWS && k == VITALS) return;
  for (let row = 0; row < ROWS; row++) for (let v = 0; v < VITALS; v++) if (row >= n || v >= k) {
    S(at, (row * VITALS + v) * 2, 0);
    S(at, (row * VITALS + v) * 2 + 1, 0);
  }
  for (let i = DIGITS + k * BINS * 2; i < RANGED; i++) S(at, i, 0);
  let pair = RANGED;
  for (let u = 0; u < VITALS; u++) for (let v = u; v < VITALS; v++) {
    if (v >= k) S(at, pair, 0);
    pair++;
  }
}

/** The gadgets' inputs of the measurement in `share`, padded with zeros. */
function inputs(): void {
  memory.copy(ranged, share, RANGED << 3);
  memory.fill(ranged + (RANGED << 3), 0, (CALLS * RANGE_WIRES - RANGED) << 3);
  for (let i = 0; i < ROWS * VITALS; i++) S(codes, i, add(L(share, 2 * i), times16(L(share, 2 * i + 1))));
  memory.fill(codes + ((ROWS * VITALS) << 3), 0, (CALLS * PRODUCT_WIRES - ROWS * VITALS) << 3);
}

/** Of the measurement in `share`: 5 sums, 15 products, 160 counters. */
export function truncate(): void {
  inputs();
  keep();
}
/** The same after `inputs`. */
function keep(): void {
  for (let v = 0; v < VITALS; v++) {
    let s: u64 = 0;
    for (let row = 0; row < ROWS; row++) s = add(s, L(codes, row * VITALS + v));
    S(kept, v, s);
  }
  memory.copy(kept + (VITALS << 3), share + (RANGED << 3), PAIRS << 3);
  for (let i = 0; i < VITALS * BINS; i++) {
    S(kept, 20 + i, add(L(share, DIGITS + 2 * i), times16(L(share, DIGITS + 2 * i + 1))));
  }
}

// ---------- two elements at once ----------
// Words stand with the sign turned over where they are compared, for there is only a comparison of signed ones: `t` in a name.
// Constants are loaded: a splat is made anew in every turn of a loop.
const SIGN: usize = memory.data<u64>([0x8000000000000000, 0x8000000000000000], 16);
const LOWER: usize = memory.data<u64>([EPSILON, EPSILON], 16);
const LAST: usize = memory.data<u64>([P - 1 - 0x8000000000000000, P - 1 - 0x8000000000000000], 16);

/** Below p. */
// @ts-ignore
@inline function canonical2(ta: v128, lower: v128, last: v128): v128 {
  return i64x2.add(ta, v128.and(i64x2.gt_s(ta, last), lower));
}
/** As `addLoose`. */
// @ts-ignore
@inline function add2(ta: v128, b: v128, lower: v128): v128 {
  const ts = i64x2.add(ta, b);
  return i64x2.add(ts, v128.and(i64x2.gt_s(ta, ts), lower));
}
/** As `loose`, of hi = middle + 2^32 top. */
// @ts-ignore
@inline function loose2(top: v128, middle: v128, lo: v128, lower: v128, sign: v128): v128 {
  const ta = v128.xor(lo, sign), tb = i64x2.sub(ta, top);
  const tc = i64x2.sub(tb, v128.and(i64x2.gt_s(tb, ta), lower));
  return add2(tc, i64x2.sub(i64x2.shl(middle, 32), middle), lower);
}

// ---------- gadgets ----------
/** prod_{j=0..15} (d - j), with j and 15 - j together: zero for a digit and for nothing else. */
// @ts-ignore
@inline function range16(d: u64): u64 { return ofFolded(folded(d)); }
// @ts-ignore
@inline function folded(d: u64): u64 { return mul(d, sub(d, 15)); }
/** The product of u + j (15 - j); two and two of them are u^2 + 56 u, + 68 u + 756, + 76 u + 1300 and + 80 u + 1584. */
// @ts-ignore
@inline function ofFolded(u: u64): u64 {
  const u4 = shifted(u, 2), u8 = add(u4, u4);
  const a = mulLoose(u, addLoose(u, 56));
  const b = addLoose(a, add(add(u8, u4), 756));
  const c = addLoose(b, add(u8, 544));
  const e = addLoose(c, add(u4, 284));
  return mul(mulLoose(a, b), mulLoose(c, e));
}
function powersOfTau(t: u64): void {
  let c = t;
  for (let i = 0; i < PAIRS; i++) {
    S(tau, i, c);
    c = mul(c, t);
  }
}
/** sum_{u <= v} tau^(pair + 1) x_u x_v, of five codes that lie `step` elements apart. */
// @ts-ignore
@inline function products(at: usize, step: i32): u64 {
  const x0 = L(at, 0), x1 = L(at, step), x2 = L(at, 2 * step), x3 = L(at, 3 * step), x4 = L(at, 4 * step);
  let z = mul(x0, add(add(add(mul(L(tau, 0), x0), mul(L(tau, 1), x1)), add(mul(L(tau, 2), x2), mul(L(tau, 3), x3))), mul(L(tau, 4), x4)));
  z = add(z, mul(x1, add(add(mul(L(tau, 5), x1), mul(L(tau, 6), x2)), add(mul(L(tau, 7), x3), mul(L(tau, 8), x4)))));
  z = add(z, mul(x2, add(add(mul(L(tau, 9), x2), mul(L(tau, 10), x3)), mul(L(tau, 11), x4))));
  z = add(z, mul(x3, add(mul(L(tau, 12), x3), mul(L(tau, 13), x4))));
  return add(z, mul(x4, mul(L(tau, 14), x4)));
}

// ---------- device ----------
/** In-place transform of 8 values; root of order 8 is root128^16, or its inverse. */
function transform8(x: usize, inverse: bool): void {
  swap(x, 1, 4);
  swap(x, 3, 6);
  for (let length = 2; length <= 8; length <<= 1) {
    const half = length >> 1, step = 128 / length;
    for (let i = 0; i < 8; i += length) for (let j = 0; j < half; j++) {
      const at = inverse ? (128 - j * step) & 127 : j * step;
      const u = L(x, i + j), v = mul(L(x, i + j + half), L(root128, at));
      S(x, i + j, add(u, v));
      S(x, i + j + half, sub(u, v));
    }
  }
}
function swap(x: usize, i: i32, j: i32): void {
  const a = L(x, i);
  S(x, i, L(x, j));
  S(x, j, a);
}
const EIGHTH: u64 = 0xdfffffff20000001; // 1/8

/** Coefficients of the wire polynomial that is `seed` at 1 and an input at each other 8th root of unity. */
function wirePolynomial(seed: u64, values: usize, step: i32): void {
  S(coefficients, 0, seed);
  for (let i = 0; i < CALLS; i++) S(coefficients, i + 1, L(values, i * step));
  transform8(coefficients, true);
  for (let i = 0; i < 8; i++) S(coefficients, i, mul(L(coefficients, i), EIGHTH));
}
/** Its values at root128^(shift + 16 i), in `work`. */
function onCoset(shift: i32): void {
  for (let m = 0; m < 8; m++) S(work, m, mul(L(coefficients, m), L(root128, (shift * m) & 127)));
  transform8(work, false);
}

/** The values of all gadget polynomials, for the measurement and wire seeds in `share`. */
export function prove(): void {
  inputs();
  for (let p = 0; p < PROOFS; p++) {
    const proof = share + ((MEASUREMENT + p * PROOF) << 3);
    const values = proof + (WIRES << 3);
    const r = L(jointRand, 2 * p);
    memory.fill(sums, 0, RANGE_NODES << 3);
    let rho = r;
    for (let k = 0; k < RANGE_WIRES; k++) {
      wirePolynomial(L(proof, k), ranged + (k << 3), RANGE_WIRES);
      for (let shift = 0; shift < 16; shift++) {
        onCoset(shift);
        for (let i = 0; i < 8; i++) {
          const node = shift + 16 * i;
          S(sums, node, add(L(sums, node), mul(rho, range16(L(work, i)))));
        }
      }
      rho = mul(rho, r);
    }
    memory.copy(values, sums, RANGE_VALUES << 3);
    powersOfTau(L(jointRand, 2 * p + 1));
    memory.fill(sums, 0, PRODUCT_NODES << 3);
    for (let row = 0; row < PRODUCT_ROWS; row++) {
      for (let v = 0; v < VITALS; v++) {
        const wire = row * VITALS + v;
        wirePolynomial(L(proof, RANGE_WIRES + wire), codes + (wire << 3), PRODUCT_WIRES);
        for (let shift = 0; shift < 2; shift++) {
          onCoset(8 * shift);
          for (let i = 0; i < 8; i++) S(wires5, v * PRODUCT_NODES + shift + 2 * i, L(work, i));
        }
      }
      for (let node = 0; node < PRODUCT_NODES; node++) {
        S(sums, node, add(L(sums, node), products(wires5 + (node << 3), PRODUCT_NODES)));
      }
    }
    memory.copy(values + (RANGE_VALUES << 3), sums, PRODUCT_VALUES << 3);
  }
}

// ---------- server ----------
/** L_i(z) = w_i prod_{j != i} (z - x_j), over the eight nodes of a wire, into `wireAtZ` and in quarters. */
function lagrange(z: u64): void {
  let product: u64 = 1;
  for (let i = 0; i < NODES; i++) {
    S(prefix, i, product);
    product = mul(product, sub(z, L(root128, 16 * i)));
  }
  product = 1;
  for (let i = NODES - 1; i >= 0; i--) {
    const l = mul(mul(L(prefix, i), product), L(wireWeights, i));
    for (let part = 0; part < 4; part++) {
      v128.store(quarters + ((4 * i + part) << 4), f64x2.splat(<f64>((l >> (16 * part)) & 0xffff)));
    }
    product = mul(product, sub(z, L(root128, 16 * i)));
  }
}
/**
 * sum_i values_i L_i(z) of all proofs into `atZ` + `slot`, over the first `count` powers of a root of order 128 / step:
 * from node to node N becomes N (z - x) + w value D and D becomes D (z - x). Side by side, for one alone would wait for itself.
 */
function polynomialsAt(values: usize, step: i32, count: i32, w: usize, slot: i32): void {
  const z0 = L(queryRand, 1), z1 = L(queryRand, 3), z2 = L(queryRand, 5);
  let n0: u64 = 0, n1: u64 = 0, n2: u64 = 0, d0: u64 = 1, d1: u64 = 1, d2: u64 = 1;
  for (let i = 0; i < count; i++) {
    const x = L(root128, i * step), weight = L(w, i), at = values + (i << 3);
    const t0 = sub(z0, x), t1 = sub(z1, x), t2 = sub(z2, x);
    n0 = twoProducts(n0, t0, d0, mulLoose(weight, load<u64>(at)));
    n1 = twoProducts(n1, t1, d1, mulLoose(weight, load<u64>(at, PROOF * 8)));
    n2 = twoProducts(n2, t2, d2, mulLoose(weight, load<u64>(at, 2 * PROOF * 8)));
    d0 = mulLoose(d0, t0);
    d1 = mulLoose(d1, t1);
    d2 = mulLoose(d2, t2);
  }
  S(atZ, slot, canonicalOf(n0));
  S(atZ, 2 + slot, canonicalOf(n1));
  S(atZ, 4 + slot, canonicalOf(n2));
}
/** a b + c d of any words, any word that stands for it. */
// @ts-ignore
@inline function twoProducts(a: u64, b: u64, c: u64, d: u64): u64 {
  return addLoose(mulLoose(a, b), mul(c, d));
}

// A sum of products is reduced once: the four 32-bit columns of each product are added up apart.
/** d0 + 2^32 d1 + 2^64 d2 + 2^96 d3 mod p; each column below 2^63. */
// @ts-ignore
@inline function columns(d0: u64, d1: u64, d2: u64, d3: u64): u64 {
  const e1 = d1 + (d0 >> 32), e2 = d2 + (e1 >> 32), e3 = d3 + (e2 >> 32);
  const low = reduce((e2 & EPSILON) | (e3 << 32), (d0 & EPSILON) | (e1 << 32));
  return sub(low, (e3 >> 32) << 32); // 2^128 = -2^32
}
/** sum_i a_i b_i, of `count` elements. */
function inner(a: usize, b: usize, count: i32): u64 {
  let d0: u64 = 0, d1: u64 = 0, d2: u64 = 0, d3: u64 = 0;
  for (let i = 0; i < count; i++) {
    const x = L(a, i), y = L(b, i);
    const x0 = x & EPSILON, x1 = x >> 32, y0 = y & EPSILON, y1 = y >> 32;
    const p00 = x0 * y0, p01 = x0 * y1, p10 = x1 * y0, p11 = x1 * y1;
    d0 += p00 & EPSILON;
    d1 += (p00 >> 32) + (p01 & EPSILON) + (p10 & EPSILON);
    d2 += (p01 >> 32) + (p10 >> 32) + (p11 & EPSILON);
    d3 += p11 >> 32;
  }
  return columns(d0, d1, d2, d3);
}
// Wires are evaluated in doubles, two at a time: a product of 32 and 16 bits, and a sum of sixteen of them, is exact.
const TWO_52: usize = memory.data<u64>([0x4330000000000000, 0x4330000000000000], 16); // 2^52 as a double; its last bits are a number's
const QUARTER: usize = memory.data<u64>([0xffff, 0xffff], 16);

/** `count` elements, an even number, as doubles of 32 bits: of each two both lower halves, then both upper. */
function halve(from: usize, count: i32, to: usize): void {
  const lower = v128.load(LOWER), two52 = v128.load(TWO_52);
  for (let i = 0; i < count; i += 2) {
    const x = v128.load(from + (i << 3)), at = to + (i << 4);
    v128.store(at, f64x2.sub(v128.or(v128.and(x, lower), two52), two52));
    v128.store(at, f64x2.sub(v128.or(i64x2.shr_u(x, 32), two52), two52), 16);
  }
}
/** Wires at z into `out`: seed L_0 + sum_i input_i L_i. */
function wiresAt(seeds: usize, halves: usize, count: i32, out: usize): void {
  const lower = v128.load(LOWER), two52 = v128.load(TWO_52), quarter = v128.load(QUARTER);
  const sign = v128.load(SIGN), last = v128.load(LAST);
  for (let k = 0; k < count; k += 2) {
    // Columns of 16 bits.
    const x = v128.load(seeds + (k << 3));
    let x0 = f64x2.sub(v128.or(v128.and(x, lower), two52), two52);
    let x1 = f64x2.sub(v128.or(i64x2.shr_u(x, 32), two52), two52);
    let c0 = two52, c1 = two52, c2 = two52, c3 = two52, c4 = two52, c5 = two52;
    let at = halves + (k << 4), y = quarters;
    for (let i = 0; i < NODES; i++) {
      const y0 = v128.load(y), y1 = v128.load(y, 16), y2 = v128.load(y, 32), y3 = v128.load(y, 48);
      c0 = f64x2.add(c0, f64x2.mul(x0, y0));
      c1 = f64x2.add(c1, f64x2.mul(x0, y1));
      c2 = f64x2.add(f64x2.add(c2, f64x2.mul(x0, y2)), f64x2.mul(x1, y0));
      c3 = f64x2.add(f64x2.add(c3, f64x2.mul(x0, y3)), f64x2.mul(x1, y1));
      c4 = f64x2.add(c4, f64x2.mul(x1, y2));
      c5 = f64x2.add(c5, f64x2.mul(x1, y3));
      x0 = v128.load(at);
      x1 = v128.load(at, 16);
      at += count << 4;
      y += 64;
    }
    const d0 = v128.xor(c0, two52);
    const d1 = i64x2.add(v128.xor(c1, two52), i64x2.shr_u(d0, 16));
    const d2 = i64x2.add(v128.xor(c2, two52), i64x2.shr_u(d1, 16));
    const d3 = i64x2.add(v128.xor(c3, two52), i64x2.shr_u(d2, 16));
    const d4 = i64x2.add(v128.xor(c4, two52), i64x2.shr_u(d3, 16));
    const d5 = i64x2.add(v128.xor(c5, two52), i64x2.shr_u(d4, 16));
    const lo = v128.or(
      v128.or(v128.and(d0, quarter), i64x2.shl(v128.and(d1, quarter), 16)),
      v128.or(i64x2.shl(v128.and(d2, quarter), 32), i64x2.shl(d3, 48)),
    );
    // From 2^64 on: 32 bits, 32 bits that count -1 (2^96), and what counts -2^32 (2^128).
    const middle = v128.and(v128.or(v128.and(d4, quarter), i64x2.shl(d5, 16)), lower);
    const top = i64x2.add(v128.and(i64x2.shr_u(d5, 16), lower), i64x2.shl(i64x2.shr_u(d5, 48), 32));
    const t = canonical2(loose2(top, middle, lo, lower, sign), lower, last);
    v128.store(out + (k << 3), v128.xor(t, sign));
  }
}

/** The verifier share of the share in `share`, into `verifier`. `first`: this server adds the constants. */
export function query(n: i32, k: i32, first: i32): void {
  inputs();
  halve(ranged, CALLS * RANGE_WIRES, rangedHalves);
  halve(codes, CALLS * PRODUCT_WIRES, codesHalves);
  count(first ? n : 0, k);
  const proofs = share + (MEASUREMENT << 3);
  polynomialsAt(proofs + (WIRES << 3), 1, RANGE_VALUES, rangeWeights, 0);
  polynomialsAt(proofs + ((WIRES + RANGE_VALUES) << 3), 8, PRODUCT_VALUES, productWeights, 1);
  for (let p = 0; p < PROOFS; p++) {
    const proof = proofs + ((p * PROOF) << 3), values = proof + (WIRES << 3);
    const out = verifier + ((p * VERIFIER) << 3);
    S(out, 0, circuit(values, values + (RANGE_VALUES << 3), L(queryRand, 2 * p), L(jointRand, 2 * p + 1)));
    lagrange(L(queryRand, 2 * p + 1));
    wiresAt(proof, rangedHalves, RANGE_WIRES, out + 8);
    S(out, 1 + RANGE_WIRES, L(atZ, 2 * p));
    const second = out + ((2 + RANGE_WIRES) << 3);
    wiresAt(proof + (RANGE_WIRES << 3), codesHalves, PRODUCT_WIRES, second);
    S(second, PRODUCT_WIRES, L(atZ, 2 * p + 1));
  }
}
/**
 * What a server says and keeps of the share in `share`: `query` and `truncate` once it is cleared, with all that it takes: salt, clinical lane (of server 3 it lies there) and randomness, of `secret`,
 * `verifyKey`, `binder` and `parts`. Where the bytes begin that are hashed; 0 when a stream held too few elements.
 */
export function judge(server: i32, n: i32, k: i32): usize {
  const clinical = kept + (KEPT << 3), clinicalBytes = 2 * n * k;
  keyed(server, clinical, clinicalBytes, clinical + clinicalBytes);
  jointStream(RAND_WORDS << 3, drawn);
  let isWhole = draw(jointRand, false);
  queryStream(RAND_WORDS << 3, drawn);
  isWhole = draw(queryRand, true) && isWhole;
  forget();
  if (!isWhole) return 0;
  clearUnused(share, n, k);
  query(n, k, server == 1 ? 1 : 0);
  keep();
  return keptHead(server, kept);
}
/** Of `drawn` two elements a proof; `asks`: the second is no root of unity. Whether there were as many. */
function draw(to: usize, asks: bool): bool {
  let written = 0;
  for (let i = 0; i < RAND_WORDS && written < 2 * PROOFS; i++) {
    const word = L(drawn, i);
    if (word < P && !(asks && (written & 1) == 1 && isRoot(word))) S(to, written++, word);
  }
  return written == 2 * PROOFS;
}
/** Of each vital sign the total of its counters, less n where it is below k. */
function count(n: u64, k: i32): void {
  for (let vital = 0; vital < VITALS; vital++) {
    const at = share + ((DIGITS + vital * BINS * 2) << 3);
    let low: u64 = 0, high: u64 = 0;
    for (let bin = 0; bin < BINS; bin++) {
      low = add(low, L(at, 2 * bin));
      high = add(high, L(at, 2 * bin + 1));
    }
    const total = add(low, times16(high));
    S(totals, vital, vital < k ? sub(total, n) : total);
  }
}
/** The circuit's thirteen outputs under the powers of rho. */
function circuit(values: usize, ofProducts: usize, rho: u64, t: u64): u64 {
  let v: u64 = 0, c: u64 = 1;
  for (let i = 1; i <= CALLS; i++) {
    v = add(v, mul(c, L(values, 16 * i)));
    c = mul(c, rho);
  }
  let b: u64 = 0;
  for (let i = 1; i <= CALLS; i++) b = add(b, L(ofProducts, 2 * i));
  powersOfTau(t);
  b = sub(b, inner(tau, share + (RANGED << 3), PAIRS));
  v = add(v, mul(c, b));
  for (let vital = 0; vital < VITALS; vital++) {
    c = mul(c, rho);
    v = add(v, mul(c, L(totals, vital)));
  }
  return v;
}
/** `verifier` += `peer`; 0 if a word of `peer` is no element. */
export function addPeer(): i32 {
  const sign = v128.load(SIGN), lower = v128.load(LOWER), last = v128.load(LAST);
  let bad = i64x2.splat(0);
  // One more than there are of an odd number: memory of their own lies behind both.
  for (let i = 0; i < PROOFS * VERIFIER; i += 2) {
    const x = v128.load(peer + (<usize>i << 3)), at = verifier + (<usize>i << 3);
    bad = v128.or(bad, i64x2.gt_s(v128.xor(x, sign), last));
    const t = canonical2(add2(v128.xor(v128.load(at), sign), x, lower), lower, last);
    v128.store(at, v128.xor(t, sign));
  }
  return v128.any_true(bad) ? 0 : 1;
}
/** Whether the summed verifier shares in `verifier` accept. */
export function decide(): i32 {
  // In steps that are short: then several wires are under way at once.
  for (let p = 0; p < PROOFS; p++) {
    const wires = verifier + ((p * VERIFIER + 1) << 3), out = rangeAt + ((p * RANGE_WIRES) << 3);
    for (let k = 0; k < RANGE_WIRES; k++) S(out, k, folded(L(wires, k)));
  }
  for (let k = 0; k < PROOFS * RANGE_WIRES; k++) S(rangeAt, k, ofFolded(L(rangeAt, k)));
  const r0 = L(jointRand, 0), r1 = L(jointRand, 2), r2 = L(jointRand, 4);
  let s0: u64 = 0, s1: u64 = 0, s2: u64 = 0;
  for (let k = RANGE_WIRES - 1; k >= 0; k--) {
    const at = rangeAt + (<usize>k << 3);
    s0 = mulLoose(r0, addLoose(s0, load<u64>(at)));
    s1 = mulLoose(r1, addLoose(s1, load<u64>(at, RANGE_WIRES * 8)));
    s2 = mulLoose(r2, addLoose(s2, load<u64>(at, 2 * RANGE_WIRES * 8)));
  }
  return accepts(0, s0) & accepts(1, s1) & accepts(2, s2);
}
/** Whether one proof does; `range`: the gadget of its wires. */
function accepts(p: i32, range: u64): i32 {
  const at = verifier + ((p * VERIFIER) << 3);
  if (L(at, 0) != 0 || canonicalOf(range) != L(at, 1 + RANGE_WIRES)) return 0;
  powersOfTau(L(jointRand, 2 * p + 1));
  const second = at + ((2 + RANGE_WIRES) << 3);
  let s: u64 = 0;
  for (let row = 0; row < PRODUCT_ROWS; row++) s = add(s, products(second + ((row * VITALS) << 3), 1));
  return s == L(second, PRODUCT_WIRES) ? 1 : 0;
}
