/**
 * Proven bounds for one sample from its measured norms: of ‖J_t‖, of the restart error E_t, and of κ_t
 * (MATH.md §2, "Verdict per layer" and "The witness for ‖J_t‖").
 *
 * Never an interval pushed through depth: each linear step's own residual is bounded where it arises, and carried to the
 * input by the norm of the exact Jacobian below it: ĉ − J_tᵀû = Σ_{s<t} J_sᵀ ε_s with ‖ε_s‖ ≤ backwardStepError(s).
 */
import type { Arithmetic } from "../engine/engine.ts";
import type { Interval } from "../engine/interval.ts";
import type { LayerBounds } from "./rounding.ts";
import { backwardStepError, DOWN, normError, roundedUp, UP } from "./rounding.ts";

/** How the upper end of ‖J_t‖ was had. */
export type UpperKind = "identity" | "product" | "explicit-frobenius" | "explicit-spectral";

/** A vector pulled back through layers s = t−1 … 1, by its norms as measured. */
export interface MeasuredPullback {
  /** Length of the vector that was pulled back, and n_t. */
  readonly vectorNorm: number;
  /** Norm of the result, in R^{n_1}. */
  readonly resultNorm: number;
  /** ‖D_s a_{s+1}‖, s = 1 … t−1, entry s − 1. */
  readonly stageNorms: readonly number[];
}

/** An explicit Jacobian Â of layer t, by its norms as measured. */
export interface MeasuredJacobian {
  readonly frobenius: number;
  /** A proven bracket of ‖Â‖₂; 0 and Infinity where there is none. */
  readonly spectralLower: number;
  readonly spectralUpper: number;
  readonly stageNorms: readonly number[];
}

/** Bounds of J_t: `spectral` serves the error sums, `statement` is the norm that the inequality speaks of. */
export interface JacobianBounds {
  readonly spectral: Interval;
  readonly statement: Interval;
  readonly kind: UpperKind;
  /** A proven lower bound that lies above a proven upper one: one of the norms that they were made of is wrong. Null: none. */
  readonly contradiction: Interval | null;
}

/**
 * Upper bound of a norm measured over n numbers. Each of them may have been read as 0 where it is below the flush threshold, and a norm
 * that is itself subnormal was rounded to a multiple of the smallest number: √n·flush covers both.
 */
export function normUpper(measured: number, n: number, arithmetic: Arithmetic): number {
  return (measured * (1 + normError(n, arithmetic)) + Math.sqrt(n) * arithmetic.flush) * UP;
}

/** Lower bound of a norm measured over n numbers. */
export function normLower(measured: number, n: number, arithmetic: Arithmetic): number {
  return Math.max(0, (measured * (1 - normError(n, arithmetic)) - Math.sqrt(n) * arithmetic.flush) * DOWN);
}

/** Σ_{s ≤ last} U(J_s) · backwardStepError(s, ‖stage s‖): how far a pullback through layers last … 1 is from its exact value. */
export function pullbackError(
  layers: readonly LayerBounds[],
  jacobianUpper: readonly number[],
  stageNorms: readonly number[],
  last: number,
  arithmetic: Arithmetic,
  rows = 1,
): number {
  let error = 0;
  for (let s = 1; s <= last; s++) {
    const layer = layers[s - 1] as LayerBounds;
    const norm = normUpper(stageNorms[s - 1] as number, layer.outputs * rows, arithmetic);
    error += (jacobianUpper[s - 1] as number) * backwardStepError(layer, norm, arithmetic, rows);
  }
  // A product, its rounding, and the additions of all layers.
  return roundedUp(error, last + 2);
}

