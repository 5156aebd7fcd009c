/** The total inequality of a sample: a weighted mean of the layers' κ_t² (MATH.md §2). */
import { exponentOf, timesPowerOfTwo } from "../engine/powers.ts";
import type { Interval } from "../engine/interval.ts";
import type { Layer } from "../network/network.ts";
import { lengthened } from "../network/network.ts";
import type { LayerBounds } from "./rounding.ts";
import { normError } from "./rounding.ts";
import type { Arithmetic } from "../engine/engine.ts";

/** Of the sample at hand. */
const EXPONENTS: number[] = [];

const entry = (columns: readonly Float64Array[], i: number, at: number): number =>
  (columns[i] as Float64Array)[at] as number;

/**
 * w_t = ‖δ_t‖²(β_t + ‖h_t‖²), β_t = 1 with a bias and 0 without, of sample `at`, as w_t = weights[t−1]·2^exponent, the largest of them
 * between 1 and 16.
 * @param scaleExponents k_t of the plan: δ_t = 2^{Σ_{s>t} k_s} δ′_t, up to the sample's own 2^e.
 * @param weights receives them at place `to`. @returns the exponent.
 */
export function totalWeights(
  adjointNorms: readonly Float64Array[],
  hiddenNorms: readonly Float64Array[],
  at: number,
  scaleExponents: readonly number[],
  layers: readonly Pick<Layer, "biased">[],
  weights: readonly Float64Array[],
  to: number,
): number {
  let above = 0;
  let largest = -Infinity;
  for (let i = layers.length - 1; i >= 0; i--) {
    const root = lengthened(layers[i] as Layer, entry(hiddenNorms, i, at));
    const delta = entry(adjointNorms, i, at);
    let factor = 0;
    let exponent = -Infinity;
    if (delta > 0 && root > 0) {
      const below = exponentOf(delta);
      const own = exponentOf(root);
      factor = timesPowerOfTwo(delta, -below) * timesPowerOfTwo(root, -own);
      exponent = below + own + above;
    }
    (weights[i] as Float64Array)[to] = factor;
    EXPONENTS[i] = exponent;
    largest = Math.max(largest, exponent);
    above += scaleExponents[i] as number;
  }
  if (largest === -Infinity) return 0;
  for (let i = 0; i < layers.length; i++) {
    const factor = entry(weights, i, to);
    const scaled = factor === 0 ? 0 : timesPowerOfTwo(factor, Math.max(-2000, (EXPONENTS[i] as number) - largest));
    (weights[i] as Float64Array)[to] = scaled * scaled;
  }
  return 2 * largest;
}

/**
 * The total's bracket: √([Σ w κ_lo², Σ w κ_hi²]/Σ w), widened by the error of the weights; a mean of the κ_t², so never
 * outside [min κ_lo, max κ_hi]. All of sample `at`.
 * @param error of the weights' norms (`weightError`).
 */
export function totalBracket(
  weights: readonly Float64Array[],
  lowers: readonly Float64Array[],
  uppers: readonly Float64Array[],
  at: number,
  error: number,
): Interval {
  let sum = 0;
  let lower = 0;
  let upper = 0;
  let least = Infinity;
  let most = 0;
  for (let i = 0; i < weights.length; i++) {
    const w = entry(weights, i, at);
    if (w === 0) continue;
    const low = entry(lowers, i, at);
    const high = entry(uppers, i, at);
    sum += w;
    lower += w * (low * low);
    upper += w * (high * high);
    least = Math.min(least, low);
    most = Math.max(most, high);
  }
  if (sum === 0) return { lower: 0, upper: 0 };
  // A weight has four norms' errors e, ‖δ‖² and 1 + ‖h‖²: √((1 + 4e)/(1 − 4e)) ≤ 1 + 8e for e ≤ 1/16, and nothing is known beyond. The
  // host's own: a few in each term and an addition for every layer, in both sums.
  const slack = (error <= 1 / 16 ? 8 * error : 1) + Math.max(2 ** -44, 4 * (weights.length + 16) * 2 ** -53);
  return {
    lower: Math.max(least, Math.sqrt(lower / sum) * (1 - slack)),
    upper: Math.min(most, Math.sqrt(upper / sum) * (1 + slack)),
  };
}

/** Relative error of the weights' norms: that of the widest layer. */
export function weightError(layers: readonly LayerBounds[], arithmetic: Arithmetic): number {
  return normError(Math.max(...layers.map((l) => Math.max(l.inputs, l.outputs))), arithmetic);
}
