import { describe, expect, test } from "vitest";
import { tridiagonalEigen, tridiagonalInKernel, tridiagonalInLoops } from "../../src/engine/tridiagonal.ts";
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

describe("the eigenvalues of a tridiagonal matrix", () => {
  const workspace = createWorkspace();
  if (workspace?.holds(2 ** 16) !== true) throw new Error("this runtime has no WebAssembly SIMD");

  test.each(["last", "all"] as const)("have the loops' bits in the kernel, with %s of the rows", (wanted) => {
    for (let n = 1; n <= 34; n++) {
      for (let seed = 0; seed < 12; seed++) {
        const { alpha, beta } = matrix(n, seed, seed < 6 ? 0 : seed);
        const loops = tridiagonalInLoops(alpha, beta, n, wanted);
        const kernel = tridiagonalInKernel(workspace, alpha, beta, n, wanted);
        expect({ n, seed, ...kernel }).toEqual({ n, seed, ...loops });
      }
    }
  });

  test("satisfy T V = V Λ to rounding, and the last row alone is the last of all", () => {
    for (const n of [1, 2, 5, 12, 33]) {
      const { alpha, beta } = matrix(n, 3, 0);
      const { values, vectors, pitch } = tridiagonalEigen(alpha, beta, n, "all");
      const last = tridiagonalEigen(alpha, beta, n, "last");
      const entry = (r: number, k: number): number => (r < 0 || r >= n ? 0 : (vectors[k * pitch + r] ?? NaN));
      for (let k = 0; k < n; k++) {
        expect(last.vectors[k * last.pitch]).toBe(entry(n - 1, k));
        for (let r = 0; r < n; r++) {
          const image =
            (beta[r - 1] ?? 0) * entry(r - 1, k) + (alpha[r] ?? 0) * entry(r, k) + (beta[r] ?? 0) * entry(r + 1, k);
          // ‖T‖ ≤ 4; a sweep's rotations are orthogonal to a few u each, at most 2 sweeps of n rotations an eigenvalue.
          expect(Math.abs(image - (values[k] ?? NaN) * entry(r, k))).toBeLessThan(4 * 2 * n * n * 8 * 2 ** -53);
        }
      }
    }
  });
});
