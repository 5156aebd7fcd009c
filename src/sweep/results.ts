/**
 * What a sweep reports: the Report of one network's run with architectures in the place of the model, and the cases at both ends.
 *
 * Everything in it but `timing` is a function of the grid, the settings and the engine alone: neither the order in which units were
 * finished, nor shards, nor interruptions change a bit. Quantiles come from a sketch (sketch.ts) whose relative error is stated.
 */
import type { Quantiles, Report, Spread, VerdictCounts, VerdictName } from "../pipeline/results.ts";
import type { ActivationName } from "../network/activations.ts";
import type { InitialiserName } from "../network/initialisers.ts";
import type { Distribution } from "../sampling/inputs.ts";

/** One point of the grid. */
export interface Architecture {
  /** Its number in the grid, from 0. */
  readonly architecture: number;
  readonly depth: number;
  /** n_1 … n_{l+1}. */
  readonly widths: readonly number[];
  /** Of the hidden layers; the output layer is identity (with one layer it is that layer's). */
  readonly activation: ActivationName;
  readonly initialiser: InitialiserName;
  /** Factor of the initialiser. */
  readonly scale: number;
  /** Standard deviation of the biases, which are parameters at 0 too; false: there are none. */
  readonly bias: number | false;
  readonly head: string;
  readonly norm: "spectral" | "frobenius";
  readonly distribution: Distribution;
  /** Of the inputs: σ, half-width or radius. */
  readonly inputScale: number;
}

/** A layer of one architecture, over its networks and samples. Norms in the network's own scale. */
export interface ArchitectureLayer {
  readonly layer: number;
  /** ‖W_t‖ as reported in rows. */
  readonly weightNorm: Spread;
  /** ‖J_t‖ as reported in rows. */
  readonly jacobianNorm: Spread;
  readonly tightness: Spread;
}

export interface ReportedArchitecture extends Architecture {
  readonly networks: number;
  readonly samples: number;
  readonly verdicts: VerdictCounts;
  readonly ratio: Quantiles;
  readonly coefficient: Quantiles;
  readonly layers: readonly ArchitectureLayer[];
}

/** One sample, by the address that `gpv verify --address` takes. */
export interface AddressedCase {
  /** SEED:STREAM:INDEX: the sweep's seed, the network's number in the grid, the sample's number. */
  readonly address: string;
  readonly architecture: number;
  readonly verdict: VerdictName;
  /** lhs / rhs of the total; null where it is not defined. */
  readonly ratio: number | null;
  readonly reason?: string;
}

/** gradient-penalty-report/1 of a sweep. */
export interface SweepReport extends Omit<Report, "model" | "norm" | "faults" | "ratioLower" | "ratioUpper" | "kinks"> {
  /** The norms of the grid, joined by commas. */
  readonly norm: string;
  readonly architectures: readonly ReportedArchitecture[];
  /** The largest ratios, largest first. */
  readonly tightest: readonly AddressedCase[];
  /** Violated, unresolved and invalid samples, in that order and then by address; the first of each. */
  readonly worst: readonly AddressedCase[];
  /** As in a run's report, each example with its address. */
  readonly faults: readonly (Report["faults"][number] & { readonly address?: string })[];
  /** Relative error of the quantiles of ratio, coefficient and layers. */
  readonly quantileError: number;
}
