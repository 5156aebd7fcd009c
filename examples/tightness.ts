/**
 * How tight is the inequality at initialisation? Four initialisers, one architecture, 200 normal inputs each.
 *
 *     node_modules/.bin/deno run -A examples/tightness.ts
 */
import { randomNetwork, verify } from "../src/index.ts";

const widths = [64, 64, 64, 10];
const activations = ["relu", "relu", "identity"] as const;

console.log("initialiser   ratio: min     median  max     κ_1     κ_2     κ_3");
for (const initialiser of ["orthogonal", "glorot", "he", "lecun"] as const) {
  const { report } = await verify({
    model: randomNetwork({ seed: 0, index: 0, widths, activations, initialiser }),
    inputs: { random: 200 },
  });
  const numbers = [report.ratio.min, report.ratio.median, report.ratio.max];
  const tightness = report.layers.map((layer) => layer.tightness.median);
  console.log(initialiser.padEnd(20), ...[...numbers, ...tightness].map((x) => (x ?? Number.NaN).toFixed(4).padEnd(7)));
}
