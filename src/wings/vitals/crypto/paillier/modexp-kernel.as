// Products and powers modulo one odd number, in AssemblyScript: compiled into modexp-kernel-wasm.ts by test/build-kernel.ts.
// Montgomery multiplication in radix 2^28, limbs in u32, columns in u64, four rows at a time. No branch and no address
// of a product depends on values; windows and tables are read at addresses that do.
// Limits: 28 n >= bits + 2, so a product needs no last subtraction; n is a multiple of 4 and 252 at most, so a column
// (2 n products of 56 bits, in two goes) stays below 2^64.
// One modulus an instance. Source: docs/protocol/vitals-paillier.md; the readable twin is plain-arithmetic.ts.

const MASK: u64 = 0xfffffff;
let n: i32 = 0; // limbs
let size: usize = 0; // of a number, in bytes
let n0: u64 = 0; // -1 / modulus mod 2^28
let modulus: usize = 0, copy: usize = 0, columns: usize = 0;
let top: usize = 0;

/** Room for so many bytes, for good. Views of memory made before it are void. */
export function alloc(bytes: i32): usize {
  const place = (top + 63) & ~63;
  top = place + bytes;
  const missing = <i32>((top + 0xffff) >> 16) - memory.size();
  if (missing > 0) memory.grow(missing);
  return place;
}

/** Where the host writes the modulus: `limbs` limbs. Four limbs of zero stand before and after each operand. */
export function setup(limbs: i32, inverse: i32): usize {
  top = __heap_base;
  n = limbs;
  size = <usize>n << 2;
  n0 = <u64>(<u32>inverse);
  modulus = alloc(n * 4 + 64) + 16;
  copy = alloc(n * 4 + 64) + 16;
  columns = alloc((2 * n + 16) * 8);
  memory.fill(modulus - 16, 0, n * 4 + 64);
  memory.fill(copy - 16, 0, n * 4 + 64);
  return modulus;
}

// @ts-ignore
@inline function rows(at: usize, limbs: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  const v0 = v128.load(limbs), v1 = v128.load(limbs - 4), v2 = v128.load(limbs - 8), v3 = v128.load(limbs - 12);
  const low = i64x2.add(
    i64x2.add(i64x2.extmul_low_i32x4_u(x0, v0), i64x2.extmul_low_i32x4_u(x1, v1)),
    i64x2.add(i64x2.extmul_low_i32x4_u(x2, v2), i64x2.extmul_low_i32x4_u(x3, v3)),
  );
  const high = i64x2.add(
    i64x2.add(i64x2.extmul_high_i32x4_u(x0, v0), i64x2.extmul_high_i32x4_u(x1, v1)),
    i64x2.add(i64x2.extmul_high_i32x4_u(x2, v2), i64x2.extmul_high_i32x4_u(x3, v3)),
  );
  v128.store(at, i64x2.add(v128.load(at), low));
  v128.store(at, i64x2.add(v128.load(at, 16), high), 16);
}

/** out = a b / 2^(28 n) modulo the modulus, below twice the modulus; any of the three may be one place. */
export function mul(out: usize, a: usize, b: usize): void {
  memory.copy(copy, b, size);
  memory.fill(columns, 0, (2 * n + 16) * 8);
  for (let i = 0; i < n; i += 4) {
    const limb = a + (<usize>i << 2);
    const x0 = v128.load32_splat(limb), x1 = v128.load32_splat(limb, 4);
    const x2 = v128.load32_splat(limb, 8), x3 = v128.load32_splat(limb, 12);
    let at = columns + (<usize>i << 3);
    for (let other = copy; other < copy + size + 16; other += 16) {
      rows(at, other, x0, x1, x2, x3);
      at += 32;
    }
  }
  let carry: u64 = 0;
  for (let at = columns, end = columns + (<usize>(2 * n) << 3); at < end; at += 8) {
    const column = load<u64>(at) + carry;
    store<u64>(at, column & MASK);
    carry = column >> 28;
  }
  reduce();
  carry = 0;
  let limb = out;
  for (let at = columns + (<usize>n << 3), end = at + (<usize>n << 3); at < end; at += 8) {
    const column = load<u64>(at) + carry;
    store<u32>(limb, <u32>(column & MASK));
    carry = column >> 28;
    limb += 4;
  }
}

