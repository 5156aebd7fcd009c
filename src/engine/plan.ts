/**
 * A plan: the network as the engine will compute with it, and what the host proved of its weights beforehand.
 */
import type { Head } from "../network/heads.ts";
import type { Layer, Network } from "../network/network.ts";
import type { Rounding } from "./f32.ts";
import { joinRounding, roundedToF32, UNROUNDED } from "./f32.ts";
import type { Interval } from "./interval.ts";
import type { NormMethod } from "./krylov.ts";
import { exponentOf, timesPowerOfTwo } from "./powers.ts";
import { gramOfRows } from "./dense/gram.ts";
import type { WeightNorms } from "./weight-norm.ts";
import { cheapNorms, weightNorms } from "./weight-norm.ts";

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
  /** What was proven of W′_t when the plan was made, kept beside what the run uses of it: the audit compares the two. */
  readonly proof: NormProof;
  /** max |b_t|. */
  readonly biasMax: number;
}

/** The brackets of one matrix with what shows them. */
export interface NormProof {
  readonly spectral: Interval;
  /** The vector of the lower end (weight-norm.ts). */
  readonly vector: Float64Array;
}

/** One layer's part of a plan. */
export interface LayerPlan {
  readonly layer: PlannedLayer;
  /** W′W′ᵀ where it was asked for, else null. */
  readonly gram: Float64Array | null;
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
  /** What the iteration's steps are combined to (krylov.ts). */
  readonly method: NormMethod;
  /** Whether the iteration's own estimate of each norm's error is wanted: rows have it. */
  readonly errors: boolean;
  /** Seed of the random direction's address (seed, stream DIRECTION, sample index). */
  readonly seed: number;
  readonly layers: readonly PlannedLayer[];
  /** W′_1W′_1ᵀ, n_2 × n_2 row-major, where that is the cheaper operator for the iteration (n_2 < 2 n_1), else null. */
  readonly firstGram: Float64Array | null;
  /** What rounding to `precision` changed of weights and biases. */
  readonly rounding: Rounding;
}

export interface PlanSettings {
  readonly head: Head;
  readonly precision: "f32" | "f64";
  readonly norm: "spectral" | "frobenius";
  readonly accuracy: number | "verdict";
  /** Lanczos where left out. */
  readonly method?: NormMethod;
  /** No where left out. */
  readonly errors?: boolean;
  readonly seed: number;
}

/** Rounds the network to the engine's precision, scales its weights, and proves their norms. Cost: O(min(m, n)² max(m, n)) a layer. */
export function makePlan(network: Network, settings: PlanSettings): Plan {
  const { rounded, rounding } = roundNetwork(network, settings.precision);
  return assemble(
    rounded,
    settings,
    rounding,
    rounded.layers.map((layer, i) => planLayer(layer, wantsGram(rounded, i))),
  );
}

/** The same plan, its layers made by `plan`: on other threads, or not proven at all (`outline`). `onLayer` hears how many are done. */
export async function preparePlan(
  network: Network,
  settings: PlanSettings,
  plan: (layer: Layer, gram: boolean) => Promise<LayerPlan>,
  onLayer: (done: number) => void = () => undefined,
): Promise<Plan> {
  const { rounded, rounding } = roundNetwork(network, settings.precision);
  let done = 0;
  const parts = await Promise.all(
    rounded.layers.map(async (layer, i) => {
      const part = await plan(layer, wantsGram(rounded, i));
      onLayer(++done);
      return part;
    }),
  );
  return assemble(rounded, settings, rounding, parts);
}

/** Multiplications of the norm's proof, about: n² m. */
export function proofWork({ inputs, outputs }: Pick<Layer, "inputs" | "outputs">): number {
  return Math.min(inputs, outputs) * inputs * outputs;
}

/** The same weights in another precision's hands: what was proven of them stands. @param plan whose weights are numbers of that precision. */
export function inPrecision(plan: Plan, precision: "f64"): Plan {
  return { ...plan, precision, rounding: UNROUNDED };
}

