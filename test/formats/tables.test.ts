import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DataOptions } from "../../src/formats/read.ts";
import { readMatrix } from "../../src/formats/read.ts";
import { FormatError, UsageError } from "../../src/network/errors.ts";

async function csv(
  content: string | Uint8Array,
  options: DataOptions = {},
): Promise<{ rows: number; columns: number; values: number[] }> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const { values, ...size } = await readMatrix(bytes, "x.csv", options);
  return { ...size, values: Array.from(values) };
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof FormatError || error instanceof UsageError) return error.message;
    throw error;
  }
  return "read";
}

describe("CSV", () => {
  test("reads rows with or without a header, quotes, spaces, both line ends and a byte order mark", async () => {
    const expected = { rows: 2, columns: 3, values: [1, -2.5, 3e-4, 4, 5, 6] };
    for (const text of [
      "1,-2.5,3e-4\n4,5,6\n",
      "a,b,c\n1,-2.5,3e-4\n4,5,6",
      '\ufeff"a","b, or ""c""",d\r\n"1", "-2.5" ,3e-4\r\n4,5,6\r\n\r\n',
      " 1 , -2.5 , +.3e-3\n4.,5,6",
    ])
      expect(await csv(text)).toEqual(expected);
  });

  test("numbers written by their shortest digits read back to the same bits, across the pieces it is decoded in", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double(), { minLength: 1, maxLength: 60 }), async (values) => {
        expect((await csv(values.map((v) => (Object.is(v, -0) ? "-0" : String(v))).join("\n"))).values).toEqual(values);
      }),
    );
    const many = Array.from({ length: 300_000 }, (_, i) => i / 7);
    expect((await csv(`é\n${many.join("\n")}`)).values).toEqual(many);
  });

  test("nan and inf are numbers, for the run to call invalid", async () => {
    expect((await csv("nan,NaN,inf\n-Infinity,+inf,1")).values).toEqual([NaN, NaN, Infinity, -Infinity, Infinity, 1]);
  });

  test("--array does not apply", async () => {
    const read = readMatrix(new TextEncoder().encode("1,2"), "x.csv", { array: "a" });
    expect(await refusal(read)).toBe("--array a: x.csv is one table, expected no --array");
  });

  test.each([
    ["1,2\n3,x\n", 'x.csv: line 2, column 2: found "x", expected a number'],
    ["a,b\n1,\n", 'x.csv: line 2, column 2 (b): found "", expected a number'],
    ["1,2\n3\n", "x.csv: line 2: found 1 cells, expected 2 as in the first line"],
    ["a,b\n3,4\n1,0x10", 'x.csv: line 3, column 2 (b): found "0x10", expected a number'],
    ['1,"2\n', 'x.csv: line 1: found a quote out of place, expected cells as 1.5,"2",3'],
    ["", "x.csv: found an empty file, expected data as .npy, .npz, .safetensors, .csv, .parquet or IDX"],
    ["# only a comment\n\n", "x.csv: found the shape 0 × 0, expected at least one sample and one value"],
    ["a,b\n", "x.csv: found the shape 0 × 2, expected at least one sample and one value"],
  ])("%j is refused", async (text, expected) => {
    expect(await refusal(csv(text))).toBe(expected);
  });
});

