/** What a training run is: its numbers are a function of these settings and the data alone. */
import type { InitialiserName } from "../network/initialisers.ts";

export const LOSSES = ["cross-entropy", "squared-error", "logistic"] as const;
export type LossName = (typeof LOSSES)[number];

export const OPTIMISERS = ["sgd", "adam"] as const;
export type OptimiserName = (typeof OPTIMISERS)[number];

export const PRECISIONS = ["f64", "f32"] as const;
export type Precision = (typeof PRECISIONS)[number];

/** step: the rate is multiplied by `factor` after every `every` steps. */
export type Schedule =
  | { readonly kind: "constant" }
  | { readonly kind: "cosine" }
  | { readonly kind: "step"; readonly every: number; readonly factor: number };

export const PENALTIES = ["input", "parameter", "parameter-each"] as const;
export type PenaltyName = (typeof PENALTIES)[number];

/**
 * What is added to the mean loss of a minibatch B, times λ: mean ‖∇ₓL_i‖², ‖∇_θ L_B‖², or mean ‖∇_θL_i‖², over the samples i of B.
 */
export interface Penalty {
  readonly kind: PenaltyName;
  readonly factor: number;
}

export interface TrainingSettings {
  /** n_1 … n_{l+1}. */
  readonly widths: readonly number[];
  /** One a layer. */
  /** As formatActivation writes them. */
  readonly activations: readonly string[];
  readonly initialiser: InitialiserName;
  /** Of the initialiser (network/initialisers.ts). */
  readonly scale: number;
  readonly loss: LossName;
  readonly optimiser: OptimiserName;
  readonly learningRate: number;
  /** Of sgd. */
  readonly momentum: number;
  /** Adds weightDecay · θ to the gradient, biases too: the L2 penalty of PyTorch's SGD and Adam. */
  readonly weightDecay: number;
  readonly schedule: Schedule;
  /** Steps over which the rate rises in a line to what the schedule says. */
  readonly warmUp: number;
  /** Samples a step; "full": all of them. */
  readonly batch: number | "full";
  readonly steps: number;
  readonly penalties: readonly Penalty[];
  /** Of weights, moments and gradients, and of each operation. */
  readonly precision: Precision;
  /** Of this run's weights and order of batches. */
  readonly seed: number;
}
