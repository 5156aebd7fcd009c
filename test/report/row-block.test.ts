/** Rows that come as columns are the rows that come as objects, in both ways of writing. */
import { parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Head } from "../../src/network/heads.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { RowBlock } from "../../src/records/row-block.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import { createParquetRows, createParquetSamples } from "../../src/report/parquet.ts";
import { writeLines } from "../../src/report/row-lines.ts";
import { rowLine } from "../../src/report/rows.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";

const engine = createCpuEngine({ threads: 0, runtime: "test" });

interface Case {
  readonly widths: readonly number[];
  readonly activation: "tanh" | "relu" | "identity";
  readonly samples: number;
  readonly head?: Head;
  readonly scale?: number;
  readonly accuracy?: number | "verdict";
  readonly unbiased?: boolean;
  /** Of all weights, without biases; the first unit then is 0 in every sample. */
  readonly factor?: number;
}

const CASES: Readonly<Record<string, Case>> = {
  "a usual run": { widths: [5, 8, 8, 3], activation: "tanh", samples: 700 },
  "nothing iterated, no biases": {
    widths: [5, 8, 8, 3],
    activation: "tanh",
    samples: 300,
    accuracy: "verdict",
    unbiased: true,
  },
  "equality, which is tight": { widths: [1, 1, 1], activation: "identity", samples: 40 },
  "every output of each sample": { widths: [4, 6, 3], activation: "relu", samples: 50, head: { kind: "each-logit" } },
  "numbers beyond the range": { widths: [4, 6, 3], activation: "relu", samples: 50, scale: 1e200 },
  "units at their kinks": { widths: [3, 6, 3], activation: "relu", samples: 50, factor: 1 },
  "norms of which a square is too small": { widths: [3, 6, 3], activation: "tanh", samples: 50, factor: 1e-90 },
  "dead layers": { widths: [1, 1, 1, 2], activation: "relu", samples: 60 },
};

async function rowsOf(
  one: Case,
): Promise<{ rows: SampleRow[]; parquet: ArrayBuffer; columns: ArrayBuffer; lines: string; plain: number }> {
  const { widths, activation, samples, scale = 1, accuracy = 1e-3, unbiased, factor } = one;
  const activations = widths.slice(1).map((_, i) => (i === widths.length - 2 ? ("identity" as const) : activation));
  const drawn = randomNetwork({
    ...{ seed: 3, index: 0, widths, activations, initialiser: "he", biasScale: factor === undefined ? 0.1 : 0 },
  });
  const layers = drawn.layers.map((layer) => ({
    ...layer,
    ...(unbiased === true ? { biased: false as const } : {}),
    ...(factor === undefined ? {} : { weight: layer.weight.map((w) => w * factor) }),
  }));
  const network = { ...drawn, layers };
  const width = widths[0] as number;
  const inputs = fillInputs({ distribution: "normal", scale, seed: 8 }, 0, samples, width);
  if (factor !== undefined) {
    layers[0]?.weight.set([factor, -factor, 0]);
    for (let at = 0; at < inputs.length; at += width) inputs[at + 1] = inputs[at] as number;
  }
  const rows: SampleRow[] = [];
  const [byRows, byColumns]: [Uint8Array[], Uint8Array[]] = [[], []];
  const asRows = createParquetRows("samples", (bytes) => byRows.push(bytes));
  const asColumns = createParquetSamples((bytes) => byColumns.push(bytes));
  let lines = Buffer.alloc(0);
  let plain = 0;
  await verify({
    ...{ network, engine, host: engine, norm: "spectral", accuracy, seed: 1, audit: 0.05, batchSize: 128 },
    head: one.head ?? { kind: "half-squared-norm" },
    source: {
      ...{ samples, width },
      read: (first, count) => ({ inputs: inputs.slice(first * width, (first + count) * width), labels: null }),
    },
    onRow: (row) => {
      rows.push(row);
      asRows.add(row);
    },
    onRows: (block: RowBlock) => {
      plain += block.plain.reduce((sum, x) => sum + x, 0);
      asColumns.addBlock(block);
      writeLines(block, (piece) => {
        lines = Buffer.concat([lines, Buffer.from(piece as string)]);
      });
    },
  });
  asRows.finish();
  asColumns.finish();
  const joined = async (pieces: Uint8Array[]): Promise<ArrayBuffer> =>
    await new Blob(pieces as BlobPart[]).arrayBuffer();
  return { rows, parquet: await joined(byRows), columns: await joined(byColumns), lines: lines.toString(), plain };
}

describe.each(Object.entries(CASES))("%s", (name, one) => {
  test("the same bytes in Parquet, the same text in JSON Lines", async () => {
    const { rows, parquet, columns, lines, plain } = await rowsOf(one);
    expect(lines).toBe(rows.map(rowLine).join(""));
    expect(await parquetReadObjects({ file: columns })).toEqual(await parquetReadObjects({ file: parquet }));
    expect(Buffer.compare(Buffer.from(columns), Buffer.from(parquet))).toBe(0);
    if (name === "a usual run") expect(plain).toBeGreaterThan(0.8 * rows.length);
  });
});
