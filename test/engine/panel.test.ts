import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { Frame } from "../../src/engine/cpu/frame.ts";
import { runCalls } from "../../src/engine/cpu/kernels.ts";
import { makeOperators } from "../../src/engine/cpu/operators.ts";
import { loopMemory } from "../../src/engine/cpu/panel-loops.ts";
import type { PanelCall, PanelMemory } from "../../src/engine/cpu/panel-kernels.ts";
import {
  CALL_WORDS,
  callWords,
  COPY,
  MASK,
  panelBytes,
  PRODUCT,
  SETTLE_BYTES,
} from "../../src/engine/cpu/panel-kernels.ts";
import { panelMemory } from "../../src/engine/cpu/panel-memory.ts";
import { searchPanels } from "../../src/engine/cpu/panel.ts";
import { makePlan } from "../../src/engine/plan.ts";
import type { Network } from "../../src/network/network.ts";
import { createWorkspace } from "../../src/engine/wasm/workspace.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";

const SPECIAL = [0, -0, NaN, Infinity, -Infinity, 2 ** -149, 2 ** 127, 2 ** -127, 1e-30];

function kernelMemory(): PanelMemory {
  const workspace = createWorkspace();
  if (workspace === null) throw new Error("this runtime has no WebAssembly SIMD");
  return panelMemory(workspace);
}

/** What `run` leaves in a memory of these numbers. */
function leaves(memory: PanelMemory, numbers: Float32Array, run: (memory: PanelMemory) => void): number[] {
  memory.holds(numbers.byteLength);
  memory.singles().set(numbers);
  run(memory);
  return Array.from(memory.singles().subarray(0, numbers.length));
}

function numbers(length: number, seed: number, every: number): Float32Array {
  return Float32Array.from({ length }, (_, i) =>
    every > 0 && (i * 7 + seed) % every === 0
      ? (SPECIAL[(i + seed) % SPECIAL.length] ?? 0)
      : Math.sin(seed * 31 + i * 1.7),
  );
}

