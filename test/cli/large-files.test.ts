/** Data files that are read in blocks: the same numbers and digest as of the whole, and what becomes of a file that changes. */
import { createHash } from "node:crypto";
import { truncateSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openLarge } from "../../src/cli/large-files.ts";
import { PIECE_BYTES, reading } from "../../src/cli/files.ts";
import { writeIdx } from "../../src/formats/idx.ts";
import { writeNpy } from "../../src/formats/npy.ts";
import { readMatrix } from "../../src/formats/read.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { temporary } from "../support/temporary.ts";

const COLUMNS = 8;
/** A little more than one piece in the narrowest of the types below. */
const count = (bytes: number): number => COLUMNS * Math.ceil((1.05 * PIECE_BYTES) / bytes / COLUMNS);
const ramp = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => (i * 7) % 251);

const own = reading({ note: () => undefined, now: () => performance.now(), signal: new AbortController().signal });
const { folder, write } = temporary();

describe("a large file", () => {
  const rowsOf = (n: number): [number, number] => [n / COLUMNS, COLUMNS];
  const tensors = new Map([
    ["a", { shape: [3], values: ramp(3) }],
    ["b", { shape: rowsOf(count(4)), values: ramp(count(4)) }],
  ]);
  test.each([
    ["f64.npy", () => writeNpy(rowsOf(count(8)), ramp(count(8)), "f64"), undefined],
    ["f32.npy", () => writeNpy(rowsOf(count(4)), ramp(count(4)), "f32"), undefined],
    ["u8.idx2-ubyte", () => writeIdx(rowsOf(count(1)), ramp(count(1))), undefined],
    ["two.safetensors", () => writeSafetensors(tensors, "F32"), "b"],
  ] as const)("has in blocks the rows and the digest that it has whole: %s", async (name, make, array) => {
    const bytes = make();
    const large = await openLarge(write(name, bytes), { array }, own);
    const whole = await readMatrix(bytes, name, { array });
    expect([large?.rows, large?.columns]).toEqual([whole.rows, COLUMNS]);
    expect(large?.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    for (const [first, rows] of [
      [0, 3],
      [whole.rows - 2, 2],
      [12_345, 1000],
    ] as const) {
      const found = large?.read(first, rows);
      expect(found).toEqual(whole.values.slice(first * COLUMNS, (first + rows) * COLUMNS));
    }
  });

  test("has in blocks the rows and the digest that it has whole: table.csv", async () => {
    const lines = Array.from({ length: 1_100_000 }, (_, i) => `${String(i)},${String(-i / 8)}\n`);
    const bytes = new TextEncoder().encode(lines.join(""));
    const large = await openLarge(write("table.csv", bytes), {}, own);
    expect([large?.rows, large?.columns]).toEqual([lines.length, 2]);
    expect(large?.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(large?.read(1_000_000, 2)).toEqual(Float64Array.of(1_000_000, -125_000, 1_000_001, -125_000.125));
  });

  const npy = (): Uint8Array => writeNpy(rowsOf(count(8)), ramp(count(8)), "f64");
  test("is left to be read whole where it is small, packed, of another format, or not the array that is asked for", async () => {
    const bytes = npy();
    for (const [name, content, array] of [
      ["small.npy", writeNpy([2, 2], ramp(4), "f64"), undefined],
      ["table.csv", Buffer.from(`\ufeff${"1,2\n".repeat(PIECE_BYTES / 6)}`, "utf16le"), undefined],
      ["asked.npy", bytes, "x"],
      ["more.npy", Buffer.concat([bytes, Uint8Array.of(0)]), undefined],
      ["both.safetensors", writeSafetensors(tensors, "F32"), undefined],
    ] as const) {
      expect(await openLarge(write(name, content), { array }, own), name).toBeNull();
    }
    expect(await openLarge(join(folder, "none.npy"), {}, own)).toBeNull();
  });

  test("that is cut is refused as it is when it is read whole", async () => {
    const cut = npy().subarray(0, -1);
    const message = (found: unknown): string =>
      found instanceof Error ? found.message.replace(/^.*: found/, "found") : "";
    const large = await openLarge(write("cut.npy", cut), {}, own).catch(message);
    expect(large).toMatch(/^found \d+ bytes of data, expected \d+ for the shape/);
    expect(large).toBe(await readMatrix(cut, "cut.npy").catch(message));
  });

  test.each([
    [
      "is shorter",
      (file: string) => {
        truncateSync(file, PIECE_BYTES);
      },
    ],
    [
      "has another time",
      (file: string) => {
        utimesSync(file, 1, 1);
      },
    ],
  ] as const)("that %s when its rows are asked for is refused", async (_, change) => {
    const file = write("changed.npy", npy());
    const large = await openLarge(file, {}, own);
    expect(large?.read(5, 1)).toHaveLength(COLUMNS);
    change(file);
    expect(() => large?.read(5, 1)).toThrow(`${file}: found it changed while it was being read`);
  });
});
