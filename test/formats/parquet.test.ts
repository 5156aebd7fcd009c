/** Inputs from Parquet: columns of numbers, or one of lists, as rows; anything else refused by its column's name. */
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { createBudget } from "../../src/formats/budget.ts";
import { openRows, readMatrix } from "../../src/formats/read.ts";

type Columns = Parameters<typeof parquetWriteBuffer>[0]["columnData"];
const file = (columnData: Columns, rowGroupSize = 1000): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));

describe("a Parquet table", () => {
  test("is rows of its columns, in their order, whatever their type and however many row groups", async () => {
    const rows = 2500;
    const at = (f: (i: number) => number): number[] => Array.from({ length: rows }, (_, i) => f(i));
    const bytes = file([
      { name: "b", data: at((i) => i / 8), type: "DOUBLE" },
      { name: "a", data: at((i) => Math.fround(i / 7)), type: "FLOAT" },
      { name: "n", data: Int32Array.from(at((i) => i - 1000)), type: "INT32" },
      {
        name: "long",
        data: BigInt64Array.from(
          at((i) => i * 4096),
          BigInt,
        ),
        type: "INT64",
      },
    ]);
    const { rows: found, columns, values } = await readMatrix(bytes, "x.parquet");
    expect([found, columns]).toEqual([rows, 4]);
    const right = at((i) => i).flatMap((i) => [i / 8, Math.fround(i / 7), i - 1000, i * 4096]);
    expect(Buffer.from(values.buffer).equals(Buffer.from(Float64Array.from(right).buffer))).toBe(true);
    const { read } = await openRows(bytes, "renamed.dat");
    expect(read(1999, 1)).toEqual(Float64Array.of(1999 / 8, Math.fround(1999 / 7), 999, 1999 * 4096));
  });

  /** A column of lists of doubles "x", as pandas writes arrays, beside a column of numbers where there is one. */
  const lists = (x: readonly (readonly number[])[], label: readonly number[] | null): Uint8Array =>
    new Uint8Array(
      parquetWriteBuffer({
        schema: [
          { name: "root", num_children: label === null ? 1 : 2 },
          { name: "x", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
          { name: "list", repetition_type: "REPEATED", num_children: 1 },
          { name: "element", repetition_type: "OPTIONAL", type: "DOUBLE" },
          ...(label === null ? [] : [{ name: "label", repetition_type: "REQUIRED", type: "DOUBLE" } as const]),
        ],
        columnData: [
          { name: "x", data: x as number[][] },
          ...(label === null ? [] : [{ name: "label", data: label as number[] }]),
        ],
      }),
    );
  test("of lists of one length is rows of them, alone or where it is asked for by its name", async () => {
    const x = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    const alone = await readMatrix(lists(x, null), "x.parquet");
    expect([alone.rows, alone.columns, [...alone.values]]).toEqual([2, 3, [1, 2, 3, 4, 5, 6]]);
    const beside = lists(x, [7, 8]);
    const [named, label] = [
      await readMatrix(beside, "x.parquet", { array: "x" }),
      await readMatrix(beside, "x.parquet", { array: "label" }),
    ];
    expect([[...named.values], [...label.values]]).toEqual([
      [1, 2, 3, 4, 5, 6],
      [7, 8],
    ]);
    await expect(readMatrix(beside, "x.parquet")).rejects.toThrow(
      "x.parquet: found a column of lists beside others (x, label), expected FILE#COLUMN",
    );
    await expect(readMatrix(lists([[1, 2], [3]], null), "x.parquet")).rejects.toThrow(
      "x.parquet: column x, row 1: found a list of 1, expected 2 as in the others",
    );
  });

  test.each([
    ["text", { name: "s", data: ["a", "b"], type: "STRING" }, /column s: found UTF8, expected numbers/],
    ["nothing", { name: "x", data: [1, null], type: "DOUBLE" }, /column x, row 1: found nothing, expected a number/],
    ["a time", { name: "t", data: [new Date(0), new Date(1)], type: "TIMESTAMP" }, /column t: found TIMESTAMP/],
    [
      "a number beyond f64",
      { name: "i", data: [1n, 2n ** 53n + 1n], type: "INT64" },
      /column i, row 1: found "9007199254740993", expected a number that f64 holds/,
    ],
    [
      "pandas' index",
      { name: "__index_level_0__", data: [0, 1], type: "DOUBLE" },
      /found pandas' index as column __index_level_0__, expected inputs alone/,
    ],
  ] as const)("with %s is refused by its column's name", async (_, column, message) => {
    const bytes = file([column] as unknown as Columns);
    await expect(readMatrix(bytes, "x.parquet")).rejects.toThrow(message);
  });

  test("that is damaged, or takes more memory than there is, is refused in one line", async () => {
    const bytes = file([
      { name: "x", data: Float64Array.from({ length: 5000 }, (_, i) => Math.sqrt(i)), type: "DOUBLE" },
    ]);
    const cut = bytes.slice(0, bytes.length / 2);
    await expect(readMatrix(cut, "cut.parquet")).rejects.toThrow(/^cut.parquet: cannot be read as Parquet \(.+\)$/);
    const changed = bytes.slice();
    changed.fill(0xff, 20, 40);
    await expect(
      readMatrix(changed, "changed.parquet").then(({ values }) => {
        // Bytes that are numbers of another value cannot be told.
        if (values.length === 5000) throw new Error("changed.parquet: read");
      }),
    ).rejects.toThrow(/^changed.parquet: /);
    await expect(readMatrix(bytes, "x.parquet", { budget: createBudget(50_000) })).rejects.toThrow(
      /^x.parquet: found more than/,
    );
    await expect(readMatrix(bytes, "x.parquet", { array: "y" })).rejects.toThrow(
      "--array y: found the columns x in x.parquet, expected one of them",
    );
  });
});