describe("the kernels of a panel", () => {
  const SIZES = [
    [2, 1, 1],
    [4, 33, 1],
    [5, 300, 3],
  ] as const;

  test.each(SIZES)("have the loops' bits: %i rows, %i terms, %i panels", (rows, inner, panels) => {
    for (const every of [0, 5, 101]) {
      const x = 64 * Math.ceil(((rows + 1) * inner) / 16);
      const y = x + panels * panelBytes(inner);
      const slopes = y + panels * panelBytes(rows);
      const all = numbers((slopes + panels * panelBytes(rows)) / 4, 2, every);
      for (const mask of [0, slopes]) {
        const run = ({ kernels }: PanelMemory): void => {
          kernels.product(0, x, y, mask, rows, inner, panels);
        };
        expect(leaves(kernelMemory(), all, run)).toEqual(leaves(loopMemory(), all, run));
      }
    }
  });

  // Three steps of A = D W Wᵀ D, and of D alone, on 2 panels of 7 rows; then û of them.
  test.each([1, 2])("have the loops' bits in steps and a combination, %i panels side by side", (together) => {
    const [rows, inner, panels, steps] = [7, 5, 2, 3];
    const [size, below, line] = [panels * panelBytes(rows), panels * panelBytes(inner), 64 * panels];
    const places = [4 * 8 * inner, 4 * 6 * rows, size, size, below, size, (steps + 1) * size, 2 * steps * line, size];
    const [up = 0, down = 0, D = 0, masked = 0, bottom = 0, made = 0, basis = 0, coefficients = 0, u = 0, calls = 0] =
      places.reduce<number[]>(
        (offsets, bytes) => [...offsets, (offsets.at(-1) ?? 0) + 64 * Math.ceil(bytes / 64)],
        [64],
      );
    const full: readonly PanelCall[] = [
      { kind: MASK, a: 0, x: 0, y: masked, slopes: D, rows, inner: rows },
      { kind: PRODUCT, a: down, x: masked, y: bottom, slopes: 0, rows: inner, inner: rows },
      { kind: PRODUCT, a: up, x: bottom, y: made, slopes: D, rows, inner },
    ];
    const plain: readonly PanelCall[] = [{ kind: COPY, a: 0, x: 0, y: made, slopes: 0, rows, inner: rows }];
    for (const every of [0, 3, 50]) {
      for (const own of [full, plain]) {
        const all = numbers(calls / 4 + CALL_WORDS * own.length, 3, every);
        const run = ({ kernels, words }: PanelMemory): void => {
          words().set(own.flatMap(callWords), calls / 4);
          kernels.steps(calls, own.length, made, panels, together, 0, 1, basis, coefficients, rows);
          kernels.steps(calls, own.length, made, panels, together, 1, steps, basis, coefficients, rows);
          kernels.combine(basis, coefficients, u, rows, panels, steps);
        };
        expect(leaves(kernelMemory(), all, run)).toEqual(leaves(loopMemory(), all, run));
      }
    }
  });

  test("have the loops' bits on the way to panels and back, wherever a matrix stands", () => {
    const [rows, columns] = [3, 21];
    const values = Float64Array.from(numbers(rows * columns, 6, 5), (v, i) => (i % 2 === 0 ? v : v / 3));
    const list = [20, 3, 16, 0, 1, 20];
    const [panels, listAt, here] = [64, 64 + 2 * panelBytes(rows), 1024];
    const run = (memory: PanelMemory, own: Float64Array): number[] => {
      memory.fill(panels, own, columns, rows);
      memory.words().set(list, listAt / 4);
      const found = Array.from(memory.singles().subarray(panels / 4, listAt / 4));
      memory.take(panels, rows, listAt, list.length / 2, own, columns);
      return [...found, ...own];
    };
    const workspace = createWorkspace();
    if (workspace === null) throw new Error("this runtime has no WebAssembly SIMD");
    const standing = new Float64Array(workspace.numbers().buffer, here, values.length);
    standing.set(values);
    const expected = run(loopMemory(), values.slice());
    expect(run(panelMemory(workspace), standing)).toEqual(expected);
    expect(run(kernelMemory(), values.slice())).toEqual(expected);
    // Row 1, column 20: in the second panel, and taken to column 3.
    expect(expected[panelBytes(rows) / 4 + 16 + 4]).toBe(Math.fround(values[41] ?? NaN));
    expect(expected.slice(-rows * columns)[columns + 3]).toBe(Math.fround(values[41] ?? NaN));
  });

  // Coefficients as of iterations: some that settle, some with a β of rounding, some of zeros, some beyond what f32 has room for.
  test.each([1, 5, 12, 31])(
    "have the loops' bits in the question after %i steps, whoever stands beside a column",
    (steps) => {
      const columns = 32;
      const taken = 8 * steps * columns;
      const weights = taken + 4 * columns;
      const scratch = weights + 4 * steps * columns;
      const coefficients = (at: number): number => {
        const [step, column] = [Math.floor(at / (2 * columns)), at % columns];
        const size = 2 ** (column === 7 ? 60 : column === 8 ? -60 : 0);
        if (at % (2 * columns) < columns) return column === 3 ? 0 : size * (1 + Math.abs(Math.sin(column + 3 * step)));
        if (column === 4 && step === 3) return 1e-7;
        return column === 3 ? 0 : size * 0.7 ** (step * (column % 5));
      };
      for (const every of [0, 17]) {
        const special = numbers(2 * steps * columns, 5, every);
        const all = new Float32Array(scratch / 4);
        for (let at = 0; at < 2 * steps * columns; at++)
          all[at] = every > 0 && (at * 7 + 5) % every === 0 ? (special[at] ?? 0) : coefficients(at);
        for (const [cap, last, twice] of [
          [0, 0, 2e-3],
          [0, 1, 2e-3],
          [4, 0, 0],
        ] as const) {
          const run = (memory: PanelMemory): void => {
            memory.holds(scratch + SETTLE_BYTES);
            memory.kernels.settle(
              ...([0, columns, steps, cap, last, 2 ** -18, twice, 2e-4] as const),
              ...([2 ** -40, 2 ** 40, taken, weights, scratch] as const),
            );
          };
          const found = leaves(kernelMemory(), all, run);
          expect(found).toEqual(leaves(loopMemory(), all, run));
          // Turned by five columns: other neighbours.
          const turned = all.map((_, at) => all[at - (at % columns) + ((at + 5) % columns)] ?? NaN);
          const again = leaves(kernelMemory(), turned, run);
          for (let at = taken / 4; at < all.length; at++)
            expect(again[at]).toBe(found[at - (at % columns) + ((at + 5) % columns)]);
        }
      }
    },
  );

  test("have the loops' bits in a choice of columns, in place", () => {
    const [rows, panels, blocks] = [7, 3, 2];
    const size = panelBytes(rows);
    const all = numbers((blocks * panels * size) / 4 + 48, 4, 0);
    const chosen = [0, 1, 5, 17, 40];
    new Int32Array(all.buffer).set(chosen, (blocks * panels * size) / 4);
    const run = ({ kernels }: PanelMemory): void => {
      kernels.pick(0, 0, blocks, size, panels, 1, blocks * panels * size, chosen.length);
    };
    const found = leaves(kernelMemory(), all, run);
    expect(found).toEqual(leaves(loopMemory(), all, run));
    // Row 1 of the second block.
    const at = (block: number, column: number): number =>
      ((block * panels + Math.floor(column / 16)) * size) / 4 + 16 + (column % 16);
    expect(found.slice(size / 4 + 16, size / 4 + 32)).toEqual([
      ...chosen.map((column) => all[at(1, column)]),
      ...Array.from({ length: 11 }, () => 0),
    ]);
  });
});

