/**
 * The cut test (MATH.md §2): along one direction v, S_0 = ĝ_x·v and S_t = δ̂_t·ζ̂_t are all equal in exact arithmetic.
 *
 *     |S_{t−1} − S_t| ≤ 2(γ_{n_t} + γ_{n_{t+1}} + 4u) ω_t ‖δ̂_t‖ ‖τ̂_t‖ + flushes
 *
 * Derivation: S_{t−1} is, up to two roundings an entry, â_t·τ̂_t with â_t = fl(W′_tᵀδ̂_t), whose rounding is γ_{n_{t+1}} |W|ᵀ|δ̂|;
 * S_t differs from δ̂_tᵀW′_tτ̂_t by that of ζ̂_t, γ_{n_t}|W||τ̂|. The factor 2 covers the dots S themselves.
 */
import type { Arithmetic, Measurements } from "../engine/engine.ts";
import type { LayerBounds, NormRounding } from "./rounding.ts";
import { gamma, normRounding, raisedNorm, UP } from "./rounding.ts";

export interface CutMeasurement {
  /** S_0 … S_l. */
  readonly products: readonly number[];
  /** ‖τ̂_t‖, t = 1 … l. */
  readonly tangentNorms: readonly number[];
}

/** What the bound of one layer needs: computed once a plan. */
export interface CutRounding {
  readonly inputs: NormRounding;
  readonly outputs: NormRounding;
  readonly factor: number;
  /** flush·√n·m, flush·√m·n, flush·√n and flush·(n + m). */
  readonly flushes: readonly [number, number, number, number];
  readonly spectralUpper: number;
  /** U(W′_{t−1}); null at layer 1. */
  readonly below: number | null;
}

export function cutRounding(layers: readonly LayerBounds[], arithmetic: Arithmetic): CutRounding[] {
  const { flush, unitRoundoff: u } = arithmetic;
  return layers.map(({ inputs: n, outputs: m, absoluteNorm, spectralUpper }, i) => ({
    inputs: normRounding(n, arithmetic),
    outputs: normRounding(m, arithmetic),
    factor: 2 * (gamma(n, arithmetic) + gamma(m, arithmetic) + 4 * u) * absoluteNorm,
    flushes: [flush * Math.sqrt(n) * m, flush * Math.sqrt(m) * n, flush * Math.sqrt(n), flush * (n + m)],
    spectralUpper,
    below: i === 0 ? null : (layers[i - 1] as LayerBounds).spectralUpper,
  }));
}

/**
 * |left − right| over its bound: above 1 is a certified fault of the layer; Infinity where the bound is 0 and they differ.
 * @param left,right S_{t−1} and S_t. @param adjoint,tangent ‖δ̂_t‖ and ‖τ̂_t‖. @param tangentBelow,slopeBelow ‖τ̂_{t−1}‖ and max|D̂_{t−1}|.
 */
export function cutResidual(
  rounding: CutRounding,
  left: number,
  right: number,
  adjoint: number,
  tangent: number,
  tangentBelow: number,
  slopeBelow: number,
): number {
  const difference = Math.abs(left - right);
  if (difference === 0) return 0;
  const { inputs, outputs, factor, flushes, spectralUpper, below } = rounding;
  const delta = raisedNorm(outputs, adjoint);
  const tau = raisedNorm(inputs, tangent);
  // ‖ζ̂_{t−1}‖ and ‖â_t‖, which multiply a flushed D·a and a flushed D·ζ.
  const zeta = below === null ? 0 : below * raisedNorm(inputs, tangentBelow) * 2;
  const flushed =
    flushes[0] * (2 + spectralUpper + delta) * tau +
    flushes[1] * (2 + spectralUpper + tau) * delta +
    flushes[2] * (zeta + 2 * spectralUpper * delta) +
    flushes[3] * (4 + delta + tau + zeta);
  const slope = below === null || slopeBelow <= 1 ? 1 : slopeBelow;
  const bound = (factor * delta * tau + flushed * slope) * UP;
  return bound > 0 ? difference / bound : Infinity;
}

