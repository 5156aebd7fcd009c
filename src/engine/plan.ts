/**
 * A plan: the network as the engine will compute with it, and what the host proved of its weights beforehand.
 */
import type { Head } from "../network/heads.ts";
import type { Layer, Network } from "../network/network.ts";
import type { Interval } from "./interval.ts";
import { exponentOf, timesPowerOfTwo } from "./powers.ts";
import { gramOfRows, weightNorms } from "./weight-norm.ts";

export interface PlannedLayer {
  /** k_t: W′_t = 2^−k_t W_t has spectral norm in about [1, 2); 0 for a zero matrix. */
  readonly scaleExponent: number;
  /** W′_t, outputs × inputs, row-major. */
  readonly scaledWeight: Float64Array;
  /** Proven bracket of ‖W′_t‖₂. */
  readonly spectralNorm: Interval;
  /** Proven bracket of ‖W′_t‖_F. */
  readonly frobeniusNorm: Interval;
  /** ω_t ≥ ‖ |W′_t| ‖₂. */
  readonly absoluteNorm: number;
  /** max |b_t|. */
  readonly biasMax: number;
}

export interface Plan {
  /** Every weight and bias is a number of the engine's precision. */
  readonly network: Network;
  readonly precision: "f32" | "f64";
  readonly head: Head;
  /** At least ‖c‖ of a linear head's coefficients, or the norm of every row of squared-error's targets; else 0. */
  readonly headSize: number;
  readonly norm: "spectral" | "frobenius";
  /** Relative error wanted of each Jacobian-norm estimate; "verdict": no iteration in `measure` at all. */
  readonly accuracy: number | "verdict";
  /** Seed of the random direction's address (seed, stream DIRECTION, sample index). */
  readonly seed: number;
  readonly layers: readonly PlannedLayer[];
  /** W′_1W′_1ᵀ, n_2 × n_2 row-major, where that is the cheaper operator for the iteration (n_2 < 2 n_1), else null. */
  readonly firstGram: Float64Array | null;
  /** Weights and biases that rounding to `precision` changed. */
  readonly roundedValues: number;
}

export interface PlanSettings {
  readonly head: Head;
  readonly precision: "f32" | "f64";
  readonly norm: "spectral" | "frobenius";
  readonly accuracy: number | "verdict";
  readonly seed: number;
}

/** Rounds the network to the engine's precision, scales its weights, and proves their norms. Cost: O(min(m, n)² max(m, n)) a layer. */
export function makePlan(network: Network, settings: PlanSettings): Plan {
  let roundedValues = 0;
  const round = (values: Float64Array): Float64Array => {
    if (settings.precision === "f64") return values;
    const rounded = Float64Array.from(values, Math.fround);
    for (let i = 0; i < values.length; i++) if (rounded[i] !== values[i]) roundedValues++;
    return rounded;
  };
  const rounded: Network = {
    layers: network.layers.map((layer) => ({ ...layer, weight: round(layer.weight), bias: round(layer.bias) })),
  };
  const layers = rounded.layers.map(planLayer);
  const first = layers[0];
  const shape = rounded.layers[0];
  const firstGram =
    rounded.layers.length > 1 && first !== undefined && shape !== undefined && shape.outputs < 2 * shape.inputs
      ? gramOfRows(first.scaledWeight, shape.outputs, shape.inputs)
      : null;
  return { network: rounded, ...settings, headSize: headSize(settings.head), layers, firstGram, roundedValues };
}

function headSize(head: Head): number {
  if (head.kind !== "linear" && head.kind !== "squared-error") return 0;
  const values = head.kind === "linear" ? head.coefficients : head.targets;
  const width = head.kind === "linear" ? values.length : values.length / head.rows;
  let largest = 0;
  for (const v of values) largest = Math.max(largest, Math.abs(v));
  return Math.sqrt(width) * largest * (1 + 2 ** -50);
}

function planLayer(layer: Layer): PlannedLayer {
  let max = 0;
  for (const w of layer.weight) max = Math.max(max, Math.abs(w));
  let biasMax = 0;
  for (const b of layer.bias) biasMax = Math.max(biasMax, Math.abs(b));
  // First bring the largest entry near 1, where no norm can overflow or lose digits; then the norm itself into [1, 2).
  const coarse = max > 0 ? exponentOf(max) : 0;
  const brought = layer.weight.map((w) => timesPowerOfTwo(w, -coarse));
  const norms = weightNorms(brought, layer.outputs, layer.inputs);
  const fine = norms.spectral.upper > 0 ? exponentOf(norms.spectral.upper) : 0;
  const factor = 2 ** -fine;
  const scaled = (interval: Interval): Interval => ({ lower: interval.lower * factor, upper: interval.upper * factor });
  return {
    scaleExponent: coarse + fine,
    scaledWeight: brought.map((w) => w * factor),
    spectralNorm: scaled(norms.spectral),
    frobeniusNorm: scaled(norms.frobenius),
    absoluteNorm: norms.absolute * factor,
    biasMax,
  };
}
