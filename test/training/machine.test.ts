import { describe, expect, test } from "vitest";
import type { TrainingSettings } from "../../src/training/settings.ts";
import type { Trainer } from "../../src/training/trainer.ts";
import { createTrainer, initialState } from "../../src/training/trainer.ts";
import { dataset, settings } from "./support.ts";

const SAMPLES = 23;
const data = dataset(SAMPLES);

/** θ, moments and losses after so many steps, as bits. */
function bits(trainer: Trainer, steps: number): BigUint64Array[] {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const made = trainer.step();
    losses.push(made.kind === "made" ? made.loss : NaN);
  }
  const { parameters, moments } = trainer.state();
  const arrays = [parameters, ...moments].flatMap((vector) => vector.flatMap(({ weight, bias }) => [weight, bias]));
  return [Float64Array.from(losses), ...arrays].map((array) => new BigUint64Array(Float64Array.from(array).buffer));
}

const RUNS: readonly (readonly [string, Partial<TrainingSettings>])[] = [
  ["tanh and relu", { activations: ["tanh", "relu", "identity"] }],
  ["activations without a kernel", { activations: ["gelu", "softplus", "tanh"] }],
  ["adam with weight decay", { optimiser: "adam", weightDecay: 0.01, learningRate: 0.01 }],
  ["squared error, batches of seven", { loss: "squared-error", batch: 7, weightDecay: 0.1 }],
  ["batches of one", { batch: 1 }],
  ["batches of thirteen", { batch: 13 }],
  ["full batches", { batch: "full" }],
  ["weights so large that tanh is 1", { scale: 30 }],
  ["and so small that its logarithm cancels", { scale: 1e-9 }],
];

describe("the fast step has the bits of the batch program's own stages", () => {
  test.each(RUNS)("%s", (_, changes) => {
    const base = settings({});
    const activations = changes.activations ?? base.activations;
    const widths = [base.widths[0] ?? 1, ...activations.slice(1).map((_, i) => 9 + 140 * i), base.widths.at(-1) ?? 1];
    const own = settings({ widths, ...changes, activations: activations });
    const fast = bits(createTrainer(own, data), 20);
    expect(fast).toEqual(bits(createTrainer(own, data, initialState(own), null, true), 20));
  });
});
