import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import type { RowBlock } from "../../src/records/row-block.ts";
import { decimal, writeLines } from "../../src/report/row-lines.ts";
import { rowLine } from "../../src/report/rows.ts";
import { ROW } from "./sample.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

const SMALLEST_NORMAL = 2 ** -1022;

/** As JSON has it, but for numbers that are subnormal or not finite, which are left to it. */
function expectDecimal(value: number): void {
  const isLeft = !Number.isFinite(value) || (value !== 0 && Math.abs(value) < SMALLEST_NORMAL);
  if (decimal(value) !== (isLeft ? null : JSON.stringify(value))) {
    expect([value, decimal(value)]).toEqual([value, isLeft ? null : JSON.stringify(value)]);
  }
}

test("numbers are written as JavaScript writes them: neighbours of all powers of two and of ten", () => {
  const view = new DataView(new ArrayBuffer(8));
  const neighbours = (x: number): void => {
    view.setFloat64(0, x);
    const bits = view.getBigUint64(0);
    for (const step of [-2n, -1n, 0n, 1n, 2n]) {
      view.setBigUint64(0, bits + step);
      expectDecimal(view.getFloat64(0));
      expectDecimal(-view.getFloat64(0));
    }
  };
  for (let e = -1022; e < 1024; e++) neighbours(2 ** e);
  for (let e = -307; e < 309; e++) for (let d = 1; d < 10; d++) neighbours(Number(`${String(d)}e${String(e)}`));
  for (const x of [0, -0, 2 ** 53, 2 ** 53 + 2, 1e21, 999999999999999900000, 1e-6, 9.99e-7, 2 ** -1074])
    expectDecimal(x);
});

test("and any bits, any share of a power of ten, any whole number", () => {
  const view = new DataView(new ArrayBuffer(8));
  const bits = fc.bigInt(0n, 2n ** 64n - 1n).map((n) => {
    view.setBigUint64(0, n);
    return view.getFloat64(0);
  });
  const short = fc.tuple(fc.nat(10 ** 6), fc.integer({ min: -20, max: 20 })).map(([n, e]) => n * 10 ** e);
  fc.assert(
    fc.property(fc.oneof(bits, short, fc.maxSafeNat(), fc.double({ min: 0, max: 1, noNaN: true })), expectDecimal),
    { numRuns: 20000 },
  );
});

/** Rows that are not plain and rows with a subnormal number between others. */
const block = (): RowBlock => {
  const { layers, ...own } = ROW;
  const rows = [0, 1, 2, 3].map((index) => ({ ...own, index, value: index === 2 ? 2 ** -1060 : index / 3, layers }));
  const column = (of: (row: (typeof rows)[number]) => number | null) =>
    Float64Array.from(rows, (row) => of(row) ?? NaN);
  return {
    ...{ first: 0, samples: 4, plain: Uint8Array.of(1, 0, 1, 1) },
    numbers: {
      ...Object.fromEntries(
        Object.entries(ROW)
          .filter(([, x]) => typeof x === "number")
          .map(([key, x]) => [key, Float64Array.from(rows, () => x as number)]),
      ),
      value: column((row) => row.value),
    } as unknown as RowBlock["numbers"],
    layers: layers as unknown as RowBlock["layers"],
    row: (at) => rows[at] as (typeof rows)[number],
  };
};

function textOf(write: typeof writeLines): string {
  const decoder = new TextDecoder();
  let text = "";
  write(block(), (piece) => (text += typeof piece === "string" ? piece : decoder.decode(piece)));
  return text;
}

test("rows keep their order, whichever way each is written", () => {
  const rows = block();
  expect(textOf(writeLines)).toBe([0, 1, 2, 3].map((at) => rowLine(rows.row(at))).join(""));
});

test("without WebAssembly the text is the same", async () => {
  vi.stubGlobal("WebAssembly", undefined);
  vi.resetModules();
  const other = await import("../../src/report/row-lines.ts");
  expect(other.decimal(1)).toBeNull();
  expect(textOf(other.writeLines)).toBe(textOf(writeLines));
});
