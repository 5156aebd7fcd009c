import { describe, expect, test } from "vitest";
import { choleskyInPlace, negativeDirection } from "../../src/engine/dense/cholesky.ts";
import { gramOfRows, gramRoundings } from "../../src/engine/dense/gram.ts";
import { normalsAt } from "../../src/sampling/normal.ts";

const gamma = (k: number): number => (k * 2 ** -53) / (1 - k * 2 ** -53);

describe("the WebAssembly kernel of Gram matrices and Cholesky", () => {
  test.each([
    [1, 1],
    [3, 5],
    [64, 256],
    [65, 257],
    [130, 600],
    [67, 70],
  ])("gives the Gram matrix of %i × %i within its count of roundings", (rows, columns) => {
    const w = normalsAt(5, 77, rows, rows * columns);
    const gram = gramOfRows(w, rows, columns);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < rows; j++) {
        let sum = 0;
        let magnitude = 0;
        for (let k = 0; k < columns; k++) {
          const term = (w[i * columns + k] ?? NaN) * (w[j * columns + k] ?? NaN);
          sum += term;
          magnitude += Math.abs(term);
        }
        const bound = (gamma(gramRoundings(columns)) + gamma(columns + 1)) * magnitude;
        expect(Math.abs((gram[i * rows + j] ?? NaN) - sum)).toBeLessThanOrEqual(bound);
        expect(gram[i * rows + j]).toBe(gram[j * rows + i]);
      }
    }
  });

  test.each([5, 64, 65, 150])(
    "factors a definite matrix of order %i, and shows why one with a negative pivot fails",
    (n) => {
      const w = normalsAt(6, 77, n, n * n);
      const a = gramOfRows(w, n, n);
      for (let i = 0; i < n; i++) a[i * (n + 1)] = (a[i * (n + 1)] ?? NaN) + 1;
      const factor = a.slice();
      expect(choleskyInPlace(factor, n)).toBeNull();
      for (const [i, j] of [
        [0, 0],
        [n - 1, 0],
        [n - 1, n - 1],
        [n - 1, n >> 1],
      ] as const) {
        let sum = 0;
        for (let k = 0; k <= j; k++) sum += (factor[i * n + k] ?? NaN) * (factor[j * n + k] ?? NaN);
        expect(Math.abs(sum - (a[i * n + j] ?? NaN))).toBeLessThan(1e-12 * n * (a[0] ?? NaN));
      }
      const bad = a.slice();
      const at = n - 2;
      bad[at * (n + 1)] = -1;
      const whole = bad.slice();
      expect(choleskyInPlace(bad, n)).toBe(at);
      const v = negativeDirection(bad, n, at);
      let quotient = 0;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) quotient += (v[i] ?? NaN) * (whole[i * n + j] ?? NaN) * (v[j] ?? NaN);
      }
      expect(quotient).toBeLessThan(-1);
    },
  );
});
