/**
 * Whole trainings, every probe sample of every function judged: losses, activations, optimisers, penalties and depths in turn, on the
 * shipped digits and on drawn sets. Nothing that a clean engine computes may be violated, however far a network has been trained.
 */
import { readFileSync } from "node:fs";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { readMatrix } from "../../src/formats/read.ts";
import type { ActivationName } from "../../src/network/activations.ts";
import { signOf } from "../../src/network/heads.ts";
import type { VerdictCounts } from "../../src/records/shared.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import type { Dataset } from "../../src/training/data.ts";
import { probeSet, split, withOneHotTargets } from "../../src/training/data.ts";
import { probeSteps, sumOf } from "../../src/training/probe.ts";
import { runTraining } from "../../src/training/run.ts";
import type { LossName, TrainingSettings } from "../../src/training/settings.ts";

export interface TrainingProof {
  readonly proof: "training";
  readonly engine: "cpu";
  readonly seeds: number;
  /** Of a probe: of the digits, and of the drawn sets, whose networks are small. */
  readonly samples: { readonly digits: number; readonly drawn: number };
  readonly steps: number;
  /** Which cases; all where left out. */
  readonly cases?: readonly string[];
}

interface Case {
  readonly data: "digits" | "drawn";
  readonly hidden: readonly number[];
  readonly activation: ActivationName;
  readonly loss: LossName;
  readonly changes: Partial<TrainingSettings>;
}

/** Drawn sets: 12 numbers a sample, labels by a fixed quadratic rule. */
const [WIDTH, CLASSES, DRAWN] = [12, 4, 1200];

const CASES: Readonly<Record<string, Case>> = {
  "784-64-10 relu, cross-entropy, momentum": {
    ...{ data: "digits", hidden: [64], activation: "relu", loss: "cross-entropy", changes: {} },
  },
  "784-32-32-10 gelu, squared error, adam": {
    ...{ data: "digits", hidden: [32, 32], activation: "gelu", loss: "squared-error" },
    changes: { optimiser: "adam", learningRate: 0.002, schedule: { kind: "cosine" } },
  },
  "12-24-24-4 tanh, cross-entropy, input penalty": {
    ...{ data: "drawn", hidden: [24, 24], activation: "tanh", loss: "cross-entropy" },
    changes: { penalties: [{ kind: "input", factor: 0.02 }], initialiser: "orthogonal" },
  },
  "12-16-16-16-16-4 leaky-relu, cross-entropy, weight decay, batches of 8": {
    ...{ data: "drawn", hidden: [16, 16, 16, 16], activation: "leaky-relu", loss: "cross-entropy" },
    changes: { batch: 8, weightDecay: 1e-3, warmUp: 50, learningRate: 0.02 },
  },
  "12-40-1 softplus, logistic, parameter penalties": {
    ...{ data: "drawn", hidden: [40], activation: "softplus", loss: "logistic" },
    changes: {
      penalties: [
        { kind: "parameter", factor: 0.05 },
        { kind: "parameter-each", factor: 1e-4 },
      ],
    },
  },
};

export async function proveTraining(proof: TrainingProof): Promise<Record<string, unknown>> {
  const engine = createCpuEngine({ threads: 0, runtime: "evidence", undisturbed: true });
  const names = proof.cases ?? Object.keys(CASES);
  const figures: Record<string, unknown> = {};
  const all: VerdictCounts[] = [];
  for (const name of names) {
    const own = CASES[name];
    if (own === undefined) throw new RangeError(`no case ${name}`);
    const counts: VerdictCounts[] = [];
    let [loss, diverged] = [NaN, 0];
    for (let seed = 1; seed <= proof.seeds; seed++) {
      const { state } = await train(own, seed, proof, engine);
      counts.push(...state.series.map((row) => row.verdicts));
      loss = state.series.at(-1)?.trainLoss ?? NaN;
      if (state.diverged !== null) diverged++;
    }
    all.push(...counts);
    figures[name] = { ...sumOf(counts), lastLoss: Number(loss.toPrecision(4)), diverged };
  }
  const total = sumOf(all);
  const samples = Object.values(total).reduce((sum, n) => sum + n, 0);
  return {
    ...{ engine: "cpu", seeds: proof.seeds, steps: proof.steps, samples, ...total },
    unresolvedShare: total.unresolved / samples,
    trainings: figures,
  };
}

async function train(
  { data, hidden, activation, loss, changes }: Case,
  seed: number,
  { samples, steps }: TrainingProof,
  engine: ReturnType<typeof createCpuEngine>,
): ReturnType<typeof runTraining> {
  const whole = data === "digits" ? await digits() : drawn(loss);
  const [set, held] = split(loss === "squared-error" ? withOneHotTargets(whole) : whole, 0.2, 1);
  const settings: TrainingSettings = {
    widths: [set.width, ...hidden, set.outputs],
    activations: [...hidden.map(() => activation), "identity"],
    ...{ initialiser: "he", scale: 1, loss, optimiser: "sgd", learningRate: 0.05, momentum: 0.9, weightDecay: 0 },
    ...{
      schedule: { kind: "constant" },
      warmUp: 0,
      batch: 64,
      steps,
      penalties: [],
      precision: "f64",
      seed,
      ...changes,
    },
  };
  return runTraining({
    ...{ settings, train: set, held, probeSet: probeSet(set, samples[data], 1), from: null, signal: null },
    probing: { loss, batch: 64, logits: true, accuracy: 1e-3, audit: 0.01, seed: 1 },
    probesAt: probeSteps(steps, null),
    engines: { engine, host: engine },
    pause: () => Promise.resolve(),
    onState: () => undefined,
    onSample: null,
  });
}

async function digits(): Promise<Dataset> {
  const folder = "examples/digits";
  const read = async (name: string) => readMatrix(readFileSync(`${folder}/${name}`), name);
  const pixels = await read("digits.idx3-ubyte.gz");
  const labels = await read("digits-labels.idx1-ubyte");
  return {
    ...{ samples: pixels.rows, width: pixels.columns, outputs: 10, targets: null },
    inputs: pixels.values.map((x) => x / 255),
    labels: Int32Array.from(labels.values),
  };
}

/** The class is the quadrant of (x₀x₁, x₂x₃); of logistic the sign of x₀x₁. */
function drawn(loss: LossName): Dataset {
  const inputs = fillInputs({ distribution: "normal", scale: 1, seed: 7 }, 0, DRAWN, WIDTH);
  const labels = Int32Array.from({ length: DRAWN }, (_, i) => {
    const [a = 0, b = 0, c = 0, d = 0] = inputs.subarray(i * WIDTH, i * WIDTH + 4);
    return loss === "logistic" ? signOf(a * b) : (a * b > 0 ? 2 : 0) + (c * d > 0 ? 1 : 0);
  });
  return { samples: DRAWN, width: WIDTH, outputs: loss === "logistic" ? 1 : CLASSES, inputs, labels, targets: null };
}
