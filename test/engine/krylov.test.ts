import { describe, expect, test } from "vitest";
import {
  CHECKPOINTS,
  exhausted,
  isCheckpoint,
  outOfDimensions,
  ritzVector,
  settled,
  STEP_LIMIT,
} from "../../src/engine/krylov.ts";
import { largestPair } from "../../src/engine/tridiagonal.ts";

// The n × n matrix tridiag(−1, 2, −1) has the eigenvalues 2 − 2cos(kπ/(n + 1)) and top vector sin(nkπ/(n + 1)).
const second = (n: number): { alpha: number[]; beta: number[] } => ({
  alpha: Array.from({ length: n }, () => 2),
  beta: Array.from({ length: n }, () => 1),
});

describe("Ritz pairs", () => {
  test.each([1, 2, 5, 12, 40, 96])("of the discrete Laplacian of order %i are the known ones", (n) => {
    const { alpha, beta } = second(n);
    const { value } = largestPair(alpha, beta, n);
    const eigenvalue = (k: number): number => 2 - 2 * Math.cos((k * Math.PI) / (n + 1));
    // Pivots are exact for entries that differ by a few u.
    const slack = 64 * n * 2 ** -53;
    expect(Math.abs(value - eigenvalue(n))).toBeLessThan(slack);
    const vector = ritzVector(alpha, beta, n);
    const norm = Math.sqrt(vector.reduce((sum, v) => sum + v * v, 0));
    expect(Math.abs(norm - 1)).toBeLessThan(slack);
    for (let i = 0; i < n; i++) {
      const image = 2 * (vector[i] ?? 0) + (vector[i - 1] ?? 0) + (vector[i + 1] ?? 0);
      expect(Math.abs(image - value * (vector[i] ?? 0))).toBeLessThan(slack);
    }
  });

  test("a space without a further dimension, or at the limit, counts as converged", () => {
    const { alpha, beta } = second(STEP_LIMIT);
    expect(outOfDimensions(3, 3)).toBe(true);
    expect(outOfDimensions(5, 40)).toBe(false);
    expect(settled(alpha, beta, 13, 1e-12)).toBe(null);
    expect(outOfDimensions(STEP_LIMIT, 1000)).toBe(true);
  });

  test("one that has settled says so with its vector", () => {
    const alpha = Array.from({ length: 16 }, (_, j) => 2 ** -j);
    const beta = alpha.map((a) => a / 8);
    expect(settled(alpha, beta, 12, 1e-3)?.slice(0, 12)).toEqual(ritzVector(alpha, beta, 12));
  });

  test("few steps never count as converged where dimensions are left, however small the residual's estimate", () => {
    expect(settled([1, 1e-8], [1e-7, 1e-7], 2, 1e-2)).toBe(null);
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
