import { afterEach, describe, expect, test, vi } from "vitest";
import { columnKernels } from "../../src/engine/cpu/column-kernels.ts";
import { COLUMN_LOOPS } from "../../src/engine/cpu/column-loops.ts";
import type { ColumnOperations } from "../../src/engine/cpu/column-operations.ts";
import { columnNorm } from "../../src/engine/cpu/columns.ts";
import { ACTIVATIONS } from "../../src/network/activations.ts";
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

const CASES: Record<string, Case> = {
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

Object.assign(CASES, {
  "columnNorm of a part"(o: ColumnOperations, x: Float64Array, _: Float64Array, columns: number) {
    const rows = x.length / columns;
    return o.columnNorm(x, Math.ceil(columns / 2), { rows, from: Math.floor(columns / 2) });
  },
  "columnDot of a part"(o: ColumnOperations, x: Float64Array, y: Float64Array, columns: number) {
    const rows = x.length / columns;
    const count = Math.ceil(columns / 2);
    return o.columnDot(x, y.slice(0, rows * count), count, { rows, from: Math.floor(columns / 2) });
  },
  columnLeast(o: ColumnOperations, x: Float64Array, _: Float64Array, columns: number) {
    const least = new Float64Array(columns).fill(Infinity);
    o.columnLeast(x, 0, least);
    o.columnLeast(x, 0.25, least);
    return least;
  },
  allFinite: (o: ColumnOperations, x: Float64Array) => o.allFinite(x),
  "scaledColumns into a wider matrix"(o: ColumnOperations, x: Float64Array, y: Float64Array, columns: number) {
    return o.scaledColumns(x, y.slice(0, columns), new Float64Array(3 * x.length).fill(7));
  },
  "scaledColumns of a part"(o: ColumnOperations, x: Float64Array, y: Float64Array, columns: number) {
    const [rows, count] = [x.length / columns, Math.ceil(columns / 2)];
    return o.scaledColumns(x, y.slice(0, count), undefined, { rows, from: columns - count });
  },
  addToRows(o: ColumnOperations, x: Float64Array, y: Float64Array, columns: number) {
    const sum = x.slice();
    o.addToRows(sum, y.slice(0, x.length / columns));
    return sum;
  },
  spread(o: ColumnOperations, x: Float64Array, _: Float64Array, columns: number) {
    const count = Math.ceil(columns / 2);
    const into = new Float64Array((x.length / columns) * 2 * count);
    const from = Int32Array.from({ length: count }, (_, j) => columns - 1 - Math.floor(j / 3));
    o.spread(x, x.length / columns, from, into);
    return into;
  },
});

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

  test.each(["identity", "relu", "tanh"] as const)(
    "%s and its slope have the bits of their formulas in the kernel",
    (name) => {
      const sizes = Float64Array.from({ length: 4001 }, (_, i) => (i - 2000) / 60);
      const powers = Float64Array.from({ length: 2100 }, (_, i) => (i % 2 === 0 ? 1 : -1.37) * 2 ** (i / 2 - 1040));
      const edges = [0.5, 372, 373, Math.log(2) / 2, 18.9, 354.9, 372.6].flatMap((x) => [x, -x, x * (1 + 2 ** -52)]);
      for (const z of [sizes, powers, Float64Array.from([...edges, ...SPECIAL])]) {
        const [value, slope] = [new Float64Array(z.length), new Float64Array(z.length)];
        expect(kernels.activate(name, z, value, slope)).toBe(true);
        expect({ value, slope }).toEqual({
          value: z.map(ACTIVATIONS[name].value),
          slope: z.map(ACTIVATIONS[name].slope),
        });
      }
    },
  );

  test("what stands in the memory is worked on there, with the same bits", () => {
    for (const [rows, columns] of SIZES) {
      const [x, y] = [matrix(rows, columns, 1, 0.03), matrix(rows, columns, 5, 0.03)];
      const at = [x, y].map(({ byteLength }) => workspace.take(byteLength));
      const [here, there] = [x, y].map((own, i) => {
        const view = new Float64Array(workspace.numbers().buffer, at[i], own.length);
        view.set(own);
        return view;
      }) as [Float64Array, Float64Array];
      for (const [name, run] of Object.entries(CASES)) {
        expect({ name, values: run(kernels, here, there, columns) }).toEqual({
          name,
          values: run(kernels, x, y, columns),
        });
      }
      expect(kernels.maskedGroups(there, here, rows, here)).toBe(here);
      expect(here).toEqual(COLUMN_LOOPS.maskedGroups(y, x, rows));
      at.forEach((place, i) => {
        workspace.giveBack(place, [x, y][i]?.byteLength ?? 0);
      });
    }
  });

  test("what is given back is taken again, and what lies between stays", () => {
    const before = workspace.room();
    const [a, b, c] = [workspace.take(100), workspace.take(1000), workspace.take(64)];
    workspace.giveBack(b, 1000);
    expect(workspace.take(900)).toBe(b);
    workspace.giveBack(a, 100);
    workspace.giveBack(b, 900);
    workspace.giveBack(c, 64);
    expect(workspace.room()).toBe(before);
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
