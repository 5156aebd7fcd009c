/** The networks and inputs of the fault campaign: small, of every kind that a fault needs to show itself, all by address. */
import type { ActivationName } from "../../src/network/activations.ts";
import type { FaultName } from "../../src/engine/faults.ts";
import type { Head } from "../../src/network/heads.ts";
import type { Layer, Network } from "../../src/network/network.ts";
import { drawnDifference } from "../../src/verification/audit/drawn-inputs.ts";
import { fillInputs, fillLabels } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import type { SampleSource } from "../../src/pipeline/verify.ts";

export interface Scenario {
  readonly name: string;
  readonly network: Network;
  readonly head: Head;
  readonly source: SampleSource;
  /** Samples a batch, where the fault needs several batches or a large one. */
  readonly batchSize?: number;
  /** Index of the first sample in the run; 0 where left out. */
  readonly firstIndex?: number;
}

/** Faults that touch nothing in one small batch: some need several batches, others more than 256 samples. */
export function needsLarge(fault: FaultName | null): boolean {
  return fault !== null && LARGE.has(fault);
}

const LARGE: ReadonlySet<FaultName> = new Set([
  "inputs-stale",
  "forward-workgroup-skipped",
  "labels-shifted-from-256",
  "inputs-row-early",
  "last-batch-turned",
  "one-in-500-turned",
  "one-in-1000-turned",
] as const);

/** Places in SHAPES where a fault shows itself; in all where it is not named. */
const SHOWN: Readonly<Partial<Record<FaultName, readonly number[]>>> = {
  "last-tile-wrong-at-17": [2],
  "gelu-slope-without-density": [3],
  "tanh-slope-linear": [1],
  // relu and leaky-relu have the same slope at z and at h.
  "slopes-at-hidden": [1, 3, 4, 5],
  "silu-slope-logistic": [5],
  "leaky-slope-doubled": [2],
  "cross-entropy-label-dropped": [1, 5],
  "labels-shifted-from-256": [1, 3, 5],
  "labels-shifted-from-65536": [1, 3, 5],
  "plan-weights-transposed": [4],
  // In few dimensions the first steps leave nothing.
  "iteration-stop-loose": [6],
};

interface Shape {
  readonly widths: readonly number[];
  readonly activation: ActivationName;
  readonly head: Head["kind"];
}

/** Ragged widths (a tile is 8 rows), narrow and wide layers, every kind of slope, heads with and without labels. */
const SHAPES: readonly Shape[] = [
  { widths: [13, 21, 30, 11, 5], activation: "relu", head: "logit-argmax" },
  { widths: [20, 27, 18, 19, 22, 7], activation: "tanh", head: "cross-entropy" },
  { widths: [9, 33, 34, 35, 20, 21, 10], activation: "leaky-relu", head: "logit-argmax" },
  { widths: [30, 15, 14, 13, 12, 11, 10, 9], activation: "gelu", head: "margin" },
  { widths: [17, 12, 12, 12, 6], activation: "abs", head: "logit-argmax" },
  { widths: [12, 25, 26, 27, 9], activation: "silu", head: "cross-entropy" },
  { widths: [90, 160, 160, 4], activation: "leaky-relu", head: "logit-argmax" },
];
/** Those of every fault that is not named in SHOWN. */
const COMMON = [0, 1, 2, 3, 4, 5];

const SEED = 77;

/** Scenario `index`: a shape by the index, its weights and inputs by the index. */
export function scenario(fault: FaultName | null, index: number, samples: number): Scenario {
  const shown = SHOWN[fault ?? "inputs-stale"] ?? COMMON;
  const shape = SHAPES[shown[index % shown.length] as number] as Shape;
  const { widths } = shape;
  const depth = widths.length - 1;
  const activations = widths
    .slice(1)
    .map((_, i): ActivationName =>
      i === depth - 1 ? "identity" : fault === "kink-slope-one" ? "relu" : shape.activation,
    );
  const drawn = randomNetwork({ seed: SEED, index, widths, activations, initialiser: "he", scale: 1, biasScale: 0.5 });
  const layers = drawn.layers.map((l) => ({ ...l, weight: l.weight.map(Math.fround), bias: l.bias.map(Math.fround) }));
  const network = { layers: fault === "kink-slope-one" ? layers.map(withKinks) : layers };
  const width = widths[0] as number;
  const outputs = widths[depth] as number;
  const labelled = shape.head === "cross-entropy" || shape.head === "margin";
  const poisoned = fault === "nan-swallowed";
  const address = {
    inputs: { distribution: "normal", scale: 1, seed: SEED },
    ...{ first: index * samples, mean: 0, std: 1, error: 2 ** -23 },
    classes: labelled ? outputs : null,
  } as const;
  return {
    name: `${widths.join("-")} ${shape.activation} ${shape.head} (seed ${String(SEED)}, network ${String(index)})`,
    network,
    head: { kind: shape.head } as Head,
    source: {
      samples,
      width,
      drawnAgain: poisoned ? null : (at, row, label) => drawnDifference(address, at, row, label),
      read: (first, count) => {
        const from = index * samples + first;
        const inputs = fillInputs({ distribution: "normal", scale: 1, seed: SEED }, from, count, width).map(
          Math.fround,
        );
        if (poisoned) for (let j = 0; j < count; j++) inputs[j * width + (j % width)] = NaN;
        return { inputs, labels: labelled ? fillLabels(SEED, from, count, outputs) : null };
      },
    },
    // Six samples before the one from which on labels are wrong.
    ...(fault === "labels-shifted-from-65536" ? { firstIndex: 65_530 } : {}),
    ...(fault === "inputs-stale" || fault === "inputs-row-early" ? { batchSize: 64 } : {}),
    // No number of samples here is a multiple of it.
    ...(fault === "last-batch-turned" ? { batchSize: 70 } : {}),
    ...(fault === "forward-workgroup-skipped" ? { batchSize: 512 } : {}),
  };
}

/** Every third unit of a hidden layer is 0 whatever the input is: it stands on its kink. */
function withKinks(layer: Layer, i: number, all: readonly Layer[]): Layer {
  if (i === all.length - 1) return layer;
  const weight = layer.weight.map((w, at) => (Math.floor(at / layer.inputs) % 3 === 0 ? 0 : w));
  return { ...layer, weight, bias: layer.bias.map((b, row) => (row % 3 === 0 ? 0 : b)) };
}

/** Weights and inputs so small that products, activations and adjoints pass through f32's subnormal numbers. */
export function subnormalScenario(index: number, samples: number): Scenario {
  const base = scenario(null, index, samples);
  const tiny = 2 ** -34;
  const layers = base.network.layers.map((l) => ({
    ...l,
    activation: l.activation === "identity" ? l.activation : ("leaky-relu" as const),
    weight: l.weight.map((w) => Math.fround(w * tiny)),
    bias: l.bias.map((b) => Math.fround(b * 2 ** -130)),
  }));
  return {
    ...base,
    network: { layers },
    source: {
      ...base.source,
      // What is read is not what was drawn.
      drawnAgain: null,
      read: (first, count) => {
        const { inputs, labels } = base.source.read(first, count);
        return { inputs: inputs.map((v) => Math.fround(v * 2 ** -60)), labels };
      },
    },
  };
}
