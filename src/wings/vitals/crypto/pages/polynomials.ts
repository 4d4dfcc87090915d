import { type Field, inverse, modulo, rootsOfUnity } from '../field.ts';

/**
 * Polynomials by their values at roots of unity. `nodes`: the first so many powers of a root of order `order`.
 * Slow and short; the kernel does the same with tables.
 */

const known = new Map<string, readonly bigint[]>();

/** 1 / prod_{j != i} (x_i - x_j). */
function weights(field: Field, order: number, nodes: number): readonly bigint[] {
  const name = `${field.p}/${order}/${nodes}`;
  const found = known.get(name);
  if (found !== undefined) return found;
  const roots = rootsOfUnity(field, order).slice(0, nodes);
  const made = roots.map((x, i) => {
    const product = roots.reduce(
      (a, y, j) => (i === j ? a : (a * modulo(field, x - y)) % field.p),
      1n,
    );
    return inverse(field, product);
  });
  known.set(name, made);
  return made;
}

/** What each value counts at z: L_i(z) = w_i prod_{j != i} (z - x_j). */
export function lagrange(
  field: Field,
  { order, nodes, z }: { readonly order: number; readonly nodes: number; readonly z: bigint },
): readonly bigint[] {
  const roots = rootsOfUnity(field, order).slice(0, nodes);
  const w = weights(field, order, nodes);
  const before = [1n];
  for (const x of roots) before.push(modulo(field, (before.at(-1) ?? 1n) * (z - x)));
  const out: bigint[] = new Array(nodes).fill(0n);
  let after = 1n;
  for (let i = nodes - 1; i >= 0; i--) {
    out[i] = ((((before[i] ?? 0n) * after) % field.p) * (w[i] ?? 0n)) % field.p;
    after = modulo(field, after * (z - (roots[i] ?? 0n)));
  }
  return out;
}

/** sum a_i b_i. */
export const inner = (field: Field, a: readonly bigint[], b: readonly bigint[]): bigint =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? 0n), 0n) % field.p;

/** Values at all roots of order a.length, a power of two, become values at all of a larger order. */
export function extend(field: Field, values: readonly bigint[], order: number): readonly bigint[] {
  const n = values.length;
  if (n === order) return values;
  // Coefficients by the inverse transform, then values again.
  const scale = inverse(field, BigInt(n));
  const [first, ...rest] = transform(field, values);
  const coefficients = [first ?? 0n, ...rest.reverse()].map((c) => (c * scale) % field.p);
  return transform(field, [...coefficients, ...new Array<bigint>(order - n).fill(0n)]);
}

/** sum_m a_m x^m at every power x of a root of order a.length. */
function transform(field: Field, a: readonly bigint[]): readonly bigint[] {
  const n = a.length;
  if (n === 1) return a;
  const even = transform(
    field,
    a.filter((_, i) => i % 2 === 0),
  );
  const odd = transform(
    field,
    a.filter((_, i) => i % 2 === 1),
  );
  const roots = rootsOfUnity(field, n);
  return Array.from({ length: n }, (_, i) => {
    const at = i % (n / 2);
    return modulo(field, (even[at] ?? 0n) + (roots[i] ?? 0n) * (odd[at] ?? 0n));
  });
}
