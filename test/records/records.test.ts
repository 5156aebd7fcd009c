/** The field lists of src/records, and everything that is made of them or must agree with them. */
import { readFileSync } from "node:fs";
import { parquetMetadata, parquetSchema } from "hyparquet";
import type { SchemaTree } from "hyparquet";
import { describe, expect, test } from "vitest";
import { documents } from "../../scripts/schemas/documents.ts";
import { ADDRESSED_ROW, LAYER_ROW, SAMPLE_ROW } from "../../src/records/sample.ts";
import { withOutput } from "../../src/pipeline/each-output.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import { createParquetRows } from "../../src/report/parquet.ts";
import { rowLine } from "../../src/report/rows.ts";
import { network, witnessOf } from "../witness/support.ts";

const texts = await documents(process.cwd());

describe("made of the field lists by npm run build:schemas", () => {
  test.each(Object.entries(texts))("%s", (path, text) => {
    expect(readFileSync(path, "utf8"), `${path} is stale: npm run build:schemas`).toBe(text);
  });
});

/** A row with every field that a row can have but a reason of its numbers: a fault that is seen, audited, at a kink. */
async function fullRow(): Promise<SampleRow> {
  const { layers } = network([3, 4, 2], "relu");
  const unbiased = { layers: layers.map((layer) => ({ ...layer, bias: layer.bias.map(() => 0) })) };
  const kinked = await witnessOf(unbiased, { inputs: new Float64Array(3) });
  const violated = await witnessOf({ layers }, { fault: "vjp-missing-mask" });
  // Of the head each-logit.
  return withOutput({ ...kinked.row, ...violated.row }, 3);
}

describe("a row", () => {
  test("has the listed fields, none missing and no other, its layers too", async () => {
    const row = await fullRow();
    const written = JSON.parse(rowLine(row)) as SampleRow;
    const fields = new Set([...Object.keys(written), "reason"]);
    expect([...fields].sort()).toEqual(Object.keys(SAMPLE_ROW.entries).sort());
    for (const layer of written.layers) {
      expect(new Set([...Object.keys(layer), "reason"])).toEqual(new Set(Object.keys(LAYER_ROW.entries)));
    }
  });

  test.each([
    ["samples", SAMPLE_ROW],
    ["addressed", ADDRESSED_ROW],
  ] as const)("is stored as Parquet with a column for each field: %s", async (kind, { entries }) => {
    const pieces: Uint8Array[] = [];
    const rows = createParquetRows(kind, (bytes) => pieces.push(bytes));
    rows.add({ ...(await fullRow()), address: "1:2:3", architecture: 0 });
    rows.finish();
    const file = Buffer.concat(pieces);
    const tree = parquetSchema(parquetMetadata(file.buffer.slice(file.byteOffset, file.byteOffset + file.length)));
    expect(tree.children.map(name)).toEqual(Object.keys(entries));
    const layer = tree.children.find((child) => name(child) === "layers")?.children[0]?.children[0];
    expect(layer?.children.map(name)).toEqual(Object.keys(LAYER_ROW.entries));
  });
});

function name(tree: SchemaTree): string {
  return tree.element.name;
}
