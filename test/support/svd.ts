/** Largest singular value by ml-matrix's SVD: a library's, for tests alone. */
import { Matrix as Dense, EigenvalueDecomposition, SingularValueDecomposition } from "ml-matrix";
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

/**
 * The same from the eigenvalues of the smaller Gram matrix, for structured matrices: ml-matrix's SVD does not come to an end on some of rank
 * one. Of the largest singular value the root halves what squaring adds.
 */
export function largestSingularValue(matrix: Matrix): number {
  const dense = new Dense(matrix.map((row) => [...row]));
  const gram = dense.rows <= dense.columns ? dense.mmul(dense.transpose()) : dense.transpose().mmul(dense);
  const { realEigenvalues } = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  return Math.sqrt(Math.max(0, ...realEigenvalues));
}

/** A backward stable SVD is within a modest multiple of (m + n) u of σ₁; 40 covers Golub–Kahan's constant. */
export function svdError(rows: number, columns: number): number {
  return 40 * (rows + columns) * 2 ** -53;
}
