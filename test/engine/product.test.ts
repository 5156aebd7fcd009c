import { expect, test } from "vitest";
import { product } from "../../src/engine/cpu/product.ts";

test("each column has the bits of a plain ascending sum, whatever its neighbours and wherever the tiles fall", () => {
  for (const [rows, inner, columns] of [
    [1, 1, 1],
    [3, 5, 7],
    [4, 4, 4],
    [9, 17, 13],
    [8, 3, 1],
  ] as const) {
    const a = Float64Array.from({ length: rows * inner }, (_, i) => Math.sin(i + 1));
    const x = Float64Array.from({ length: inner * columns }, (_, i) => Math.cos(3 * i));
    const y = new Float64Array(rows * columns);
    product(a, rows, inner, x, columns, y);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) sum += (a[i * inner + k] ?? 0) * (x[k * columns + j] ?? 0);
        expect(Object.is(y[i * columns + j], sum)).toBe(true);
      }
    }
  }
});
