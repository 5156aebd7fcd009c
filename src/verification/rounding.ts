/**
 * The error bounds that everything in verification/ is made of (MATH.md §2, §5).
 *
 * Letters as in engine.ts. All matrices are the scaled W′, all norms the engine's scaled ones. The bounds are formulas in
 * the engine's unit roundoff u and its flush threshold. Host arithmetic on them adds relative errors of 2⁻⁵³ each, all terms being
 * positive: `UP` and `DOWN` cover sixty of them, more than any one expression has; sums over the layers ask for `roundedUp`.
 */
import type { Arithmetic } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";

export const UP = 1 + 2 ** -47;
export const DOWN = 1 - 2 ** -47;

/** An upper bound of a positive number that `roundings` roundings made: (1 − 2⁻⁵³)^−k ≤ 1 + 2k·2⁻⁵³ while k ≤ 2⁵⁰. */
export function roundedUp(value: number, roundings: number): number {
  return value * (roundings <= 60 ? UP : 1 + roundings * 2 ** -52);
}

/** γ_k = ku/(1 − ku) (Higham, §3.1); Infinity where ku ≥ 1. */
export function gamma(k: number, arithmetic: Arithmetic): number {
  const product = k * arithmetic.unitRoundoff;
  return product < 1 ? product / (1 - product) : Infinity;
}

/**
 * Relative error of a Euclidean norm of n stored numbers: the sum of scaled squares is within γ_{n+2} (n squares, n − 1
 * additions, two for scaling), the root halves it, and the host's root and product add 4u₆₄. Scaled so that the largest square
 * is at least 1, flushing loses at most n·flush, below one u for any n that fits in memory.
 */
export function normError(n: number, arithmetic: Arithmetic): number {
  const g = gamma(n + 3, arithmetic);
  return 0.5 * g * (1 + g) + 2 ** -50;
}

/** What the bounds need of one layer: widths, norms, ω. */
export interface LayerBounds {
  /** n_t and n_{t+1}. */
  readonly inputs: number;
  readonly outputs: number;
  /** Proven bracket of the norm in the statement (spectral or Frobenius) of W′_t. */
  readonly norm: { readonly lower: number; readonly upper: number };
  /** U(W′_t), spectral. */
  readonly spectralUpper: number;
  /** ω_t ≥ ‖ |W′_t| ‖₂. */
  readonly absoluteNorm: number;
}

export function layerBounds(plan: Plan): LayerBounds[] {
  return plan.layers.map((layer, i) => {
    const shape = plan.network.layers[i] as { inputs: number; outputs: number };
    return {
      inputs: shape.inputs,
      outputs: shape.outputs,
      norm: plan.norm === "spectral" ? layer.spectralNorm : layer.frobeniusNorm,
      spectralUpper: layer.spectralNorm.upper,
      absoluteNorm: layer.absoluteNorm,
    };
  });
}

/** What bounds of a norm over n numbers need: computed once a width, used for every sample. */
export interface NormRounding {
  readonly raise: number;
  readonly sink: number;
  /** √n·flush: each number may have been read as 0, and a norm that is itself subnormal was rounded to a multiple of the smallest number. */
  readonly lost: number;
}

export function normRounding(n: number, arithmetic: Arithmetic): NormRounding {
  const error = normError(n, arithmetic);
  return { raise: 1 + error, sink: 1 - error, lost: Math.sqrt(n) * arithmetic.flush };
}

/** Upper bound of a measured norm. */
export function raisedNorm({ raise, lost }: NormRounding, measured: number): number {
  return (measured * raise + lost) * UP;
}

/** Lower bound of a measured norm. */
export function loweredNorm({ sink, lost }: NormRounding, measured: number): number {
  return Math.max(0, (measured * sink - lost) * DOWN);
}

/** What `stepError` needs of a layer: computed once, used for every sample. */
export interface StepRounding {
  /** γ ω_t. */
  readonly factor: number;
  readonly flush: number;
  readonly size: number;
  readonly base: number;
  readonly mask: number;
  readonly root: number;
}

/** @param vectors how many go through at once. @see backwardStepError */
export function stepRounding(layer: LayerBounds, arithmetic: Arithmetic, vectors = 1): StepRounding {
  return {
    factor: gamma(layer.outputs + 2, arithmetic) * layer.absoluteNorm,
    flush: arithmetic.flush,
    // Each product may be flushed, or an operand before it (MATH.md §5); the mask's product too, ‖W‖ times.
    size: Math.sqrt(layer.inputs) * layer.outputs,
    base: 2 + layer.spectralUpper,
    mask: layer.spectralUpper * Math.sqrt(layer.outputs),
    root: Math.sqrt(vectors),
  };
}

/** The error of one backward step on a vector of this norm. @see backwardStepError */
export function stepError({ factor, flush, size, base, mask, root }: StepRounding, norm: number): number {
  return (factor * norm + flush * (size * (base + norm) + mask) * root) * UP;
}

/** A plan's layers as the judge reads them in one arithmetic. Entry t − 1 of each list is layer t's. */
export interface JudgeBounds {
  readonly arithmetic: Arithmetic;
  readonly statement: "spectral" | "frobenius";
  readonly layers: readonly LayerBounds[];
  /** Norms over n_t and over n_{t+1} numbers. */
  readonly inputs: readonly NormRounding[];
  readonly outputs: readonly NormRounding[];
  readonly steps: readonly StepRounding[];
}

export function judgeBounds(
  layers: readonly LayerBounds[],
  statement: JudgeBounds["statement"],
  arithmetic: Arithmetic,
): JudgeBounds {
  return {
    ...{ arithmetic, statement, layers },
    inputs: layers.map(({ inputs }) => normRounding(inputs, arithmetic)),
    outputs: layers.map(({ outputs }) => normRounding(outputs, arithmetic)),
    steps: layers.map((layer) => stepRounding(layer, arithmetic)),
  };
}

/**
 * ‖fl(W′_tᵀ x) − W′_tᵀ x‖ ≤ γ_{n_{t+1}+2} ω_t ‖x‖ + flushes, where x = fl(D_t a) counts with its own rounding: the two extra
 * units are that product and its rounding into the sum.
 * @param norm an upper bound of ‖x‖; for a block of vectors, of its Frobenius norm, and `vectors` is their number:
 * roundings add up by the Frobenius norm, flushes once a vector. A norm of 0 does not make the error 0: x may have been flushed.
 */
export function backwardStepError(layer: LayerBounds, norm: number, arithmetic: Arithmetic, vectors = 1): number {
  return stepError(stepRounding(layer, arithmetic, vectors), norm);
}