/** L(J_t) = [‖ĉ‖(1 − γ) − Σ_{s<t} U(J_s) ε_s] / (‖û‖(1 + γ)) from a pulled-back witness; 0 where there is none. */
export function witnessLower(
  layers: readonly LayerBounds[],
  jacobianUpper: readonly number[],
  t: number,
  witness: MeasuredPullback,
  arithmetic: Arithmetic,
): number {
  const first = layers[0] as LayerBounds;
  const own = layers[t - 1] as LayerBounds;
  if (!(witness.vectorNorm > 0)) return 0;
  const error = pullbackError(layers, jacobianUpper, witness.stageNorms, t - 1, arithmetic);
  const numerator = normLower(witness.resultNorm, first.inputs, arithmetic) - error;
  const lower = (numerator / normUpper(witness.vectorNorm, own.inputs, arithmetic)) * DOWN;
  return lower > 0 ? lower : 0;
}

/**
 * Bounds of every ‖J_t‖, t = 1 … l, from the layer below upwards: U(J_t) = min(U(J_{t−1})·max|D_{t−1}|·U(W′_{t−1}),
 * explicit Â's norm plus its error sum), which is never looser than the product of all layers.
 * @param slopeMax max|D_t|, entry t − 1. @param witnesses,explicit by layer, null where there is none.
 */
export function jacobianBounds(
  layers: readonly LayerBounds[],
  statement: "spectral" | "frobenius",
  slopeMax: readonly number[],
  witnesses: readonly (readonly MeasuredPullback[])[],
  explicit: readonly (MeasuredJacobian | null)[],
  arithmetic: Arithmetic,
): JacobianBounds[] {
  const inputs = (layers[0] as LayerBounds).inputs;
  const root = Math.sqrt(inputs);
  const result: JacobianBounds[] = [
    {
      spectral: { lower: 1, upper: 1 },
      statement: statement === "spectral" ? { lower: 1, upper: 1 } : { lower: root * DOWN, upper: root * UP },
      kind: "identity",
      contradiction: null,
    },
  ];
  const uppers = [1];
  let narrowest = inputs;
  for (let t = 2; t <= layers.length; t++) {
    const below = layers[t - 2] as LayerBounds;
    narrowest = Math.min(narrowest, below.outputs);
    let upper = (uppers[t - 2] as number) * below.spectralUpper * (slopeMax[t - 2] as number) * UP;
    let kind: UpperKind = "product";
    let frobeniusUpper = Infinity;
    let frobeniusLower = 0;
    let lower = 0;
    const dense = explicit[t - 1] ?? null;
    if (dense !== null && dense.frobenius >= 0) {
      const rows = below.outputs;
      const error = pullbackError(layers, uppers, dense.stageNorms, t - 1, arithmetic, rows);
      frobeniusUpper = (normUpper(dense.frobenius, rows * inputs, arithmetic) + error) * UP;
      frobeniusLower = Math.max(0, (normLower(dense.frobenius, rows * inputs, arithmetic) - error) * DOWN);
      if (frobeniusUpper < upper) [upper, kind] = [frobeniusUpper, "explicit-frobenius"];
      lower = Math.max(0, (dense.spectralLower - error) * DOWN);
      const spectral = (dense.spectralUpper + error) * UP;
      if (spectral < upper) [upper, kind] = [spectral, "explicit-spectral"];
    }
    uppers.push(upper);
    for (const witness of witnesses[t - 1] ?? [])
      lower = Math.max(lower, witnessLower(layers, uppers, t, witness, arithmetic));
    // ‖J‖ ≤ ‖J‖_F ≤ √rank ‖J‖, rank ≤ the narrowest width so far.
    frobeniusUpper = Math.min(frobeniusUpper, Math.sqrt(narrowest) * upper * UP);
    result.push({
      spectral: { lower: Math.min(lower, upper), upper },
      statement:
        statement === "spectral"
          ? { lower: Math.min(lower, upper), upper }
          : { lower: Math.min(Math.max(lower, frobeniusLower), frobeniusUpper), upper: frobeniusUpper },
      kind,
      contradiction:
        lower > upper
          ? { lower, upper }
          : frobeniusLower > frobeniusUpper
            ? { lower: frobeniusLower, upper: frobeniusUpper }
            : null,
    });
  }
  return result;
}