/** The same of each layer, t = 1 … l. */
export function cutResiduals(
  layers: readonly LayerBounds[],
  adjointNorms: readonly number[],
  slopeMax: readonly number[],
  cut: CutMeasurement,
  arithmetic: Arithmetic,
): number[] {
  return roundedCutResiduals(cutRounding(layers, arithmetic), adjointNorms, slopeMax, cut);
}

/** The same, of what the layers' bounds need. */
export function roundedCutResiduals(
  roundings: readonly CutRounding[],
  adjointNorms: readonly number[],
  slopeMax: readonly number[],
  { products, tangentNorms }: CutMeasurement,
): number[] {
  return roundings.map((rounding, i) =>
    cutResidual(
      rounding,
      products[i] as number,
      products[i + 1] as number,
      adjointNorms[i] as number,
      tangentNorms[i] as number,
      tangentNorms[i - 1] ?? 0,
      slopeMax[i - 1] ?? 1,
    ),
  );
}

/** From this ratio on a sample is replayed in f64 (MATH.md §2: clean narrow layers use up to 0.17 of the bound, wide ones 4e−4). */
export function suspicionThreshold(layer: LayerBounds): number {
  return Math.min(0.5, Math.max(0.01, 4 / (layer.inputs + layer.outputs)));
}

/**
 * The larger residual of the two directions at layer t = i + 1, of every sample; NaN is the largest.
 * @param residual receives it. @returns how many are above `suspicion`, or NaN.
 */
export function worstResiduals(
  rounding: CutRounding,
  m: Measurements,
  i: number,
  residual: Float64Array,
  suspicion: number,
): number {
  const [along, random] = m.directions;
  const adjoint = m.adjointNorm[i] as Float64Array;
  // Layer 1 has nothing below: what is passed instead is not read.
  const under = Math.max(0, i - 1);
  const slopes = m.slopeMax[under] as Float64Array;
  const [left0, right0] = [along.products[i] as Float64Array, along.products[i + 1] as Float64Array];
  const [left1, right1] = [random.products[i] as Float64Array, random.products[i + 1] as Float64Array];
  const [tangent0, below0] = [along.tangentNorm[i] as Float64Array, along.tangentNorm[under] as Float64Array];
  const [tangent1, below1] = [random.tangentNorm[i] as Float64Array, random.tangentNorm[under] as Float64Array];
  let suspects = 0;
  for (let at = 0; at < residual.length; at++) {
    const delta = adjoint[at] as number;
    const slope = slopes[at] as number;
    const own = cutResidual(
      rounding,
      left0[at] as number,
      right0[at] as number,
      delta,
      tangent0[at] as number,
      below0[at] as number,
      slope,
    );
    const other = cutResidual(
      rounding,
      left1[at] as number,
      right1[at] as number,
      delta,
      tangent1[at] as number,
      below1[at] as number,
      slope,
    );
    const worst = Number.isNaN(own) || other <= own ? own : other;
    residual[at] = worst;
    if (!(worst <= suspicion)) suspects++;
  }
  return suspects;
}

/** S_{t−1} and S_t of sample `at`, along the direction that gave its `worst` residual. */
export function worstProducts(
  rounding: CutRounding,
  m: Measurements,
  i: number,
  at: number,
  worst: number,
): { readonly left: number; readonly right: number } {
  const sides = m.directions.map(({ products, tangentNorm }) => {
    const [left, right] = [numberAt(products, i, at), numberAt(products, i + 1, at)];
    const [adjoint, tangent] = [numberAt(m.adjointNorm, i, at), numberAt(tangentNorm, i, at)];
    const [below, slope] = [numberAt(tangentNorm, i - 1, at), numberAt(m.slopeMax, i - 1, at)];
    return { left, right, residual: cutResidual(rounding, left, right, adjoint, tangent, below, slope) };
  });
  return sides.find(({ residual }) => Object.is(residual, worst)) ?? (sides[1] as (typeof sides)[number]);
}

function numberAt(columns: readonly Float64Array[], i: number, at: number): number {
  return columns[i]?.[at] ?? 0;
}
