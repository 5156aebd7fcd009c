/** Small files that ask for much: refused at a stated budget, or read in time that grows with their length. */
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { BudgetError, createBudget } from "../../src/formats/budget.ts";
import { readCsv } from "../../src/formats/csv.ts";
import { checkDepth } from "../../src/formats/json-depth.ts";
import { readModelJson } from "../../src/formats/model-json.ts";
import { writeNpy } from "../../src/formats/npy.ts";
import { readMatrix, readModel } from "../../src/formats/read.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { FormatError, ModelError } from "../../src/network/errors.ts";
import { readWitness } from "../../src/witness/file.ts";
import { zip } from "../support/zip.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("memory", () => {
  const idx = new Uint8Array(8 + 4 + 2 ** 20);
  idx.set([0, 0, 8, 2, 0, 0, 16, 0, 0, 0, 1, 0]);
  const tooMuch = /: found more than 1 MiB when read and unpacked, expected at most that; raise it with --max-memory$/;

  test("gzip data beyond the budget are refused before they are unpacked, and a larger budget reads them", async () => {
    const packed = new Uint8Array(gzipSync(idx));
    expect(packed.length).toBeLessThan(2 ** 12);
    await expect(readMatrix(packed, "b.gz", { budget: createBudget(2 ** 20) })).rejects.toThrow(tooMuch);
    expect((await readMatrix(packed, "b.gz", { budget: createBudget(2 ** 21) })).rows).toBe(4096);
  });

  test("what an .npz unpacks to counts", async () => {
    const packed = zip([{ name: "x.npy", content: writeNpy([4096, 32], new Float64Array(2 ** 17), "f64"), method: 8 }]);
    await expect(readMatrix(packed, "x.npz", { budget: createBudget(2 ** 20) })).rejects.toThrow(tooMuch);
    expect((await readMatrix(packed, "x.npz", { budget: createBudget(2 ** 21) })).rows).toBe(4096);
  });

  test("a model's numbers and a table's count 8 bytes each", async () => {
    const weight = { shape: [512, 512], values: new Float64Array(2 ** 18).fill(1) };
    const file = writeSafetensors(new Map([["0.weight", weight]]), "F16");
    const options = { activation: "relu" };
    await expect(readModel(file, "m", { ...options, budget: createBudget(2 ** 20) })).rejects.toThrow(tooMuch);
    await expect(readModel(file, "m", { ...options, budget: createBudget(2 ** 22) })).resolves.toBeDefined();
    const table = bytes("1,2,3,4\n".repeat(2 ** 16));
    await expect(readMatrix(table, "t.csv", { budget: createBudget(2 ** 20) })).rejects.toThrow(tooMuch);
    expect((await readMatrix(table, "t.csv", { budget: createBudget(2 ** 23) })).rows).toBe(2 ** 16);
  });

  test("one budget serves all files of a run", () => {
    const budget = createBudget(1000);
    budget.claim(600, "a");
    expect(() => {
      budget.claim(600, "b");
    }).toThrow(BudgetError);
    budget.release(600);
    budget.claim(600, "b");
  });

  test("zip entries that share their bytes are refused", async () => {
    const whole = zip([
      { name: "a.npy", content: writeNpy([4], [1, 2, 3, 4], "f64"), method: 8 },
      { name: "b.npy", content: writeNpy([4], [1, 2, 3, 4], "f64"), method: 8 },
    ]);
    const view = new DataView(whole.buffer, whole.byteOffset);
    // The second entry of the directory points to the first file.
    const second = Buffer.from(whole).lastIndexOf("PK\u0001\u0002", undefined, "latin1");
    view.setUint32(second + 42, 0, true);
    await expect(readMatrix(whole, "x.npz", { array: "b" })).rejects.toThrow("b.npy in the bytes of a.npy");
  });

  test("a shape without a number but with 2^50 rows is no layer", async () => {
    const header = bytes('{"0.weight":{"dtype":"F32","shape":[1125899906842624,0],"data_offsets":[0,0]}}  ');
    const file = new Uint8Array(8 + header.length);
    file[0] = header.length;
    file.set(header, 8);
    await expect(readModel(file, "m.safetensors", { activation: "relu" })).rejects.toThrow(ModelError);
  });

  test("readers of tables and archives pause, and what a pause throws ends them", async () => {
    const stop = new Error("stop");
    const pause = (): Promise<void> => Promise.reject(stop);
    await expect(readMatrix(bytes("1,2\n".repeat(5000)), "t.csv", { pause })).rejects.toBe(stop);
    await expect(readMatrix(new Uint8Array(gzipSync(idx)), "b.gz", { pause })).rejects.toBe(stop);
  });
});

