/** Largest singular value by ml-matrix's SVD: a library's, for tests alone. */
import { Matrix as Dense, SingularValueDecomposition } from "ml-matrix";
import type { Matrix } from "../../src/reference/matrix.ts";

/** All singular values, largest first. */
export function singularValues(matrix: Matrix): number[] {
  const dense = new Dense(matrix.map((row) => [...row]));
  return new SingularValueDecomposition(dense, {
    autoTranspose: true,
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
  }).diagonal;
}

export function spectralNorm(matrix: Matrix): number {
  return singularValues(matrix)[0] ?? 0;
}

/** A backward stable SVD is within a modest multiple of (m + n) u of σ₁; 40 covers Golub–Kahan's constant. */
export function svdError(rows: number, columns: number): number {
  return 40 * (rows + columns) * 2 ** -53;
}
