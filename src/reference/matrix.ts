/** Dense linear algebra in f64, the slow and obvious way. A matrix is an array of its rows; NaN in gives NaN out. */

export type Matrix = readonly (readonly number[])[];
export type Vector = readonly number[];

/** A x. */
export function apply(matrix: Matrix, x: Vector): number[] {
  return matrix.map((row) => row.reduce((sum, v, k) => sum + v * (x[k] as number), 0));
}

/** Aᵀ y. */
export function applyTransposed(matrix: Matrix, y: Vector): number[] {
  const result = Array.from({ length: matrix[0]?.length ?? 0 }, () => 0);
  matrix.forEach((row, i) => {
    row.forEach((v, k) => {
      result[k] = (result[k] as number) + v * (y[i] as number);
    });
  });
  return result;
}

/** A B. */
export function multiply(a: Matrix, b: Matrix): number[][] {
  return a.map((row) => applyTransposed(b, row));
}

export function transpose(a: Matrix): number[][] {
  return Array.from({ length: a[0]?.length ?? 0 }, (_, k) => a.map((row) => row[k] as number));
}

/** x yᵀ. */
export function outer(x: Vector, y: Vector): number[][] {
  return x.map((v) => y.map((w) => v * w));
}

export function identity(n: number): number[][] {
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, k) => (i === k ? 1 : 0)));
}

/** The entries' absolute values. */
export function absolute(matrix: Matrix): number[][] {
  return matrix.map((row) => row.map(Math.abs));
}

/** The largest |entry|; 0 for none. */
export function largest(v: Vector): number {
  return v.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
}

/** Euclidean norm, scaled so that squares neither overflow nor underflow. */
export function norm(v: Vector): number {
  const m = largest(v);
  if (m === 0 || m === Infinity) return m;
  return m * Math.sqrt(v.reduce((sum, x) => sum + (x / m) ** 2, 0));
}

export function frobeniusNorm(matrix: Matrix): number {
  return norm(matrix.flat());
}
