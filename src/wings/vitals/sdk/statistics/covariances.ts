/** Symmetric matrices as rows; small ones: five vital signs. */
export type Matrix = readonly (readonly number[])[];

const cell = (matrix: Matrix, row: number, column: number): number => matrix[row]?.[column] ?? 0;

export interface Eigen {
  readonly values: readonly number[];
  /** Columns. */
  readonly vectors: Matrix;
}

/** Of a symmetric matrix, by Jacobi's rotations. */
export function eigenOf(matrix: Matrix): Eigen {
  const size = matrix.length;
  const a = matrix.map((row) => [...row]);
  const v = matrix.map((_, i) => matrix.map((_, j) => (i === j ? 1 : 0)));
  const scale = Math.max(...matrix.flat().map(Math.abs), 1e-300);
  for (let sweep = 0; sweep < 64; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        off = Math.max(off, Math.abs(cell(a, p, q)));
        rotate(a, v, p, q);
      }
    }
    if (off <= 1e-15 * scale) break;
  }
  return { values: a.map((row, i) => row[i] ?? 0), vectors: v };
}

function rotate(a: number[][], v: number[][], p: number, q: number): void {
  const apq = cell(a, p, q);
  if (apq === 0) return;
  const theta = (cell(a, q, q) - cell(a, p, p)) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (const row of a) turn(row, p, q, c, s);
  const [ap, aq] = [a[p] ?? [], a[q] ?? []];
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [ap[k] ?? 0, aq[k] ?? 0];
    ap[k] = c * x - s * y;
    aq[k] = s * x + c * y;
  }
  for (const row of v) turn(row, p, q, c, s);
}

function turn(row: number[], p: number, q: number, c: number, s: number): void {
  const [x, y] = [row[p] ?? 0, row[q] ?? 0];
  row[p] = c * x - s * y;
  row[q] = s * x + c * y;
}

/** The nearest matrix that can be a covariance matrix: negative eigenvalues are 0 in it. `wasIndefinite`: it was none. */
export function projected(matrix: Matrix): {
  readonly matrix: Matrix;
  readonly wasIndefinite: boolean;
} {
  const { values, vectors } = eigenOf(matrix);
  const largest = Math.max(...values.map(Math.abs), 0);
  // What rounding leaves below zero is no noise.
  if (values.every((value) => value >= -1e-12 * largest)) return { matrix, wasIndefinite: false };
  const clipped = values.map((value) => Math.max(0, value));
  const made = matrix.map((_, i) =>
    matrix.map((_, j) =>
      clipped.reduce((sum, value, k) => sum + cell(vectors, i, k) * value * cell(vectors, j, k), 0),
    ),
  );
  return { matrix: made, wasIndefinite: true };
}

/** The inverse of a positive definite matrix; undefined: it is none, or so nearly that nothing can be told. */
export function inverseOf(matrix: Matrix): Matrix | undefined {
  const { values, vectors } = eigenOf(matrix);
  const largest = Math.max(...values);
  if (!(largest > 0) || values.some((value) => value <= 1e-10 * largest)) return undefined;
  return matrix.map((_, i) =>
    matrix.map((_, j) =>
      values.reduce(
        (sum, value, k) => sum + (cell(vectors, i, k) * cell(vectors, j, k)) / value,
        0,
      ),
    ),
  );
}

export const times = (matrix: Matrix, vector: readonly number[]): readonly number[] =>
  matrix.map((row) => dot(row, vector));

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
