/** A digest of everything that must have the same bits on every runtime; imports src/ alone, so that a page can run it. */
import { ACTIVATION_NAMES, ACTIVATIONS } from "../../src/network/activations.ts";
import { INITIALISERS, initialWeights } from "../../src/network/initialisers.ts";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { makePlan } from "../../src/engine/plan.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { normalGenerator, normalsAt } from "../../src/sampling/normal.ts";
import { directionVector, wordsAt } from "../../src/sampling/philox.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";

/** SHA-256 in hexadecimal of words, uniforms, normals, inputs, weights, activations, and of engine cpu's measurements. */
export async function sameBits(): Promise<Record<string, string>> {
  const grid = Float64Array.from({ length: 4001 }, (_, i) => (i - 2000) / 37);
  const activations = ACTIVATION_NAMES.flatMap((name) => [
    ...grid.map(ACTIVATIONS[name].value),
    ...grid.map(ACTIVATIONS[name].slope),
  ]);
  const weights = INITIALISERS.flatMap((name) => [...initialWeights(name, 16, 16, normalGenerator(5, 1001, 3))]);
  const inputs = (["normal", "uniform", "sphere"] as const).flatMap((distribution) => [
    ...fillInputs({ distribution, scale: 1.5, seed: 2 ** 40 + 3 }, 7, 40, 33),
  ]);
  return {
    words: await digest(wordsAt(123456789, 3, 2 ** 33 + 1, 4096)),
    uniforms: await digest(directionVector(9, 4, 1000)),
    normals: await digest(normalsAt(1, 2, 3, 20000)),
    inputs: await digest(Float64Array.from(inputs)),
    weights: await digest(Float64Array.from(weights)),
    activations: await digest(Float64Array.from(activations)),
    measurements: await digest(await measurements()),
  };
}

async function measurements(): Promise<Float64Array> {
  const network = randomNetwork({
    seed: 6,
    index: 0,
    widths: [20, 17, 9, 5],
    activations: ["gelu", "sin", "identity"],
    initialiser: "he",
    biasScale: 0.2,
  });
  const plan = makePlan(network, {
    head: { kind: "log-sum-exp" },
    precision: "f64",
    norm: "spectral",
    accuracy: 1e-6,
    seed: 1,
  });
  const engine = createCpuEngine({ threads: 0, runtime: "" });
  const inputs = fillInputs({ distribution: "normal", scale: 1, seed: 8 }, 0, 50, 20);
  const { measurements: m } = await engine.measure(plan, { first: 0, samples: 50, inputs, labels: null });
  const witnesses = m.witnesses.flatMap((w) => (w === null ? [] : [...w.pullbackNorm, ...w.vectorNorm]));
  return Float64Array.from([
    ...m.value,
    ...m.adjointNorm.flatMap((a) => [...a]),
    ...m.directions.flatMap((d) => d.products.flatMap((p) => [...p])),
    ...witnesses,
    ...plan.layers.flatMap((l) => [l.spectralNorm.lower, l.spectralNorm.upper, l.absoluteNorm]),
  ]);
}

async function digest(values: Float64Array | Uint32Array): Promise<string> {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (b) => b.toString(16).padStart(2, "0")).join("");
}
