/**
 * A network of one's own, value by value: W_1 = diag(1, 2), W_2 = (1 0), so ∇ₓf = (1 0) and the ratio is ¼ by hand.
 *
 *     node_modules/.bin/deno run -A examples/own-network.ts
 */
import { consoleReport, createCpuEngine, verify } from "../src/index.ts";
import type { Network, SampleRow } from "../src/index.ts";

const network: Network = {
  layers: [
    { inputs: 2, outputs: 2, weight: Float64Array.of(1, 0, 0, 2), bias: Float64Array.of(0, 0), activation: "identity" },
    { inputs: 2, outputs: 1, weight: Float64Array.of(1, 0), bias: Float64Array.of(0), activation: "identity" },
  ],
};
const inputs = Float64Array.of(0.5, -1, 3, 2, 0, 0);
const engine = createCpuEngine({ threads: 0, runtime: "example" });
const rows: SampleRow[] = [];

const { report } = await verify({
  network,
  head: { kind: "sum" },
  source: {
    samples: 3,
    width: 2,
    read: (first, count) => ({ inputs: inputs.slice(2 * first, 2 * (first + count)), labels: null }),
  },
  engine,
  host: engine,
  norm: "spectral",
  accuracy: 1e-3,
  seed: 0,
  onRow: (row) => rows.push(row),
});

console.log(consoleReport(report));
for (const row of rows) console.log(`sample ${String(row.index)}: ${row.verdict}, ratio ${String(row.ratio)}`);
engine.dispose();
