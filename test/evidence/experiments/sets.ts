/** Data, networks and arms of docs/experiments/protocol.md. */
import { readFileSync } from "node:fs";
import { readMatrix } from "../../../src/formats/read.ts";
import type { ActivationName } from "../../../src/network/activations.ts";
import { fillInputs } from "../../../src/sampling/inputs.ts";
import type { Dataset } from "../../../src/training/data.ts";
import { withShuffledLabels } from "../../../src/training/data.ts";
import type { LossName, Penalty, TrainingSettings } from "../../../src/training/settings.ts";

export type SetName = "digits" | "regression" | "random-labels";

export interface Task {
  readonly data: SetName;
  readonly hidden: readonly number[];
  readonly activation: ActivationName;
  readonly weightDecay: number;
}

const SIDE = 14;

const BASE: Task = { data: "digits", hidden: [64, 64], activation: "tanh", weightDecay: 0 };
const of = (width: number, layers: number): number[] => new Array<number>(layers).fill(width);

export const TASKS = {
  base: BASE,
  "depth-2": { ...BASE, hidden: [64] },
  "depth-6": { ...BASE, hidden: of(64, 5) },
  relu: { ...BASE, activation: "relu" },
  gelu: { ...BASE, activation: "gelu" },
  "width-256": { ...BASE, hidden: of(256, 2) },
  "relu-6-128": { ...BASE, hidden: of(128, 5), activation: "relu" },
  regression: { ...BASE, data: "regression" },
  "random-labels": { ...BASE, data: "random-labels" },
  linear: { ...BASE, activation: "identity" },
  decay: { ...BASE, weightDecay: 1e-3 },
  adam: BASE,
} as const satisfies Readonly<Record<string, Task>>;

export type TaskName = keyof typeof TASKS;
export const TASK_NAMES = Object.keys(TASKS) as TaskName[];
/** What a claim is decided over; the rest are controls. */
export const MAIN_TASKS = TASK_NAMES.slice(0, 8);

/** Of grid A, by time 80. */
export const GRID_A_RATES: Readonly<Record<TaskName, number>> = {
  ...{ base: 0.1, "depth-2": 0.1, "depth-6": 0.05, relu: 0.06, gelu: 0.08, "width-256": 0.05, "relu-6-128": 0.03 },
  ...{ regression: 0.05, "random-labels": 0.06, linear: 0.1, decay: 0.1, adam: 0.1 },
};
export const ADAM_RATE = 0.002;

export type Batch = number | "full";

/** One way to train; the flow has no batch and no rate of descent. */
export interface Arm {
  readonly name: string;
  readonly optimiser: "flow" | "sgd" | "adam";
  readonly batch: Batch;
  /** The step of Runge–Kutta for the flow. */
  readonly rate: number;
  readonly penalties: readonly Penalty[];
}

export interface Comparison {
  readonly task: TaskName;
  readonly levels: readonly number[];
  readonly arms: readonly Arm[];
}

const flow = (rate: number): Arm => ({ name: "flow", optimiser: "flow", batch: "full", rate, penalties: [] });

export function sgd(batch: Batch, rate: number, penalty: Penalty | null = null): Arm {
  const suffix = penalty === null ? "" : `-${penalty.kind}-${String(penalty.factor)}`;
  return {
    name: `${String(batch)}-${String(rate)}${suffix}`,
    ...{ optimiser: "sgd", batch, rate, penalties: penalty === null ? [] : [penalty] },
  };
}

/** All of these rates, full and of 16, and a tenth of them by ones. */
function grid(rates: readonly number[], others: readonly number[] = rates): Arm[] {
  return [
    ...rates.map((rate) => sgd("full", rate)),
    ...others.map((rate) => sgd(16, rate)),
    ...others.map((rate) => sgd(1, rate / 10)),
  ];
}

const DIGIT_LEVELS = [1, 0.5, 0.2];
export const DOSES: Readonly<Record<Penalty["kind"], readonly number[]>> = {
  parameter: [0.02, 0.06, 0.2],
  "parameter-each": [0.001, 0.003, 0.01],
  input: [0.01, 0.03, 0.1],
};
export const DOSE_RATE = 0.1;

