/** A matrix norm with its derivative: u vᵀ of the largest singular pair, or A/‖A‖_F. */
import { weightNorms } from "../../engine/weight-norm.ts";
import { squaredNorm, times, transposedTimes } from "./algebra.ts";

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
  const { vector } = weightNorms(unit, rows, columns);
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
