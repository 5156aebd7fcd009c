import { describe, expect, test } from "vitest";
import {
  CHECKPOINTS,
  converged,
  exhausted,
  isCheckpoint,
  ritz,
  ritzVector,
  STEP_LIMIT,
} from "../../src/engine/krylov.ts";

// The n × n matrix tridiag(−1, 2, −1) has the eigenvalues 2 − 2cos(kπ/(n + 1)) and top vector sin(nkπ/(n + 1)).
const second = (n: number): { alpha: number[]; beta: number[] } => ({
  alpha: Array.from({ length: n }, () => 2),
  beta: Array.from({ length: n }, () => 1),
});

describe("Ritz pairs", () => {
  test.each([1, 2, 5, 12, 40, 96])("of the discrete Laplacian of order %i are the known ones", (n) => {
    const { alpha, beta } = second(n);
    const pair = ritz(alpha, beta, n);
    const eigenvalue = (k: number): number => 2 - 2 * Math.cos((k * Math.PI) / (n + 1));
    // Pivots are exact for entries that differ by a few u.
    const slack = 64 * n * 2 ** -53;
    expect(Math.abs(pair.value - eigenvalue(n))).toBeLessThan(slack);
    const vector = ritzVector(alpha, beta, n);
    const norm = Math.sqrt(vector.reduce((sum, v) => sum + v * v, 0));
    expect(Math.abs(norm - 1)).toBeLessThan(slack);
    for (let i = 0; i < n; i++) {
      const image = 2 * (vector[i] ?? 0) + (vector[i - 1] ?? 0) + (vector[i + 1] ?? 0);
      expect(Math.abs(image - pair.value * (vector[i] ?? 0))).toBeLessThan(slack);
    }
    expect(pair.residual).toBeCloseTo(Math.abs(vector[n - 1] ?? 0), 10);
  });

  test("a space without a further dimension, or at the limit, counts as converged", () => {
    const { alpha, beta } = second(STEP_LIMIT);
    expect(converged(alpha, beta, 3, 3, 1e-12)).toBe(true);
    expect(converged(alpha, beta, 5, 40, 1e-12)).toBe(false);
    expect(converged(alpha, beta, STEP_LIMIT, 1000, 1e-12)).toBe(true);
  });

  test("few steps never count as converged where dimensions are left, however small the residual's estimate", () => {
    expect(converged([1, 1e-8], [1e-7, 1e-7], 2, 50, 1e-2)).toBe(false);
  });

  test("a remainder that is rounding ends the space", () => {
    expect(exhausted(1, 1e-15, 2 ** -53)).toBe(true);
    expect(exhausted(1, 1e-10, 2 ** -53)).toBe(false);
    expect(exhausted(NaN, NaN, 2 ** -53)).toBe(true);
  });

  test("checkpoints are the listed steps and the end of the space", () => {
    expect(isCheckpoint(CHECKPOINTS[0] ?? 0, 300)).toBe(true);
    expect(isCheckpoint(3, 300)).toBe(false);
    expect(isCheckpoint(3, 3)).toBe(true);
  });
});
