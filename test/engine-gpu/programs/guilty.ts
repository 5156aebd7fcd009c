/**
 * Which call the stored numbers of a sample accuse: of a clean engine none, whatever the architecture; of a planted fault a kernel
 * that it changes. Prints the findings.
 */
import process from "node:process";
import { openGpu } from "../../../src/cli/runtime/gpu.ts";
import { readShaders } from "../../../src/cli/runtime/shaders.ts";
import { kernelOf } from "../../../src/conformance/call.ts";
import { networkCase, SAMPLES } from "../../../src/conformance/networks.ts";
import type { GuiltyCall } from "../../../src/conformance/stages.ts";
import { guiltyCall } from "../../../src/conformance/stages.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import type { FaultName } from "../../../src/engine/faults.ts";
import { createGpuEngine } from "../../../src/engine/gpu/engine.ts";
import type { Plan } from "../../../src/engine/plan.ts";
import { makePlan } from "../../../src/engine/plan.ts";
import { sampleMeasurements } from "../../../src/engine/sample-measurements.ts";
import { inputWidth } from "../../../src/network/network.ts";
import type { CaughtSample } from "../../../src/pipeline/catch.ts";
import { randomNetwork } from "../../../src/sampling/random-network.ts";
import { uniformSigned, wordsAt } from "../../../src/sampling/philox.ts";
import { makeWitness } from "../../../src/witness/witness.ts";
import { ADAPTER_PREFERENCE } from "../support/adapter.ts";

const gpu = await openGpu();
if (gpu === null) throw new Error("no WebGPU in this runtime");
const open = (fault?: FaultName): Promise<Engine> =>
  createGpuEngine({
    ...{ gpu, adapterPreference: ADAPTER_PREFERENCE, shaders: readShaders(), runtime: "test" },
    ...(fault === undefined ? {} : { fault }),
  });

const SEED = 21;

/** Each kernel's own, of those that show in every sample. */
const FAULTS: readonly FaultName[] = [
  ...(["forward-term-skipped", "slopes-all-one", "wrong-label", "vjp-transposed", "vjp-missing-mask"] as const),
  ...(["jvp-row-skipped", "jvp-missing-mask", "jvp-sizes-shifted", "dot-row-skipped", "norm-row-skipped"] as const),
];

/** The call that the first of these samples of a batch accuses. */
async function accused(
  engine: Engine,
  plan: Plan,
  samples: number,
  asked: readonly number[],
  fault?: FaultName,
): Promise<GuiltyCall | null> {
  const width = inputWidth(plan.network);
  const outputs = plan.network.layers.at(-1)?.outputs ?? 1;
  const inputs = new Float64Array(samples * width);
  for (let at = 0; at < samples; at++) {
    inputs.set(Float64Array.from(wordsAt(SEED, 9998, at, width), uniformSigned), at * width);
  }
  const labels = Int32Array.from({ length: samples }, (_, j) => j % outputs);
  const measured = await engine.measure(plan, { first: 0, samples, inputs, labels });
  const traced = await measured.traced(asked);
  measured.release();
  for (const [i, at] of asked.entries()) {
    const input = inputs.subarray(at * width, (at + 1) * width);
    const measurements = sampleMeasurements(measured.measurements, at);
    const sample = { plan, row: { index: at }, input, label: labels[at], traced: traced[i], measurements };
    const witness = makeWitness(sample as CaughtSample, {
      ...{ tool: { name: "test", version: "0" }, engine: engine.description, address: null },
      settings: { norm: plan.norm, accuracy: plan.accuracy, certify: null, seed: SEED, plant: fault ?? null },
    });
    const guilty = guiltyCall(witness, fault);
    if (guilty !== null) return guilty;
  }
  return null;
}

const clean: string[] = [];
const engine = await open();
for (let i = 0; i < 20; i++) {
  const { name, network, head, norm } = networkCase(SEED, i);
  const plan = makePlan(network, {
    head,
    norm,
    precision: "f32",
    accuracy: i % 7 === 6 ? "verdict" : 1e-3,
    seed: SEED,
  });
  const guilty = await accused(engine, plan, SAMPLES, [0, 5, SAMPLES - 1]);
  if (guilty !== null) clean.push(`${name}: ${guilty.stage}`);
}
engine.dispose();

const network = randomNetwork({
  ...{ seed: 5, index: 0, initialiser: "he", biasScale: 0.3, widths: [9, 21, 6] },
  activations: ["relu", "identity"],
});
const plan = makePlan(network, {
  ...{ head: { kind: "cross-entropy" }, precision: "f32", norm: "spectral", accuracy: "verdict", seed: SEED },
});
const shaders: Partial<Record<FaultName, string | null>> = {};
for (const fault of FAULTS) {
  const faulty = await open(fault);
  const guilty = await accused(faulty, plan, SAMPLES, [0, 5], fault);
  shaders[fault] = guilty === null ? null : kernelOf(guilty.call).shader;
  faulty.dispose();
}
process.stdout.write(JSON.stringify({ clean, shaders }));
