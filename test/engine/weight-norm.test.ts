import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { choleskyRoundings } from "../../src/engine/dense/cholesky.ts";
import { gramOfRows, gramRoundings } from "../../src/engine/dense/gram.ts";
import { provenUpper, weightNorms } from "../../src/engine/weight-norm.ts";
import { fromNumber, multiply } from "../../src/exact/dyadic.ts";
import { fromNumbers } from "../../src/exact/matrix.ts";
import { normAtMost } from "../../src/exact/norms.ts";

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

describe("what a Cholesky factorisation proves", () => {
  /** ‖W‖² ≤ x², in rational arithmetic. */
  const atMost = (values: Float64Array, columns: number, x: number): boolean =>
    normAtMost(fromNumbers(values.length / columns, columns, values), multiply(fromNumber(x), fromNumber(x)));

  test("is an upper bound where it succeeds by rounding alone, for a ρ below the norm", () => {
    // Rows of one number each: the sums of G round the same way at every term, and G comes out too small.
    const columns = 4000;
    let byRounding = 0;
    for (const entry of [3.79, 2.15, 1.33, 1.41, 3.97, 0.7]) {
      const values = new Float64Array(2 * columns).fill(entry);
      const gram = gramOfRows(values, 2, columns);
      const absolute = Math.sqrt(2 * columns) * entry * (1 + 1e-11);
      for (let k = 1; k <= 40; k++) {
        const square = 2 * columns * entry * entry * (1 - k * 2 ** -50);
        const found = provenUpper(gram, 2, columns, square, absolute);
        if ("direction" in found) continue;
        const { upper } = found;
        if (!atMost(values, columns, Math.sqrt(square))) byRounding++;
        expect(atMost(values, columns, upper)).toBe(true);
      }
    }
    expect(byRounding).toBeGreaterThan(0);
  });

  test("costs γ_k/(1 − γ_k) tr for the factorisation and γ_m ω² for the sums of the Gram matrix, each by its count of roundings", () => {
    const gamma = (k: number): number => (k * 2 ** -53) / (1 - k * 2 ** -53);
    const n = 60;
    const gram = new Float64Array(n * n);
    // The difference of squares loses 2⁻⁵² of ρ² twice, and UP adds 2·2⁻⁴⁸ of it.
    const lost = 4 * 2 ** -53;
    const excess = (inner: number, absolute: number): number => {
      const found = provenUpper(gram, n, inner, 1, absolute);
      return "upper" in found ? found.upper ** 2 - 1 : NaN;
    };
    const k = choleskyRoundings(n);
    expect(k).toBe(n + 1);
    expect(excess(1, 0)).toBeGreaterThanOrEqual(gamma(k) * n - lost);
    expect(excess(1, 0)).toBeLessThan(1.01 * gamma(k) * n + 2.2 * 2 ** -48);
    expect(excess(1e6, 2) - excess(1, 0)).toBeGreaterThanOrEqual(gamma(gramRoundings(1e6)) * 4 - 2 * lost);
  });

  test("is a direction of a larger quotient where it fails", () => {
    const found = provenUpper(Float64Array.of(4, 0, 0, 1), 2, 2, 3.9, 2);
    expect("direction" in found ? found.direction : null).toEqual(Float64Array.of(1, 0));
    const above = provenUpper(Float64Array.of(4, 0, 0, 1), 2, 2, 4.1, 2);
    expect("upper" in above ? above.upper : NaN).toBeGreaterThan(2);
    // 2I − (1, 1; 1, 2): its second pivot is −1, along (1, 1).
    const second = provenUpper(Float64Array.of(1, 1, 1, 2), 2, 2, 2, 2);
    expect("direction" in second ? second.direction : null).toEqual(Float64Array.of(1, 1));
  });
});
