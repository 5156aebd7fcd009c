/**
 * The cut test (MATH.md §2): along one direction v, S_0 = ĝ_x·v and S_t = δ̂_t·ζ̂_t are all equal in exact arithmetic.
 *
 *     |S_{t−1} − S_t| ≤ 2(γ_{n_t} + γ_{n_{t+1}} + 4u) ω_t ‖δ̂_t‖ ‖τ̂_t‖ + flushes
 *
 * Derivation: S_{t−1} is, up to two roundings an entry, â_t·τ̂_t with â_t = fl(W′_tᵀδ̂_t), whose rounding is γ_{n_{t+1}} |W|ᵀ|δ̂|;
 * S_t differs from δ̂_tᵀW′_tτ̂_t by that of ζ̂_t, γ_{n_t}|W||τ̂|. The factor 2 covers the dots S themselves.
 */
import type { Arithmetic } from "../engine/engine.ts";
import type { LayerBounds } from "./rounding.ts";
import { gamma, UP } from "./rounding.ts";
import { normUpper } from "./bounds.ts";

export interface CutMeasurement {
  /** S_0 … S_l. */
  readonly products: readonly number[];
  /** ‖τ̂_t‖, t = 1 … l. */
  readonly tangentNorms: readonly number[];
}

/** |S_{t−1} − S_t| over its bound, t = 1 … l: above 1 is a certified fault at layer t; Infinity where the bound is 0 and they differ. */
export function cutResiduals(
  layers: readonly LayerBounds[],
  adjointNorms: readonly number[],
  slopeMax: readonly number[],
  cut: CutMeasurement,
  arithmetic: Arithmetic,
): number[] {
  return layers.map((layer, i) => {
    const difference = Math.abs((cut.products[i] as number) - (cut.products[i + 1] as number));
    if (difference === 0) return 0;
    const delta = normUpper(adjointNorms[i] as number, layer.outputs, arithmetic);
    const tau = normUpper(cut.tangentNorms[i] as number, layer.inputs, arithmetic);
    const below = i === 0 ? null : (layers[i - 1] as LayerBounds);
    const u = arithmetic.unitRoundoff;
    const rounding =
      2 *
      (gamma(layer.inputs, arithmetic) + gamma(layer.outputs, arithmetic) + 4 * u) *
      layer.absoluteNorm *
      delta *
      tau;
    const flush = arithmetic.flush;
    const { inputs: n, outputs: m, spectralUpper } = layer;
    // ‖ζ̂_{t−1}‖ and ‖â_t‖, which multiply a flushed D·a and a flushed D·ζ.
    const zeta =
      below === null ? 0 : below.spectralUpper * normUpper(cut.tangentNorms[i - 1] as number, n, arithmetic) * 2;
    const flushed =
      flush * Math.sqrt(n) * m * (2 + spectralUpper + delta) * tau +
      flush * Math.sqrt(m) * n * (2 + spectralUpper + tau) * delta +
      flush * Math.sqrt(n) * (zeta + 2 * spectralUpper * delta) +
      flush * (n + m) * (4 + delta + tau + zeta);
    const slope = below === null ? 1 : Math.max(1, slopeMax[i - 1] as number);
    const bound = (rounding + flushed * slope) * UP;
    return bound > 0 ? difference / bound : Infinity;
  });
}

/** From this ratio on a sample is replayed in f64 (MATH.md §2: clean narrow layers use up to 0.17 of the bound, wide ones 4e−4). */
export function suspicionThreshold(layer: LayerBounds): number {
  return Math.min(0.5, Math.max(0.01, 4 / (layer.inputs + layer.outputs)));
}

/** S_{t−1}, S_t and their difference over its bound, of one direction. */
export interface Cut {
  readonly left: number;
  readonly right: number;
  readonly residual: number;
}

/** At each layer the direction of the larger residual; NaN is the largest. */
export function worstCuts(
  layers: readonly LayerBounds[],
  adjointNorms: readonly number[],
  slopeMax: readonly number[],
  directions: readonly CutMeasurement[],
  arithmetic: Arithmetic,
): Cut[] {
  const each = directions.map((cut) => {
    const residuals = cutResiduals(layers, adjointNorms, slopeMax, cut, arithmetic);
    return residuals.map((residual, i): Cut => ({
      left: cut.products[i] as number,
      right: cut.products[i + 1] as number,
      residual,
    }));
  });
  return layers.map((_, i) =>
    each
      .map((direction) => direction[i] as Cut)
      .reduce((a, b) => (Number.isNaN(a.residual) || b.residual <= a.residual ? a : b)),
  );
}
