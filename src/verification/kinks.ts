/**
 * Samples at a kink, and what underflows on the way to it (MATH.md §2, "What a verdict speaks of": the stored slopes).
 *
 * A verdict is proven for the stored slopes. They are the network's own wherever no z lies within its forward error of a kink; beside one
 * the slope may be the other side's, and every number of the sample another. The forward error of z_{t+1} = W_tĥ_t + b_t, entry by entry:
 *
 *     local        γ_{n_t+1}(ω_t‖ĥ_t‖ + max|b_t|) + flushes
 *     cumulative   local + ‖W_t‖ e_t,      e_1 = 0,      e_{t+1} = L_t(‖W_t‖ e_t + √n local) + (error of g) + flushes
 *
 * with L_t the activation's steepest slope: norms, so that the bound grows with depth. It means something while it is small beside the
 * distances between the z's of a layer, about ‖W_t‖_F‖ĥ_t‖/√(n_t n_{t+1}) over n_{t+1} of them.
 */
import type { Arithmetic, Measurements } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { timesPowerOfTwo } from "../engine/powers.ts";
import { steepestSlope } from "../network/growth.ts";
import { kinksOf } from "../network/kinks.ts";
import type { Activation } from "../network/parametric.ts";
import { relativeValueError } from "./audit/activation-error.ts";
import { gamma, UP } from "./rounding.ts";

export interface NearKink {
  /** t: z_{t+1} = W_th_t + b_t lies at a kink of g_t. */
  readonly layer: number;
  /** Which forward error it is within: of the whole pass, or of layer t's own sums alone, where the former is too wide to mean anything. */
  readonly bound: "cumulative" | "local";
}

/** A unit within this share of the mean distance between a layer's z's is near; beyond, the bound says nothing. */
const MEANINGFUL = 1 / 8;

/** What the forward errors of a layer need: computed once a plan. */
export interface KinkBounds {
  readonly activation: Activation;
  /** Upper bounds of ‖W_t‖ and ‖W_t‖_F, and of ω_t, unscaled. */
  readonly spectral: number;
  readonly frobenius: number;
  readonly absolute: number;
  readonly biasMax: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly gamma: number;
  readonly unitRoundoff: number;
  readonly flush: number;
  /** Whether this layer's activation, or that of a layer after it, has a kink. */
  readonly matters: boolean;
}

export function kinkBounds({ network, layers }: Plan, arithmetic: Arithmetic): KinkBounds[] {
  return network.layers.map(({ inputs, outputs, activation }, i) => {
    const { scaleExponent, spectralNorm, frobeniusNorm, absoluteNorm, biasMax } = layers[i] as Plan["layers"][number];
    return {
      ...{ activation, inputs, outputs, biasMax },
      spectral: timesPowerOfTwo(spectralNorm.upper, scaleExponent),
      frobenius: timesPowerOfTwo(frobeniusNorm.upper, scaleExponent),
      absolute: timesPowerOfTwo(absoluteNorm, scaleExponent),
      gamma: gamma(inputs + 1, arithmetic),
      unitRoundoff: arithmetic.unitRoundoff,
      flush: arithmetic.flush,
      matters: network.layers.slice(i).some((layer) => kinksOf(layer.activation).length > 0),
    };
  });
}

const of = (columns: readonly Float64Array[], i: number, at: number): number =>
  (columns[i] as Float64Array)[at] as number;

/** What flushes cost an entry of z. */
export const tinyError = ({ flush, inputs, spectral }: KinkBounds, hidden: number): number =>
  flush * (inputs + 2) * (2 + hidden + spectral);

/**
 * The first layer with a unit at a kink, of every sample.
 * @param layer,isLocal receive it, 0: none, and whether it is within the layer's own sums alone.
 */
export function nearKinks(
  bounds: readonly KinkBounds[],
  m: Measurements,
  layer: Uint16Array,
  isLocal: Uint8Array,
): void {
  if (bounds[0]?.matters !== true) return;
  for (let at = 0; at < layer.length; at++) {
    const near = nearKink(bounds, m, at);
    if (near === null) continue;
    layer[at] = near.layer;
    isLocal[at] = near.bound === "local" ? 1 : 0;
  }
}

/** The first layer with a unit at a kink, or null. */
export function nearKink(bounds: readonly KinkBounds[], m: Measurements, at: number): NearKink | null {
  let before = 0; // e_t
  for (let i = 0; i < bounds.length; i++) {
    const own = bounds[i] as KinkBounds;
    if (!own.matters) return null;
    const { spectral, biasMax, inputs, outputs, activation, unitRoundoff } = own;
    const hidden = of(m.hiddenNorm, i, at);
    const local = own.gamma * (own.absolute * hidden + biasMax);
    const tiny = tinyError(own, hidden);
    const whole = (local + spectral * before + tiny) * UP;
    const spacing = (own.frobenius * hidden) / Math.sqrt(inputs * outputs) / outputs;
    const bound = whole <= MEANINGFUL * spacing ? "cumulative" : "local";
    // The distance itself is one subtraction of the engine's.
    const least = of(m.kinkDistance, i, at) * (1 - 2 * unitRoundoff);
    if (least <= (bound === "cumulative" ? whole : local + tiny)) return { layer: i + 1, bound };
    const next = m.hiddenNorm[i + 1]?.[at] ?? 0;
    const root = Math.sqrt(outputs);
    const error = relativeValueError(activation, spectral * (hidden + before) + root * biasMax) * unitRoundoff * next;
    before = (steepestSlope(activation) * (spectral * before + root * (local + tiny)) + error) * UP;
  }
  return null;
}
