import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { eigenvaluesAbove, largestPair } from "../../src/engine/tridiagonal.ts";

interface Tridiagonal {
  readonly alpha: number[];
  readonly beta: number[];
}

function random(n: number, seed: number): Tridiagonal {
  const at = (i: number): number => Math.sin(seed * 31 + i * 3 + 1);
  return {
    alpha: Array.from({ length: n }, (_, i) => 1 + at(2 * i)),
    beta: Array.from({ length: n }, (_, i) => Math.abs(at(2 * i + 1))),
  };
}

/** Off-diagonals that fall away by a factor of 4 each: what Lanczos makes of a spectrum that has all but converged. */
function graded(n: number): Tridiagonal {
  return {
    alpha: Array.from({ length: n }, (_, i) => 4 ** -i),
    beta: Array.from({ length: n }, (_, i) => 4 ** (-i - 1)),
  };
}

/** Two blocks with the same eigenvalues, all but apart: what Lanczos makes once orthogonality is lost. */
function twice(n: number): Tridiagonal {
  const half = random(n, 5);
  return {
    alpha: [...half.alpha, ...half.alpha.slice().reverse()],
    beta: [...half.beta.slice(0, n - 1), 1e-13, ...half.beta.slice(0, n - 1).reverse(), 1],
  };
}

const CASES: readonly (readonly [string, Tridiagonal])[] = [
  ...[1, 2, 3, 5, 12, 20, 33, 96].flatMap((n) =>
    [1, 2, 3].map((seed) => [`random ${String(n)}, ${String(seed)}`, random(n, seed)] as const),
  ),
  ["graded", graded(20)],
  ["twice the same", twice(12)],
  ["indefinite", { alpha: [-3, -1, -2], beta: [0.5, 0.25, 1] }],
  ["diagonal", { alpha: [1, 5, 2], beta: [0, 0, 0] }],
  ["zero", { alpha: [0, 0], beta: [0, 0] }],
  ["one and zeros", { alpha: [1, 0, 0], beta: [1e-200, 0, 0] }],
];

describe("the largest eigenvalue of a tridiagonal matrix", () => {
  test.each(CASES)("is the dense solver's, and its vector satisfies T v = λ v: %s", (_, { alpha, beta }) => {
    const n = alpha.length;
    const dense = new Matrix(n, n);
    alpha.forEach((a, i) => dense.set(i, i, a));
    for (let i = 0; i + 1 < n; i++) [i, i + 1].forEach((row) => dense.set(row, 2 * i + 1 - row, beta[i] ?? NaN));
    const known = new EigenvalueDecomposition(dense, { assumeSymmetric: true }).realEigenvalues.sort((a, b) => b - a);
    const found = largestPair(alpha, beta, n);
    const { value } = found;
    const vector = found.vector.slice(0, n);
    // ‖T‖ ≤ 4; pivots and the twisted vector are exact for a matrix whose entries differ by a few u; the dense solver errs by some n u.
    const rounding = 64 * n * 2 ** -53;
    expect(Math.abs(value - (known[0] ?? NaN))).toBeLessThan(rounding);
    expect(Math.abs(Math.hypot(...vector) - 1)).toBeLessThan(rounding);
    for (let r = 0; r < n; r++) {
      const above = r > 0 ? (beta[r - 1] ?? NaN) * (vector[r - 1] ?? NaN) : 0;
      const below = r < n - 1 ? (beta[r] ?? NaN) * (vector[r + 1] ?? NaN) : 0;
      const image = above + (alpha[r] ?? NaN) * (vector[r] ?? NaN) + below;
      expect(Math.abs(image - value * (vector[r] ?? NaN))).toBeLessThan(rounding);
    }
    for (const x of [-3.3, -0.01, 0.3, 1.234, 2.5, 7]) {
      expect(eigenvaluesAbove(alpha, beta, n, x)).toBe(known.filter((v) => v > x).length);
    }
  });

  test.each([NaN, Infinity, -Infinity])("is no number, nor is its vector, where an entry is %d", (bad) => {
    for (const at of [0, 3, 7]) {
      const { alpha, beta } = random(8, 1);
      for (const list of [alpha, beta]) {
        const own = list.slice();
        own[at] = bad;
        if (list === beta && at === 7) continue;
        const found = list === alpha ? largestPair(own, beta, 8) : largestPair(alpha, own, 8);
        const vector = found.vector.slice(0, 8);
        // −Infinity on the diagonal leaves a largest eigenvalue, and its entry 0.
        if (list === alpha && bad === -Infinity) expect(vector.every((v) => !(Math.abs(v) > 1 + 2 ** -50))).toBe(true);
        else expect(vector.every(Number.isNaN)).toBe(true);
      }
    }
  });
});
