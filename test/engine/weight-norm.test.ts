import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { weightNorms } from "../../src/engine/weight-norm.ts";

/** A fixed linear congruential stream: these tests need variety, not quality. */
function stream(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

function largestSingularValue(values: Float64Array, rows: number, columns: number): number {
  const matrix = Matrix.from1DArray(rows, columns, Array.from(values));
  return new SingularValueDecomposition(matrix, { autoTranspose: true }).diagonal[0] ?? 0;
}

/** A backward stable SVD is within p(m, n) u of σ₁; 20 (m + n) u is generous for Golub–Kahan. */
const svdError = (rows: number, columns: number): number => 20 * (rows + columns) * 2 ** -53;

describe("the proven bracket of a weight matrix's norms", () => {
  test.each([
    [1, 1],
    [3, 5],
    [64, 100],
    [100, 7],
    [50, 50],
    [2, 300],
  ])("contains the singular value of a random %i × %i matrix and is narrower than 1e-9", (rows, columns) => {
    const next = stream(rows * 1000 + columns);
    const values = Float64Array.from({ length: rows * columns }, () => next() + next() + next());
    const { spectral, absolute, frobenius } = weightNorms(values, rows, columns);
    const truth = largestSingularValue(values, rows, columns);
    const slack = svdError(rows, columns);
    expect(spectral.lower).toBeLessThanOrEqual(truth * (1 + slack));
    expect(spectral.upper).toBeGreaterThanOrEqual(truth * (1 - slack));
    expect(spectral.upper / spectral.lower - 1).toBeLessThan(1e-9);
    const absoluteTruth = largestSingularValue(values.map(Math.abs), rows, columns);
    expect(absolute).toBeGreaterThanOrEqual(absoluteTruth * (1 - slack));
    const square = values.reduce((sum, v) => sum + v * v, 0);
    expect(frobenius.lower ** 2).toBeLessThanOrEqual(square);
    expect(frobenius.upper ** 2).toBeGreaterThanOrEqual(square);
  });

  test("contains 1 for a Hadamard matrix over 2^k, whose norm is exactly 1", () => {
    let h = Float64Array.of(1);
    for (let n = 1; n < 16; n *= 2) {
      const next = new Float64Array(4 * n * n);
      for (let i = 0; i < 2 * n; i++) {
        for (let j = 0; j < 2 * n; j++) {
          next[i * 2 * n + j] = (h[(i % n) * n + (j % n)] ?? 0) * (i >= n && j >= n ? -1 : 1);
        }
      }
      h = next;
    }
    const { spectral } = weightNorms(
      h.map((v) => v / 4),
      16,
      16,
    );
    expect(spectral.lower).toBeLessThanOrEqual(1);
    expect(spectral.upper).toBeGreaterThanOrEqual(1);
    expect(spectral.upper - spectral.lower).toBeLessThan(1e-10);
  });

  test("contains √2·5 for the rank-one matrix (1, 1)(3, 4)ᵀ", () => {
    const { spectral } = weightNorms(Float64Array.of(3, 4, 3, 4), 2, 2);
    expect(spectral.lower ** 2).toBeLessThanOrEqual(50);
    expect(spectral.upper ** 2).toBeGreaterThanOrEqual(50);
  });

  test("is zero for a zero matrix, and finds an isolated entry among zero rows and columns", () => {
    expect(weightNorms(new Float64Array(6), 2, 3).spectral).toEqual({ lower: 0, upper: 0 });
    const lonely = new Float64Array(49);
    lonely[5 * 7 + 2] = -3;
    const { spectral, absolute } = weightNorms(lonely, 7, 7);
    expect(spectral.lower).toBeLessThanOrEqual(3);
    expect(spectral.upper).toBeGreaterThanOrEqual(3);
    expect(absolute).toBeGreaterThanOrEqual(3);
    expect(spectral.upper).toBeLessThan(3.0001);
  });
});
