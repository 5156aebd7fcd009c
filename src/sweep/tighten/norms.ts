/** A matrix norm with its derivative: u vᵀ of the largest singular pair, or A/‖A‖_F. */
import { exhausted, isCheckpoint, ritzVector, settled } from "../../engine/krylov.ts";
import { gramOfRows, transpose } from "../../engine/weight-norm.ts";
import { addScaled, dot, squaredNorm, times, transposedTimes } from "./algebra.ts";

export interface NormWithDerivative {
  readonly norm: number;
  /** ∂‖A‖/∂A, of A's shape; zeros where the norm is 0. Where the largest singular value is multiple: that of one of its pairs. */
  readonly derivative: Float64Array;
}

/** @param a rows × columns, row-major. */
export function normWithDerivative(
  a: Float64Array,
  rows: number,
  columns: number,
  kind: "spectral" | "frobenius",
): NormWithDerivative {
  const frobenius = Math.sqrt(squaredNorm(a));
  if (!(frobenius > 0)) return { norm: frobenius, derivative: new Float64Array(a.length) };
  if (kind === "frobenius" || rows === 1 || columns === 1) {
    return { norm: frobenius, derivative: a.map((v) => v / frobenius) };
  }
  // Scaled to a Frobenius norm of 1, so that the Gram neither overflows nor underflows.
  const unit = a.map((v) => v / frobenius);
  const wide = rows <= columns;
  const gram = wide ? gramOfRows(unit, rows, columns) : gramOfRows(transpose(unit, rows, columns), columns, rows);
  const vector = topEigenvector(gram, wide ? rows : columns);
  const image = wide ? transposedTimes(unit, vector, rows, columns) : times(unit, vector, rows, columns);
  const sigma = Math.sqrt(squaredNorm(image));
  const other = image.map((v) => v / sigma);
  const [u, v] = wide ? [vector, other] : [other, vector];
  const derivative = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < columns; k++) derivative[i * columns + k] = (u[i] as number) * (v[k] as number);
  }
  return { norm: frobenius * sigma, derivative };
}

/** Relative error of ‖A‖ at which the iteration stops, where it does not reach the whole space before. */
const ACCURACY = 1e-13;

/** A unit eigenvector of the largest eigenvalue, by Lanczos with full reorthogonalisation (engine/krylov.ts says when it has converged). */
function topEigenvector(gram: Float64Array, n: number): Float64Array {
  const basis: Float64Array[] = [];
  const alpha: number[] = [];
  const beta: number[] = [];
  // A start with no symmetry: it need only not be orthogonal to the answer.
  let q = Float64Array.from({ length: n }, (_, i) => 1 + ((i * 0.6180339887498949) % 1));
  q = normalised(q);
  for (let steps = 1; ; steps++) {
    basis.push(q);
    const next = times(gram, q, n, n);
    alpha.push(dot(q, next));
    for (let pass = 0; pass < 2; pass++) for (const b of basis) addScaled(next, -dot(b, next), b);
    beta.push(Math.sqrt(squaredNorm(next)));
    if (steps >= n || exhausted(alpha, beta, steps, 2 ** -53)) break;
    if (isCheckpoint(steps, n) && (steps >= LIMIT || settled(alpha, beta, steps, ACCURACY))) break;
    q = normalised(next);
  }
  const coefficients = ritzVector(alpha, beta, alpha.length);
  const vector = new Float64Array(n);
  basis.forEach((b, j) => {
    addScaled(vector, coefficients[j] as number, b);
  });
  return normalised(vector);
}

/** Most steps: by then a search learns nothing more from the last digits of a norm. */
const LIMIT = 96;

function normalised(x: Float64Array): Float64Array<ArrayBuffer> {
  const length = Math.sqrt(squaredNorm(x));
  return Float64Array.from(x, (v) => v / length);
}