export const GRID_B: readonly Comparison[] = [
  { task: "base", levels: DIGIT_LEVELS, arms: [flow(0.2), ...grid([0.05, 0.1, 0.2])] },
  { task: "relu", levels: DIGIT_LEVELS, arms: [flow(0.2), ...grid([0.03, 0.06, 0.12], [0.12])] },
  { task: "regression", levels: [0.2, 0.1, 0.05], arms: [flow(0.1), ...grid([0.0125, 0.025, 0.05], [0.05])] },
  { task: "random-labels", levels: [2.1, 1.8, 1.5], arms: [flow(0.1), ...grid([0.06])] },
  { task: "linear", levels: DIGIT_LEVELS, arms: [flow(0.2), ...grid([0.1])] },
  { task: "decay", levels: DIGIT_LEVELS, arms: [flow(0.2), ...grid([0.2])] },
  {
    ...{ task: "adam", levels: DIGIT_LEVELS },
    arms: [{ name: "adam", optimiser: "adam", batch: 16, rate: ADAM_RATE, penalties: [] }],
  },
];

/** Explicit penalties on the base. */
export const GRID_C: Comparison = {
  ...{ task: "base", levels: [0.5, 0.2] },
  arms: Object.entries(DOSES).flatMap(([kind, doses]) =>
    doses.map((factor) => sgd("full", DOSE_RATE, { kind: kind as Penalty["kind"], factor })),
  ),
};

export function settingsOf(task: Task, data: Dataset, arm: Arm, steps: number, seed: number): TrainingSettings {
  return {
    widths: [data.width, ...task.hidden, data.outputs],
    activations: [...task.hidden.map(() => task.activation), "identity"],
    ...{ initialiser: "glorot", scale: 1, loss: lossOf(task), weightDecay: task.weightDecay, momentum: 0 },
    ...{ optimiser: arm.optimiser === "adam" ? "adam" : "sgd", learningRate: arm.rate, batch: arm.batch },
    ...{ precision: "f64", schedule: { kind: "constant" }, warmUp: 0, steps, penalties: arm.penalties, seed },
  };
}

export function lossOf({ data }: Task): LossName {
  return data === "regression" ? "squared-error" : "cross-entropy";
}

/** @param samples 256 in the protocol. */
export async function loadSets(samples: number): Promise<Readonly<Record<SetName, Dataset>>> {
  const digits = await pooledDigits(samples);
  return { digits, regression: regression(samples), "random-labels": withShuffledLabels(digits, 1, 1) };
}

async function pooledDigits(samples: number): Promise<Dataset> {
  const read = async (name: string) => readMatrix(readFileSync(`examples/digits/${name}`), name);
  const [pixels, labels] = [await read("digits.idx3-ubyte.gz"), await read("digits-labels.idx1-ubyte")];
  const at = (i: number, row: number, column: number): number =>
    pixels.values[i * pixels.columns + row * 2 * SIDE + column] as number;
  const inputs = Float64Array.from({ length: samples * SIDE * SIDE }, (_, k) => {
    const [i, place] = [Math.floor(k / (SIDE * SIDE)), k % (SIDE * SIDE)];
    const [row, column] = [2 * Math.floor(place / SIDE), 2 * (place % SIDE)];
    const sum = at(i, row, column) + at(i, row, column + 1) + at(i, row + 1, column) + at(i, row + 1, column + 1);
    return sum / 4 / 255;
  });
  const classes = Int32Array.from(labels.values.slice(0, samples));
  return { samples, width: SIDE * SIDE, outputs: 10, inputs, labels: classes, targets: null };
}

/** y = x₁x₂ + sin 2x₃ of normal numbers, with mean 0 and variance 1. */
function regression(samples: number): Dataset {
  const width = 8;
  const inputs = fillInputs({ distribution: "normal", scale: 1, seed: 11 }, 0, samples, width);
  const raw = Float64Array.from({ length: samples }, (_, i) => {
    const [a = 0, b = 0, c = 0] = inputs.subarray(i * width, i * width + 3);
    return a * b + Math.sin(2 * c);
  });
  const mean = raw.reduce((sum, v) => sum + v, 0) / samples;
  const deviation = Math.sqrt(raw.reduce((sum, v) => sum + (v - mean) ** 2, 0) / samples);
  const targets = raw.map((v) => (v - mean) / deviation);
  return { samples, width, outputs: 1, inputs, labels: null, targets };
}
