/** The weights w_t of the total inequality: a sample's layers by their share of ‖∇_θf‖² (MATH.md §2). */
import type { Arithmetic } from "../engine/engine.ts";
import { workColumns } from "../engine/memory.ts";
import { exponentOf, timesPowerOfTwo } from "../engine/powers.ts";
import type { Layer } from "../network/network.ts";
import { lengthened } from "../network/network.ts";
import type { LayerBounds } from "./rounding.ts";
import { normError } from "./rounding.ts";

/**
 * w_t = ‖δ_t‖²(β_t + ‖h_t‖²), β_t = 1 with a bias and 0 without, of every sample, as w_t = weights[t−1]·2^exponent, the largest of them
 * between 1 and 16; the exponent is 0 where all are 0.
 * @param scaleExponents k_t of the plan: δ_t = 2^{Σ_{s>t} k_s} δ′_t, up to the sample's own 2^e.
 * @param weights,exponent receive them.
 */
export function totalWeights(
  adjointNorms: readonly Float64Array[],
  hiddenNorms: readonly Float64Array[],
  scaleExponents: readonly number[],
  layers: readonly Pick<Layer, "biased">[],
  weights: readonly Float64Array[],
  exponent: Float64Array,
): void {
  const samples = exponent.length;
  const exponents = work(layers.length, samples);
  exponent.fill(-Infinity);
  let above = 0;
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i] as Layer;
    const [hidden, adjoint] = [hiddenNorms[i] as Float64Array, adjointNorms[i] as Float64Array];
    const [factors, own] = [weights[i] as Float64Array, exponents[i] as Float64Array];
    for (let at = 0; at < samples; at++) {
      const root = lengthened(layer, hidden[at] as number);
      const delta = adjoint[at] as number;
      factors[at] = 0;
      own[at] = -Infinity;
      if (!(delta > 0 && root > 0)) continue;
      const below = exponentOf(delta);
      const beside = exponentOf(root);
      factors[at] = timesPowerOfTwo(delta, -below) * timesPowerOfTwo(root, -beside);
      own[at] = below + beside + above;
      exponent[at] = Math.max(exponent[at] as number, own[at] as number);
    }
    above += scaleExponents[i] as number;
  }
  for (let i = 0; i < layers.length; i++) {
    const [factors, own] = [weights[i] as Float64Array, exponents[i] as Float64Array];
    for (let at = 0; at < samples; at++) {
      if (factors[at] === 0) continue;
      const down = Math.max(-2000, (own[at] as number) - (exponent[at] as number));
      const scaled = timesPowerOfTwo(factors[at] as number, down);
      factors[at] = scaled * scaled;
    }
  }
  for (let at = 0; at < samples; at++) exponent[at] = exponent[at] === -Infinity ? 0 : 2 * (exponent[at] as number);
}

const work = workColumns();

/** Relative error of the weights' norms: that of the widest layer. */
export function weightError(layers: readonly LayerBounds[], arithmetic: Arithmetic): number {
  return normError(Math.max(...layers.map((l) => Math.max(l.inputs, l.outputs))), arithmetic);
}
