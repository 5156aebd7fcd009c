/**
 * How tight is the inequality at initialisation? Four initialisers, one architecture, 200 normal inputs each.
 *
 *     node_modules/.bin/deno run -A examples/tightness.ts
 */
import { createCpuEngine, fillInputs, randomNetwork, verify } from "../src/index.ts";

const widths = [64, 64, 64, 10];
const samples = 200;
const engine = createCpuEngine({ threads: 0, runtime: "example" });

console.log("initialiser   ratio: min     median  max     κ_1     κ_2     κ_3");
for (const initialiser of ["orthogonal", "glorot", "he", "lecun"] as const) {
  const { report } = await verify({
    network: randomNetwork({ seed: 0, index: 0, widths, activations: ["relu", "relu", "identity"], initialiser }),
    head: { kind: "logit-argmax" },
    source: {
      samples,
      width: 64,
      read: (first, count) => ({
        inputs: fillInputs({ distribution: "normal", scale: 1, seed: 0 }, first, count, 64),
        labels: null,
      }),
    },
    engine,
    host: engine,
    norm: "spectral",
    accuracy: 1e-3,
    seed: 0,
  });
  const numbers = [report.ratio.min, report.ratio.median, report.ratio.max];
  const tightness = report.layers.map((layer) => layer.tightness.median);
  console.log(initialiser.padEnd(20), ...[...numbers, ...tightness].map((x) => (x ?? Number.NaN).toFixed(4).padEnd(7)));
}
engine.dispose();
