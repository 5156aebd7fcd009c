import { afterEach, describe, expect, test, vi } from "vitest";
import { columnKernels } from "../../src/engine/cpu/column-kernels.ts";
import { COLUMN_LOOPS } from "../../src/engine/cpu/column-loops.ts";
import type { ColumnOperations } from "../../src/engine/cpu/column-operations.ts";
import { columnNorm } from "../../src/engine/cpu/columns.ts";
import { createWorkspace } from "../../src/engine/wasm/workspace.ts";

const SPECIAL = [0, -0, NaN, Infinity, -Infinity, 2 ** -1074, -(2 ** -1030), 2 ** 1023, -(2 ** 1000), -NaN, 1e-160];

/** Rows × columns; `share` of the entries special. */
function matrix(rows: number, columns: number, seed: number, share: number): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, i) =>
    ((i + seed) * 0.6180339887) % 1 < share ? (SPECIAL[(i + seed) % SPECIAL.length] ?? 0) : Math.sin(seed + i * 1.7),
  );
}

const SIZES = [
  [1, 1],
  [5, 1],
  [1, 2],
  [7, 3],
  [4, 8],
  [33, 13],
  [129, 32],
] as const;

type Case = (operations: ColumnOperations, x: Float64Array, y: Float64Array, columns: number) => unknown;

const CASES: Readonly<Record<string, Case>> = {
  columnMax: (o, x, _, columns) => o.columnMax(x, columns),
  columnNorm: (o, x, _, columns) => o.columnNorm(x, columns),
  columnDot: (o, x, y, columns) => o.columnDot(x, y, columns),
  scaledColumns: (o, x, y, columns) => o.scaledColumns(x, y.slice(0, columns)),
  addScaledColumns(o, x, y, columns) {
    const target = y.slice();
    o.addScaledColumns(target, y.slice(0, columns), x);
    return target;
  },
  "maskedGroups, one group": (o, x, y, columns) => o.maskedGroups(y, x, x.length / columns),
  "maskedGroups, three groups"(o, x, y, columns) {
    const rows = x.length / columns;
    const wide = Float64Array.from({ length: 3 * x.length }, (_, i) => (x[i % x.length] ?? 0) + (i % 7));
    return o.maskedGroups(y, wide, rows);
  },
};

describe("operations on columns", () => {
  const workspace = createWorkspace();
  if (workspace?.holds(2 ** 20) !== true) throw new Error("this runtime has no WebAssembly SIMD");
  const kernels = columnKernels(workspace);

  test.each(Object.entries(CASES))("%s has the loops' bits in the kernel", (_, run) => {
    for (const [rows, columns] of SIZES) {
      for (const share of [0, 0.03, 0.4]) {
        const x = matrix(rows, columns, 1, share);
        const y = matrix(rows, columns, 5, share);
        const kernel = run(kernels, x, y, columns);
        expect({ rows, columns, share, values: kernel }).toEqual({
          rows,
          columns,
          share,
          values: run(COLUMN_LOOPS, x, y, columns),
        });
      }
    }
  });

  test("a norm has the loops' bits at every size of a number", () => {
    for (let e = -1074; e <= 1023; e++) {
      const x = Float64Array.of(
        2 ** e,
        e < 1023 ? 1.5 * 2 ** e : 1,
        -(2 ** Math.max(-1074, e - 1)),
        0.75 * 2 ** e,
        0,
        2 ** e,
      );
      expect([e, kernels.columnNorm(x, 2)]).toEqual([e, COLUMN_LOOPS.columnNorm(x, 2)]);
      expect([e, kernels.columnNorm(x, 1)]).toEqual([e, COLUMN_LOOPS.columnNorm(x, 1)]);
    }
  });

  test("a column's norm is the same alone and in company", () => {
    const x = matrix(40, 9, 3, 0.05);
    const all = columnNorm(x, 9);
    for (let j = 0; j < 9; j++) {
      const own = Float64Array.from({ length: 40 }, (_, i) => x[i * 9 + j] ?? 0);
      expect(Object.is(columnNorm(own, 1)[0], all[j])).toBe(true);
    }
  });
});

describe("where the kernels cannot be had", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  test.each([
    ["no WebAssembly", undefined],
    [
      "a page that forbids it",
      {
        ...{ Memory: WebAssembly.Memory, Instance: WebAssembly.Instance },
        Module: vi.fn(() => {
          throw new WebAssembly.CompileError("blocked by CSP");
        }),
      },
    ],
  ])("%s: the loops do the same", async (_, global) => {
    const x = matrix(20, 9, 3, 0.05);
    const expected = columnNorm(x, 9);
    vi.resetModules();
    vi.stubGlobal("WebAssembly", global);
    const { createWorkspace: create } = await import("../../src/engine/wasm/workspace.ts");
    expect(create()).toBeNull();
    const anew = await import("../../src/engine/cpu/columns.ts");
    expect(anew.columnNorm(x, 9)).toEqual(expected);
  });
});
