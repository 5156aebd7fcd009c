/** Largest singular value by ml-matrix's SVD: a library's, for tests alone. */
import { Matrix as Dense, SingularValueDecomposition } from "ml-matrix";
import type { Matrix } from "../../src/reference/oracle.ts";

export function spectralNorm(matrix: Matrix): number {
  if (matrix.every((row) => row.every((v) => v === 0))) return 0;
  const dense = new Dense(matrix.map((row) => [...row]));
  return new SingularValueDecomposition(dense, {
    autoTranspose: true,
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
  }).diagonal[0] as number;
}

/** A backward stable SVD is within a modest multiple of (m + n) u of σ₁; 40 covers Golub–Kahan's constant. */
export function svdError(rows: number, columns: number): number {
  return 40 * (rows + columns) * 2 ** -53;
}
