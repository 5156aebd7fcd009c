import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readMatrix } from "../../src/formats/read.ts";
import { FormatError, UsageError } from "../../src/network/errors.ts";

async function csv(text: string): Promise<{ rows: number; columns: number; values: number[] }> {
  const { values, ...size } = await readMatrix(new TextEncoder().encode(text), "x.csv");
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
    ["a,0x10\n3,4\n1,0x10", 'x.csv: line 3, column 2 (0x10): found "0x10", expected a number'],
    ['1,"2\n', 'x.csv: line 1: found a quote out of place, expected cells as 1.5,"2",3'],
    ["", "x.csv: found an empty file, expected data as .npy, .npz, .safetensors, .csv or IDX"],
    ["# only a comment\n\n", "x.csv: found the shape 0 × 0, expected at least one sample and one value"],
    ["a,b\n", "x.csv: found the shape 0 × 2, expected at least one sample and one value"],
  ])("%j is refused", async (text, expected) => {
    expect(await refusal(csv(text))).toBe(expected);
  });
});
