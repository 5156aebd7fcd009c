import { describe, expect, test } from "vitest";
import { product, productInKernel, productInLoops } from "../../src/engine/cpu/product.ts";
import { createWorkspace, KEPT_BYTES } from "../../src/engine/wasm/workspace.ts";
import type { Workspace } from "../../src/engine/wasm/workspace.ts";

/** Rows, inner, columns: around every edge of a register tile (2 × 8, 4 × 2, 4 × 1) and of a slice of 128 terms. */
const SIZES = [
  [1, 1, 1],
  [3, 5, 7],
  [4, 4, 4],
  [9, 17, 13],
  [8, 3, 1],
  [2, 127, 8],
  [5, 128, 9],
  [6, 129, 10],
  [7, 300, 35],
  [33, 260, 64],
] as const;

const SPECIAL = [0, -0, NaN, Infinity, -Infinity, 2 ** -1074, -(2 ** -1030), 2 ** 1023, -(2 ** 1000), 1e-160, 1e160];

function opened(): Workspace {
  const workspace = createWorkspace();
  if (workspace?.holds(2 ** 27) !== true) throw new Error("this runtime has no WebAssembly SIMD");
  return workspace;
}

function plainSum(a: Float64Array, x: Float64Array, inner: number, columns: number, i: number, j: number): number {
  let sum = 0;
  for (let k = 0; k < inner; k++) sum += (a[i * inner + k] ?? 0) * (x[k * columns + j] ?? 0);
  return sum;
}

describe("the matrix product of engine cpu", () => {
  const workspace = opened();
  test.each([
    ["in the kernel", (...operands: Parameters<typeof product>) => productInKernel(workspace, ...operands)],
    ["in loops", productInLoops],
    ["as it is called", product],
  ] as const)("%s has the bits of a plain ascending sum, at every size and of every kind of number", (_, multiply) => {
    for (const [rows, inner, columns] of SIZES) {
      for (const share of [0, 0.02, 0.5]) {
        // One special entry in 1/share.
        const entry = (i: number, plain: number): number =>
          (i * 0.6180339887) % 1 < share ? (SPECIAL[i % SPECIAL.length] ?? 0) : plain;
        const a = Float64Array.from({ length: rows * inner }, (_, i) => entry(i, Math.sin(i + 1)));
        const x = Float64Array.from({ length: inner * columns }, (_, i) => entry(i + 7, Math.cos(3 * i)));
        const y = new Float64Array(rows * columns).fill(9);
        multiply(a, rows, inner, x, columns, y);
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) {
            const sum = plainSum(a, x, inner, columns, i, j);
            if (!Object.is(y[i * columns + j], sum)) expect([rows, inner, columns, i, j, y[i * columns + j]]).toBe(sum);
          }
        }
      }
    }
  });

  test("keeps subnormal sums and products, and a sum that cancels to −0 is the loop's +0", () => {
    const tiny = 2 ** -537;
    const a = Float64Array.of(tiny, -tiny, 0, -0);
    const x = Float64Array.from({ length: 4 * 9 }, (_, i) => (i < 9 ? tiny * (i + 1) : i < 18 ? tiny : -1));
    const y = new Float64Array(9);
    productInKernel(workspace, a, 1, 4, x, 9, y);
    expect([...y]).toEqual(Array.from({ length: 9 }, (_, j) => j * 2 ** -1074));
    productInKernel(workspace, Float64Array.of(-0), 1, 1, Float64Array.of(1, 1, 1), 3, y.subarray(0, 3));
    expect(Object.is(y[0], 0)).toBe(true);
  });

  test("a sample's bits are the same alone and in any company", () => {
    const [rows, inner, columns] = [11, 140, 41];
    const a = Float64Array.from({ length: rows * inner }, (_, i) => Math.sin(i + 1));
    const x = Float64Array.from({ length: inner * columns }, (_, i) => Math.cos(3 * i));
    const y = new Float64Array(rows * columns);
    product(a, rows, inner, x, columns, y);
    for (let from = 0; from < columns; from += 5) {
      for (const count of [1, 2, 3, 8, 12]) {
        if (from + count > columns) continue;
        const part = Float64Array.from({ length: inner * count }, (_, i) => {
          return x[Math.floor(i / count) * columns + from + (i % count)] ?? NaN;
        });
        const own = new Float64Array(rows * count);
        product(a, rows, inner, part, count, own);
        const same = own.every((v, o) => Object.is(v, y[Math.floor(o / count) * columns + from + (o % count)]));
        expect(same).toBe(true);
      }
    }
  });

  test("more kept weights than the memory holds take each other's place, and every product stays right", () => {
    const rows = 1024;
    const inner = KEPT_BYTES / 8 / rows / 4;
    const weights = Array.from({ length: 6 }, (_, w) => new Float64Array(rows * inner).fill(w + 1));
    const x = new Float64Array(inner).fill(1);
    const y = new Float64Array(rows);
    for (let turn = 0; turn < 3; turn++) {
      weights.forEach((a, w) => {
        productInKernel(workspace, a, rows, inner, x, 1, y);
        expect(y.every((v) => v === (w + 1) * inner)).toBe(true);
      });
    }
  });
});
