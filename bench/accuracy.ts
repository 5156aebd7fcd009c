/**
 * How near engine cpu's ‖J_t‖ are: the share of (sample, layer) within what was asked for of the norm of the explicit Jacobian, whose bracket is
 * proven, and the steps taken. `npm run bench -- accuracy [SAMPLES [WORKLOADS [ACCURACY]]]`; O adds an orthogonal 64 × 8 sigmoid network.
 */
import process from "node:process";
import { createCpuEngine } from "../src/engine/cpu/engine.ts";
import { makePlan } from "../src/engine/plan.ts";
import { inputWidth } from "../src/network/network.ts";
import { fillInputs } from "../src/sampling/inputs.ts";
import { randomNetwork } from "../src/sampling/random-network.ts";
import { WORKLOADS } from "./workloads.ts";

const [samples = "1024", letters = "ABCD", wanted = "1e-3"] = process.argv.slice(3);
const accuracy = Number(wanted);
const engine = createCpuEngine({ threads: 0, runtime: "bench" });
const widths = Array.from({ length: 9 }, () => 64);
const activations = Array.from({ length: 8 }, (_, i) => (i === 7 ? ("identity" as const) : ("sigmoid" as const)));
const orthogonal = randomNetwork({
  ...{ seed: 8, index: 0, widths, activations, initialiser: "orthogonal", biasScale: 0.1 },
});
const cases = [...WORKLOADS, { name: "O orthogonal 64 x 8 sigmoid", network: orthogonal }];

for (const { name, network } of cases.filter((own) => letters.includes(own.name.charAt(0)))) {
  const head = { kind: "logit-argmax" } as const;
  const plan = makePlan(network, { head, precision: "f64", norm: "spectral", accuracy, seed: 1 });
  const inner = plan.layers.slice(1).map((_, i) => i + 2);
  const found = inner.map(() => ({ missed: 0, steps: 0, worst: 0 }));
  for (let first = 0; first < Number(samples); first += 128) {
    const inputs = fillInputs({ distribution: "normal", scale: 1, seed: 8 }, first, 128, inputWidth(network));
    const measured = await engine.measure(plan, { first, samples: 128, inputs, labels: null });
    const indices = Array.from({ length: 128 }, (_, i) => i);
    const stored = await measured.stored(indices);
    const right = await engine.refine(plan, stored, { indices, layers: inner, accuracy: null, explicit: true });
    measured.release();
    inner.forEach((t, i) => {
      const witness = measured.measurements.witnesses[t - 1];
      const own = found[i];
      if (witness === null || witness === undefined || own === undefined) return;
      for (const j of indices) {
        const norm = right.layers[t - 1]?.explicit?.spectralUpper[j] ?? NaN;
        const error = Math.abs((witness.pullbackNorm[j] as number) / (witness.vectorNorm[j] as number) / norm - 1);
        if (!(error <= accuracy) && norm > 0) own.missed++;
        own.worst = Math.max(own.worst, error);
        own.steps += witness.steps[j] as number;
      }
    });
  }
  const all = found.reduce((sum, own) => sum + own.missed, 0);
  const share = 1 - all / (inner.length * Number(samples));
  const each = found.map(({ missed, steps, worst }, i) => {
    return `t ${String(i + 2)}: ${String(missed)} missed, ${(steps / Number(samples)).toFixed(2)} steps, worst ${worst.toExponential(1)}`;
  });
  console.log(`${name}: ${(100 * share).toFixed(3)} % within ${wanted}; ${each.join("; ")}`);
}
engine.dispose();
