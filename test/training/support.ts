/** A small set and network to train, and the slow obvious way to its objective: the oracle's materialised gradients, sample by sample. */
import type { ActivationName } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import { evaluateHead } from "../../src/network/heads.ts";
import type { Network } from "../../src/network/network.ts";
import type { Examination } from "../../src/reference/oracle.ts";
import { examine, forward } from "../../src/reference/oracle.ts";
import { fillInputs, fillLabels } from "../../src/sampling/inputs.ts";
import type { Dataset } from "../../src/training/data.ts";
import { lossHead, withOneHotTargets } from "../../src/training/data.ts";
import type { LossName, PenaltyName, TrainingSettings } from "../../src/training/settings.ts";
import type { DerivativeErrors } from "../reference/support/rounding.ts";
import { derivativeErrors, UNIT } from "../reference/support/rounding.ts";
import { spectralNorm } from "../support/svd.ts";

export const WIDTHS = [3, 5, 4, 4] as const;

export function settings(changes: Partial<TrainingSettings> = {}): TrainingSettings {
  const smooth: readonly ActivationName[] = ["tanh", "silu", "identity"];
  return {
    ...{ widths: WIDTHS, activations: smooth, initialiser: "lecun", scale: 1, loss: "cross-entropy" },
    ...{ optimiser: "sgd", learningRate: 0.05, momentum: 0.9, weightDecay: 0, schedule: { kind: "constant" } },
    ...{ warmUp: 0, batch: 4, steps: 12, penalties: [], precision: "f64", seed: 5 },
    ...changes,
  };
}

export function dataset(samples: number, seed = 9): Dataset {
  const inputs = fillInputs({ distribution: "normal", scale: 1, seed }, 0, samples, WIDTHS[0]);
  const labels = fillLabels(seed, 0, samples, WIDTHS[3]);
  return withOneHotTargets({ samples, width: WIDTHS[0], inputs, labels, targets: null, outputs: WIDTHS[3] });
}

/** The set with inputs that f32 has. */
export function rounded(data: Dataset): Dataset {
  return { ...data, inputs: data.inputs.map(Math.fround) };
}

/** One sample by the oracle, with bounds on the error of one evaluation. */
export interface Examined {
  readonly found: Examination;
  readonly errors: DerivativeErrors;
}

/** @param unit of the arithmetic whose errors are bounded, @param extra as derivativeErrors has it. */
export function examineAll(
  network: Network,
  loss: LossName,
  data: Dataset,
  arithmetic: { readonly unit: number; readonly extra: number } = { unit: UNIT, extra: 0 },
): Examined[] {
  return examineHead(network, lossHead(loss, data), data, arithmetic);
}

/** The same of any f. */
export function examineHead(
  network: Network,
  head: Head,
  data: Dataset,
  { unit, extra }: { readonly unit: number; readonly extra: number } = { unit: UNIT, extra: 0 },
): Examined[] {
  return Array.from({ length: data.samples }, (_, i) => {
    const x = Array.from(data.inputs.subarray(i * data.width, (i + 1) * data.width));
    const label = data.labels?.[i] ?? -1;
    const found = examine(network, head, x, label, i, "spectral", spectralNorm);
    const output = Float64Array.from(forward(network, x).hidden.at(-1) ?? []);
    const top = Array.from(evaluateHead(head, output, label, i).gradient);
    return { found, errors: derivativeErrors(network, x, found, top, unit, extra) };
  });
}

/** A number with a bound on its error. */
export interface Bounded {
  readonly value: number;
  readonly error: number;
}

/** ∂f/∂W_t, then ∂f/∂b_t, of one sample, layer by layer. */
export function gradientOf({ found, errors }: Examined): Bounded[] {
  return found.weightGradients.flatMap((rows, i) => [
    ...rows.flatMap((row, r) => row.map((value, c) => ({ value, error: errors.weightGradients[i]?.[r]?.[c] ?? NaN }))),
    ...(found.adjoints[i] ?? []).map((value, r) => ({ value, error: errors.adjoints[i]?.[r] ?? NaN })),
  ]);
}

/** Entry by entry, with the roundings of a mean over n samples: n + 1, each of at most the sum of absolute values. */
export function meanGradientOf(examined: readonly Examined[], unit = UNIT): Bounded[] {
  const n = examined.length;
  const all = examined.map(gradientOf);
  return (all[0] ?? []).map((_, k) => {
    const own = all.map((gradient) => gradient[k] as Bounded);
    const size = own.reduce((sum, { value }) => sum + Math.abs(value), 0) / n;
    return {
      value: own.reduce((sum, { value }) => sum + value, 0) / n,
      error: own.reduce((sum, { error }) => sum + error, 0) / n + (n + 2) * unit * size,
    };
  });
}

/** Σ g² with |Δ g²| ≤ (2|g| + e)e, and two roundings a term and its sums. */
function squares(list: readonly Bounded[]): Bounded {
  const value = list.reduce((sum, g) => sum + g.value * g.value, 0);
  const carried = list.reduce((sum, g) => sum + (2 * Math.abs(g.value) + g.error) * g.error, 0);
  return { value, error: carried + (list.length + 2) * UNIT * value };
}

/** λ = 1. */
export function penaltyOf(kind: PenaltyName, examined: readonly Examined[]): Bounded {
  if (kind === "parameter") return squares(meanGradientOf(examined));
  const each = examined.map((one) =>
    squares(
      kind === "input"
        ? one.found.inputGradient.map((value, k) => ({ value, error: one.errors.inputGradient[k] ?? NaN }))
        : gradientOf(one),
    ),
  );
  return {
    value: each.reduce((sum, { value }) => sum + value, 0) / each.length,
    error: each.reduce((sum, { error }) => sum + error, 0) / each.length,
  };
}

/** θ as one list, in the order of gradientOf. */
export function flat(parameters: readonly { readonly weight: Float64Array; readonly bias: Float64Array }[]): number[] {
  return parameters.flatMap(({ weight, bias }) => [...weight, ...bias]);
}

/** The network with entry k of θ moved by s. */
export function moved(network: Network, k: number, s: number): Network {
  let at = k;
  const change = (values: Float64Array): Float64Array => {
    const own = at;
    at -= values.length;
    return own < 0 || own >= values.length ? values : values.map((v, i) => (i === own ? v + s : v));
  };
  return {
    layers: network.layers.map((layer) => ({ ...layer, weight: change(layer.weight), bias: change(layer.bias) })),
  };
}