describe("how a table is written is read where there is no doubt", () => {
  const numbers = [1.5, -2, 3, 4];
  const utf16 = (text: string, isBig: boolean): Uint8Array => {
    const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
    return new Uint8Array(isBig ? bytes.swap16() : bytes);
  };

  test.each([
    ["semicolons", "1.5;-2\n3;4\n"],
    ["bars", "a|b\n1.5|-2\n3|4\n"],
    ["tabs", "1.5\t-2\n3\t4\n"],
    ["spaces, as numpy.savetxt", " 1.500e+00  -2\n3 4\n"],
    ["decimal commas between semicolons", "1,5;-2,0\n3;4\n"],
    ["decimal commas between tabs", "1,5\t-2\n3,0\t4\n"],
    ["decimal commas between spaces", "1,5 -2\n3 4,0\n"],
    ["commas and spaces", "1.5, -2\n3, 4\n"],
    ["a separator at every end", "1.5,-2,\n3,4,\n"],
    ["a separator at every end but the header's", "a,b\n1.5,-2,\n3,4,\n"],
    ["Excel's own line", "sep=;\r\na;b\r\n1.5;-2\r\n3;4\r\n"],
    ["a header behind #", "# a,b\n1.5,-2\n3,4\n"],
    ["# between the rows", "# x\n# y\na,b\n1.5,-2\n\n# half\n3,4\n"],
    ["CR alone", "a,b\r1.5,-2\r3,4\r"],
    ["Fortran's exponents", "0.15D+01,-2\n3.0d0,4\n"],
    ["UTF-16, little-endian", utf16("a,b\n1.5,-2\n3,4\n", false)],
    ["UTF-16, big-endian", utf16("1.5;-2\r\n3;4\r\n", true)],
  ])("%s", async (_, content) => {
    expect((await csv(content)).values).toEqual(numbers);
  });

  test("CR LF is one end of a line where a piece of the file ends between the two", async () => {
    // A piece is 2^20 bytes; rows are of eight.
    const rows = Array.from({ length: 150_000 }, (_, i) => String(100_000 + i));
    expect((await csv(`7\r\n${"1".repeat(4)}\r\n${rows.join("\r\n")}`)).values).toEqual([7, 1111, ...rows.map(Number)]);
  });

  test("what Microsoft's C library wrote for no number is none", async () => {
    expect((await csv("1.#QNAN,-1.#IND\n1.#INF,-1.#INF\n")).values).toEqual([NaN, NaN, Infinity, -Infinity]);
  });

  test.each([
    [
      "1,234;5\n6,789;7\n",
      "x.csv: found numbers such as 1,234 between semicolons, which may be thousands or decimals; expected a decimal point",
    ],
    [
      "a\0,\0b\0\n\0",
      "x.csv: found zero bytes in a table: UTF-16 without a byte order mark, or no text; expected UTF-8, or UTF-16 with its mark",
    ],
    ["a,b\n1,2,\n3,4\n", "x.csv: line 2: found 3 cells, expected 2 as in the first line"],
    ['a,b\n"1,234",2\n', 'x.csv: line 2, column 1 (a): found "1,234", expected a number'],
    ["1,1e999\n", 'x.csv: line 1, column 2: found "1e999", expected a number within the range of f64'],
    [
      "1,constructor\n",
      'x.csv: line 1, column 2: found "constructor" beside numbers, expected a number, or names alone in a header',
    ],
    ["1,2\n3,\u001b[31m\n", 'x.csv: line 2, column 2: found "\\u{1b}[31m", expected a number'],
  ])("%j is refused", async (text, expected) => {
    expect(await refusal(csv(text))).toBe(expected);
  });

  test.each([["1".repeat(2e5)], [`${" ".repeat(2e5)}"`], ["1,".repeat(1e5)], [`"${'""'.repeat(1e5)}`]])(
    "a long line takes a time in proportion to it",
    async (text) => {
      const startMs = performance.now();
      await csv(text).catch(() => undefined);
      // Quadratic: over 20 s.
      expect(performance.now() - startMs).toBeLessThan(2000);
    },
  );
});

describe("the first row is a header, or none, or asked about", () => {
  const noted = async (text: string, header?: "yes" | "no"): Promise<[number, string[]]> => {
    const notes: string[] = [];
    const note = (line: string): void => void notes.push(line);
    const { rows } = await csv(text, { note, ...(header === undefined ? {} : { header }) });
    return [rows, notes];
  };

  test("names alone are one, which is said; numbers alone are none", async () => {
    expect(await noted("a,b\n1,2\n")).toEqual([1, ["x.csv: line 1 is taken as the header: a, b"]]);
    expect(await noted("nan,2\n1,2\n")).toEqual([2, []]);
    expect(await noted("0\n1\n")).toEqual([2, []]);
  });

  test("--header decides, over what the cells say", async () => {
    expect(await noted("1,2\n3,4\n", "yes")).toEqual([1, ["x.csv: line 1 is taken as the header: 1, 2"]]);
    expect(await refusal(csv("a,b\n1,2\n", { header: "no" }))).toBe(
      'x.csv: line 1, column 1: found "a", expected a number',
    );
  });

  test("0, 1, … as pandas numbers columns is refused until --header decides", async () => {
    const text = "0,1,2\n5,6,7\n";
    expect(await refusal(csv(text))).toBe(
      "x.csv: line 1: found 0, 1, … 2, which may be a row or a header as pandas writes it; expected --header yes or --header no",
    );
    expect((await noted(text, "yes"))[0]).toBe(1);
    expect((await noted(text, "no"))[0]).toBe(2);
  });

  test.each([
    ["1,NA\n1,2\n", 'column 2: found "NA" beside numbers, expected'],
    ["1,\n1,2\n", 'column 2: found "" beside numbers, expected'],
    ["1..5,2\n1,2\n", 'column 1: found "1..5" beside numbers, expected'],
    ["\u22121.0,2\n1,2\n", 'column 1: found "\u22121.0" beside numbers, expected'],
    ["1..5\n2\n", 'column 1: found "1..5", expected a number'],
    ["NA,NA\n1,2\n", 'column 1: found "NA", expected a number'],
    [",\n1,2\n", 'column 1: found "" (an index column'],
    [",0,1\n0,5,6\n", 'column 1: found "" beside numbers (an index column, as pandas writes without index=False?)'],
    [",a,b\n0,5,6\n", "found a header whose first name is empty: an index column"],
  ])("%j mixes, and is refused at line 1", async (text, expected) => {
    const message = await refusal(csv(text));
    expect(message).toContain("x.csv: line 1");
    expect(message).toContain(expected);
  });
});