describe("layers", () => {
  test.each([
    ["numbered", (i: number) => `${String(i)}.weight`],
    [
      "unnumbered",
      (i: number) =>
        `${"ab".repeat(1 + (i % 7))}${i.toString(26).replace(/\d/g, (d) => "zyxwvutsrq".charAt(Number(d)))}.weight`,
    ],
    ["of half a parametrisation", (i: number) => `l${String(i)}.parametrizations.weight.original0`],
  ])("20,000 of them, %s, take time that grows with their number", async (_, name) => {
    const one = { shape: [1, 1], values: [1] };
    const file = writeSafetensors(new Map(Array.from({ length: 20_000 }, (_, i) => [name(i), one])), "F32");
    const startedMs = performance.now();
    await readModel(file, "m.safetensors", { activation: "relu" }).catch((error: unknown) => {
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).toMatch(/^m\.safetensors: /);
    });
    // A search through all of them for each takes minutes.
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});

describe("CSV", () => {
  test.each([
    ["digits", "1".repeat(400_000)],
    ["digits and a letter", `${"1".repeat(400_000)}x`],
    ["spaces and a quote", `${" ".repeat(400_000)}"`],
    ["quotes", '"'.repeat(400_000)],
    ["quoted quotes and a letter", `"${'""'.repeat(200_000)}"x`],
    ["cells of spaces", '" " '.repeat(100_000)],
  ])("%s: in time that grows with the length", async (_, text) => {
    const startedMs = performance.now();
    for (const head of ["", "a,b\n"]) {
      await readCsv(bytes(`${head}${text}\n`), "t.csv").catch((error: unknown) => {
        expect(error).toBeInstanceOf(FormatError);
      });
    }
    // A quadratic pattern takes a minute and more.
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });

  test.each(["constructor", "__proto__", "toString", "valueOf"])("a cell %s is no number", async (cell) => {
    await expect(readCsv(bytes(`1,2\n3,${cell}\n`), "t.csv")).rejects.toThrow(
      `t.csv: line 2, column 2: found "${cell}", expected a number`,
    );
  });

  test.each([
    ['1,"2", "3" \n', [1, 2, 3]],
    ['"1""0",2\n', null],
    ["1,\n", null],
    ['1,"2\n', null],
    ['1,"2"x\n', null],
    ['1x"2"\n', null],
  ])("%j reads as %j", async (text, values) => {
    const read = readCsv(bytes(`0,0,0\n${text}`), "t.csv");
    if (values === null) await expect(read).rejects.toThrow(FormatError);
    else expect([...(await read).values].slice(3)).toEqual(values);
  });
});

describe("depth", () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  test("JSON nested deep is refused in one line, as a model and as a witness", async () => {
    expect(() => readModelJson(deep, "m.json", {})).toThrow(
      /^m\.json: found lists and objects nested more than 64 deep/,
    );
    await expect(readWitness(`{"measured": ${deep}}`, "w.json")).rejects.toThrow(FormatError);
  });
  test("brackets within strings do not count", () => {
    expect(() => {
      checkDepth(JSON.stringify({ a: `\\"${"[{".repeat(1000)}` }), "x");
    }).not.toThrow();
  });
});