function roundNetwork(
  network: Network,
  precision: "f32" | "f64",
): { readonly rounded: Network; readonly rounding: Rounding } {
  if (precision === "f64") return { rounded: network, rounding: UNROUNDED };
  let rounding = UNROUNDED;
  const round = (values: Float64Array): Float64Array => {
    const result = roundedToF32(values);
    rounding = joinRounding(rounding, result.rounding);
    return result.rounded;
  };
  const layers = network.layers.map((layer) => ({ ...layer, weight: round(layer.weight), bias: round(layer.bias) }));
  return { rounded: { layers }, rounding };
}

/** @see Plan.headSize */
function headSize(head: Head): number {
  if (head.kind !== "linear" && head.kind !== "squared-error") return 0;
  const values = head.kind === "linear" ? head.coefficients : head.targets;
  const width = head.kind === "linear" ? values.length : values.length / head.rows;
  let largest = 0;
  for (const v of values) largest = Math.max(largest, Math.abs(v));
  return Math.sqrt(width) * largest * (1 + 2 ** -50);
}

function assemble(network: Network, settings: PlanSettings, rounding: Rounding, parts: readonly LayerPlan[]): Plan {
  return {
    ...{ network, method: "lanczos" as const, errors: false, ...settings, headSize: headSize(settings.head), rounding },
    layers: parts.map((part) => part.layer),
    firstGram: parts[0]?.gram ?? null,
  };
}

/** Whether W′_tW′_tᵀ is the cheaper operator for the iteration. */
function wantsGram({ layers }: Network, i: number): boolean {
  const layer = layers[i];
  return i === 0 && layers.length > 1 && layer !== undefined && layer.outputs < 2 * layer.inputs;
}

/** One layer of a plan. */
export function planLayer(layer: Layer, gram: boolean): LayerPlan {
  const { outputs, inputs } = layer;
  const { biasMax, coarse, brought } = bring(layer);
  const norms = weightNorms(brought, outputs, inputs);
  const fine = norms.spectral.upper > 0 ? exponentOf(norms.spectral.upper) : 0;
  const factor = 2 ** -fine;
  const scaledWeight = brought.map((w) => w * factor);
  return {
    layer: scaled(coarse + fine, scaledWeight, norms, factor, biasMax),
    // The Gram of the proof times a power of two is the scaled weight's own.
    gram: !gram ? null : (norms.gram?.map((g) => g * factor * factor) ?? gramOfRows(scaledWeight, outputs, inputs)),
  };
}

/** What a layer's plan is before anything costly was proven: a report of an interrupted run has its brackets from here. */
export function outlineLayer(layer: Layer): LayerPlan {
  const { biasMax, coarse, brought } = bring(layer);
  return { layer: scaled(coarse, brought, cheapNorms(brought, layer.outputs, layer.inputs), 1, biasMax), gram: null };
}

/** The largest entry near 1, where no norm can overflow or lose digits. */
function bring(layer: Layer): { readonly biasMax: number; readonly coarse: number; readonly brought: Float64Array } {
  let max = 0;
  for (const w of layer.weight) max = Math.max(max, Math.abs(w));
  let biasMax = 0;
  for (const b of layer.bias) biasMax = Math.max(biasMax, Math.abs(b));
  const coarse = max > 0 ? exponentOf(max) : 0;
  return { biasMax, coarse, brought: layer.weight.map((w) => timesPowerOfTwo(w, -coarse)) };
}

/** Norms of a brought weight times `factor`, a power of two that takes the spectral one into [1, 2). */
function scaled(
  scaleExponent: number,
  scaledWeight: Float64Array,
  norms: Omit<WeightNorms, "gram">,
  factor: number,
  biasMax: number,
): PlannedLayer {
  const times = (interval: Interval): Interval => ({ lower: interval.lower * factor, upper: interval.upper * factor });
  const spectralNorm = times(norms.spectral);
  return {
    ...{ scaleExponent, scaledWeight, biasMax, spectralNorm },
    frobeniusNorm: times(norms.frobenius),
    absoluteNorm: norms.absolute * factor,
    proof: { spectral: spectralNorm, vector: norms.vector },
  };
}