const WIDTHS = [9, 21, 17, 5];

function network(scale: number): Network {
  const activations = ["tanh", "relu", "identity"] as const;
  return randomNetwork({ seed: 3, index: 0, widths: WIDTHS, activations, initialiser: "he", biasScale: 0.1, scale });
}

const planOf = (of: Network) =>
  makePlan(of, { head: { kind: "sum" }, precision: "f64", norm: "spectral", accuracy: 1e-3, seed: 1 });

describe("the iteration in f32", () => {
  test("finds the same bits by kernels and by loops", () => {
    const plan = planOf(network(1));
    const operators = makeOperators(plan, undefined);
    const samples = 19;
    const { base, iterations } = operators.program(samples);
    const inputs = fillInputs({ distribution: "normal", scale: 1, seed: 8 }, 0, samples, 9);
    const frame = new Frame(operators, 0, null);
    frame.put(
      base.inputs,
      Float64Array.from(inputs, (_, at) => inputs[(at % samples) * 9 + Math.floor(at / samples)] ?? NaN),
    );
    runCalls(frame, base.stages);
    for (const own of iterations) {
      runCalls(frame, [own.start]);
      const found = [kernelMemory(), loopMemory()].map((memory) => {
        const { search, ...rest } = searchPanels(frame, own, base.slopes.slice(0, own.t - 1), 1e-3, undefined, memory);
        return { ...rest, searches: Array.from({ length: samples }, (_, sample) => search(sample)) };
      });
      expect(found[0]).toEqual(found[1]);
      expect(found[0]?.left).toHaveLength(0);
    }
  });

  // Saturated units: slopes of the first layer down to tanh′(20) = 1.7e-17, so ‖J_t‖² far below what f32 squares.
  test("leaves to f64 what f32 has no room for", async () => {
    const own = network(1);
    const [first, ...rest] = own.layers;
    if (first === undefined) throw new Error("no layers");
    const saturated: Network = { layers: [{ ...first, bias: first.bias.map(() => 20) }, ...rest] };
    const samples = 5;
    const inputs = fillInputs({ distribution: "normal", scale: 0.1, seed: 8 }, 0, samples, 9);
    const engine = createCpuEngine({ threads: 0, runtime: "test" });
    const measure = async (accuracy: number) => {
      const plan = { ...planOf(saturated), accuracy };
      const { measurements } = await engine.measure(plan, { first: 0, samples, inputs, labels: null });
      return measurements.witnesses.map((w) =>
        w === null ? [] : Array.from(w.pullbackNorm, (c, j) => c / (w.vectorNorm[j] ?? NaN)),
      );
    };
    const coarse = await measure(1e-3);
    const fine = await measure(1e-9);
    fine.flat().forEach((norm, i) => {
      expect(norm).toBeLessThan(2 ** -40);
      expect(Math.abs((coarse.flat()[i] ?? NaN) / norm - 1)).toBeLessThan(1e-3);
    });
    expect(fine.flat()).toHaveLength(10);
  });
});