/** Adds multiples of the modulus until the lower half of the columns is zero, four at a time. */
function reduce(): void {
  const N0 = <u64>load<u32>(modulus), N1 = <u64>load<u32>(modulus, 4);
  const N2 = <u64>load<u32>(modulus, 8), N3 = <u64>load<u32>(modulus, 12);
  for (let i = 0; i < n; i += 4) {
    const at = columns + (<usize>i << 3);
    let column = load<u64>(at);
    const m0 = ((column & MASK) * n0) & MASK;
    let carry = (column + m0 * N0) >> 28;
    column = load<u64>(at, 8) + carry + m0 * N1;
    const m1 = ((column & MASK) * n0) & MASK;
    carry = (column + m1 * N0) >> 28;
    column = load<u64>(at, 16) + carry + m0 * N2 + m1 * N1;
    const m2 = ((column & MASK) * n0) & MASK;
    carry = (column + m2 * N0) >> 28;
    column = load<u64>(at, 24) + carry + m0 * N3 + m1 * N2 + m2 * N1;
    const m3 = ((column & MASK) * n0) & MASK;
    carry = (column + m3 * N0) >> 28;
    store<u64>(at, load<u64>(at, 32) + carry, 32);
    const x0 = i32x4.splat(<i32>m0), x1 = i32x4.splat(<i32>m1);
    const x2 = i32x4.splat(<i32>m2), x3 = i32x4.splat(<i32>m3);
    let next = at + 32;
    for (let limbs = modulus + 16; limbs < modulus + size + 16; limbs += 16) {
      rows(next, limbs, x0, x1, x2, x3);
      next += 32;
    }
  }
}

/** By fixed windows of 4 bits: `powers` holds the powers 0 to 15, `digits` the exponent, highest digit first. */
export function power(out: usize, powers: usize, digits: usize, count: i32): void {
  memory.copy(out, powers + <usize>load<u8>(digits) * size, size);
  for (let i = 1; i < count; i++) {
    mul(out, out, out);
    mul(out, out, out);
    mul(out, out, out);
    mul(out, out, out);
    mul(out, out, powers + <usize>load<u8>(digits + i) * size);
  }
}

/** comb.ts: `tables` tables of 256 entries from a base, entry 0 of each being one; `spaced` has room for 8 `tables` numbers. */
export function prepareComb(table: usize, spaced: usize, base: usize, one: usize, tables: i32, columnsOfEach: i32): void {
  memory.copy(spaced, base, size);
  for (let k = 1; k < 8 * tables; k++) {
    const at = spaced + <usize>k * size;
    memory.copy(at, at - size, size);
    for (let i = 0; i < columnsOfEach; i++) mul(at, at, at);
  }
  for (let j = 0; j < tables; j++) {
    const first = table + (<usize>j << 8) * size;
    memory.copy(first, one, size);
    for (let d = 1; d < 256; d++) {
      const tooth = 31 - clz(d);
      mul(first + <usize>d * size, first + <usize>(d - (1 << tooth)) * size, spaced + <usize>(tooth * tables + j) * size);
    }
  }
}

export function comb(out: usize, table: usize, digits: usize, one: usize, tables: i32, columnsOfEach: i32): void {
  memory.copy(out, one, size);
  let digit = digits;
  for (let column = 0; column < columnsOfEach; column++) {
    mul(out, out, out);
    for (let j = 0; j < tables; j++) {
      mul(out, out, table + ((<usize>j << 8) + <usize>load<u8>(digit)) * size);
      digit++;
    }
  }
}
