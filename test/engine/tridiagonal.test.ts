import { describe, expect, test } from "vitest";
import { largestPair, largestPairInKernel, largestPairInLoops } from "../../src/engine/tridiagonal.ts";
import { createWorkspace } from "../../src/engine/wasm/workspace.ts";

const SPECIAL = [0, -0, NaN, Infinity, -Infinity, 2 ** -1074, 2 ** 600, 2 ** -600, -1];

/** Diagonal and off-diagonal of order n; one entry in `every` is special. */
function matrix(n: number, seed: number, every: number): { alpha: number[]; beta: number[] } {
  const at = (i: number): number => {
    const special = every > 0 && (i * 7 + seed) % every === 0;
    return special ? (SPECIAL[(i + seed) % SPECIAL.length] ?? 0) : Math.sin(seed * 31 + i * 3 + 1);
  };
  return {
    alpha: Array.from({ length: n }, (_, i) => 1 + at(2 * i)),
    beta: Array.from({ length: n }, (_, i) => Math.abs(at(2 * i + 1))),
  };
}

describe("the largest eigenvalue of a tridiagonal matrix", () => {
  const workspace = createWorkspace();
  if (workspace?.holds(2 ** 16) !== true) throw new Error("this runtime has no WebAssembly SIMD");

  test.each(["last", "all"] as const)("has the loops' bits in the kernel, with %s of its vector", (wanted) => {
    for (let n = 1; n <= 34; n++) {
      for (let seed = 0; seed < 12; seed++) {
        const { alpha, beta } = matrix(n, seed, seed < 6 ? 0 : seed);
        const loops = largestPairInLoops(alpha, beta, n, wanted);
        const kernel = largestPairInKernel(workspace, alpha, beta, n, wanted);
        expect({ n, seed, ...kernel }).toEqual({ n, seed, ...loops });
      }
    }
  });

  test("satisfies T v = λ v to rounding, v of length 1, and the last entry alone is the last of all", () => {
    for (const n of [1, 2, 5, 12, 33]) {
      const { alpha, beta } = matrix(n, 3, 0);
      const { value, vector } = largestPair(alpha, beta, n, "all");
      expect(largestPair(alpha, beta, n, "last").vector).toEqual(vector.slice(n - 1));
      // ‖T‖ ≤ 4; a rotation is orthogonal to a few u, and there are at most 2 sweeps of n rotations an eigenvalue.
      const rounding = 2 * n * n * 8 * 2 ** -53;
      expect(Math.abs(Math.hypot(...vector) - 1)).toBeLessThan(rounding);
      for (let r = 0; r < n; r++) {
        const above = r > 0 ? (beta[r - 1] ?? NaN) * (vector[r - 1] ?? NaN) : 0;
        const below = r < n - 1 ? (beta[r] ?? NaN) * (vector[r + 1] ?? NaN) : 0;
        const image = above + (alpha[r] ?? NaN) * (vector[r] ?? NaN) + below;
        expect(Math.abs(image - value * (vector[r] ?? NaN))).toBeLessThan(4 * rounding);
      }
    }
  });

  test("is the largest: no Rayleigh quotient exceeds it, and the second lies below", () => {
    const { value, secondValue } = largestPair([1, 5, 2], [0, 0], 3, "last");
    expect([value, secondValue]).toEqual([5, 2]);
    expect(largestPair([3], [], 1, "all")).toEqual({ value: 3, secondValue: 0, vector: Float64Array.of(1) });
  });
});
