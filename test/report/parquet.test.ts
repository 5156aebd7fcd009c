import fc from "fast-check";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import type { LayerRow, SampleRow } from "../../src/records/sample.ts";
import { VERDICT_NAMES } from "../../src/records/kit.ts";
import { CHECKS } from "../../src/records/sample.ts";
import { createParquetRows } from "../../src/report/parquet.ts";
import type { AddressedRow } from "../../src/records/sample.ts";
import { rowLine } from "../../src/report/rows.ts";
import { ROW } from "./sample.ts";

/** The file in one piece, and in how many it was handed over. */
function written(rows: readonly SampleRow[]): { file: ArrayBuffer; pieces: number } {
  const pieces: Uint8Array[] = [];
  const target = createParquetRows("samples", (bytes) => pieces.push(bytes));
  rows.forEach(target.add);
  target.finish();
  return { file: joined(pieces), pieces: pieces.length };
}

function joined(pieces: readonly Uint8Array[]): ArrayBuffer {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  pieces.reduce((at, piece) => {
    bytes.set(piece, at);
    return at + piece.length;
  }, 0);
  return bytes.buffer;
}

/** What a reader sees, as the JSON rows say it: no nulls, numbers for int64. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== null && field !== undefined)
      .map(([key, field]) => [key, plain(field)]),
  );
}

async function readBack(file: ArrayBuffer): Promise<unknown> {
  return plain(await parquetReadObjects({ file }));
}

function asJson(rows: readonly SampleRow[]): unknown {
  return plain(rows.map((row) => JSON.parse(rowLine(row)) as unknown));
}

const number = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, 0, 1)).map((x) => (x === 0 ? 0 : x));
const text = fc.oneof(fc.string({ minLength: 1 }), fc.constant("κ ≤ 1 “é” \u{1f600}"));
const verdict = fc.constantFrom(...VERDICT_NAMES);

const layer: fc.Arbitrary<LayerRow> = fc
  .tuple(fc.array(number, { minLength: 16, maxLength: 16 }), verdict, fc.option(text, { nil: undefined }))
  .map(([numbers, verdict, reason]) => {
    const names = Object.keys(ROW.layers[0] ?? {}).filter((key) => key !== "layer" && key !== "verdict");
    const fields = Object.fromEntries(names.map((name, i) => [name, numbers[i]]));
    return { layer: 1, verdict, ...(reason === undefined ? {} : { reason }), ...fields } as LayerRow;
  });

const residual = fc.record({ value: number, bound: number });
const sample: fc.Arbitrary<SampleRow> = fc
  .tuple(
    fc.record({ value: number, lhs: number, ratio: number, verdict }),
    fc.array(layer, { minLength: 1, maxLength: 4 }),
    fc.record(
      {
        reason: text,
        violations: fc.array(fc.record({ check: fc.constantFrom(...CHECKS), layer: fc.nat(9), detail: text }), {
          minLength: 1,
          maxLength: 3,
        }),
        audit: fc.record({ identityResidual: residual, contractedResidual: residual, biasIdentityResidual: residual }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([numbers, layers, rest]) => ({ ...ROW, ...numbers, layers, ...rest }));

describe("rows in Parquet", () => {
  test("read back to what the JSON rows say, whatever is missing or not finite", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sample, { minLength: 1, maxLength: 20 }), async (rows) => {
        expect(await readBack(written(rows).file)).toEqual(asJson(rows));
      }),
    );
  });

  test("an index beyond 32 bits is kept", async () => {
    const rows = [{ ...ROW, index: 2 ** 40 + 1 }];
    expect(await readBack(written(rows).file)).toEqual(asJson(rows));
  });

  test("many rows come in row groups, each handed over as it is full, and read back in order", async () => {
    const layers = Array.from({ length: 300 }, (_, i) => ({ ...(ROW.layers[0] as LayerRow), layer: i + 1 }));
    const rows = Array.from({ length: 400 }, (_, index) => ({ ...ROW, index, ratio: index / 400, layers }));
    const { file, pieces } = written(rows);
    const { row_groups } = parquetMetadata(file);
    // 300 layers of 20 columns and 13 of the sample: 2²⁰ values are full after 184 rows.
    expect(row_groups.map((group) => Number(group.num_rows))).toEqual([175, 175, 50]);
    expect(pieces).toBe(row_groups.length + 1);
    const read = (await readBack(file)) as SampleRow[];
    expect(read.map((row) => row.index)).toEqual(rows.map((row) => row.index));
    expect(read[200]).toEqual((asJson(rows.slice(200, 201)) as SampleRow[])[0]);
  });

  test("no row at all is a file that can be read", async () => {
    expect(await readBack(written([]).file)).toEqual([]);
  });

  test("the same rows give the same bytes", () => {
    const rows = [ROW, { ...ROW, index: 1, ratio: NaN }];
    expect(new Uint8Array(written(rows).file)).toEqual(new Uint8Array(written(rows).file));
  });

  test("rows of a sweep carry their address and architecture first", async () => {
    const pieces: Uint8Array[] = [];
    const target = createParquetRows("addressed", (bytes) => pieces.push(bytes));
    const row: AddressedRow = { address: "7:12:3", architecture: 5, ...ROW, index: 3 };
    target.add(row);
    target.finish();
    const [read] = (await readBack(joined(pieces))) as AddressedRow[];
    expect(read).toEqual((asJson([row]) as AddressedRow[])[0]);
    expect(Object.keys(read ?? {}).slice(0, 3)).toEqual(["address", "architecture", "index"]);
  });
});
