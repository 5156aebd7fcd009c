/**
 * What was measured of a block of samples, in the form that judge.ts reads: from an engine's block, or from a refinement in f64. Every
 * list of numbers is a column, one entry a sample; lists over layers are indexed t − 1.
 */
import type { Measurements } from "../engine/engine.ts";

/** A vector pulled back through layers s = t−1 … 1, by its norms as measured. */
export interface MeasuredPullback {
  /** Length of the vector that was pulled back, in R^{n_t}. */
  readonly vectorNorm: Float64Array;
  /** Norm of the result, in R^{n_1}. */
  readonly resultNorm: Float64Array;
  /** ‖D_s a_{s+1}‖, s = 1 … t−1. */
  readonly stageNorms: readonly Float64Array[];
}

/** An explicit Jacobian Â of layer t, by its norms as measured; NaN for a sample that has none. */
export interface MeasuredJacobian {
  readonly frobenius: Float64Array;
  /** A proven bracket of ‖Â‖₂; 0 and Infinity where there is none. */
  readonly spectralLower: Float64Array;
  readonly spectralUpper: Float64Array;
  readonly stageNorms: readonly Float64Array[];
}

/** Layer t's share. The chain below layer t starts at the stored δ̂_t (MATH.md §2, "the chain restarted there"). */
export interface LayerEvidence {
  /** ‖δ̂_t‖. */
  readonly adjointNorm: Float64Array;
  /** ‖ĝ_x‖ as this chain gives it. */
  readonly gradientNorm: Float64Array;
  /** ‖p̂_t‖, p̂_t = fl(W′_tᵀδ̂_t). */
  readonly pullbackNorm: Float64Array;
  /** Norms of the vectors that W′_sᵀ was applied to, s = 1 … t; the last is ‖δ̂_t‖. */
  readonly stageNorms: readonly Float64Array[];
  /** A further witness for ‖J_t‖, besides p̂_t itself; null: none. */
  readonly witness: MeasuredPullback | null;
  readonly explicit: MeasuredJacobian | null;
  /** At least ‖J_t‖₂ at the stored slopes, proven with all of its rounding; Infinity where a sample has none. */
  readonly upper?: Float64Array | null;
}

export interface Evidence {
  /** max|D̂_t|. */
  readonly slopeMax: readonly Float64Array[];
  /** null for a layer that a refinement left out. */
  readonly layers: readonly (LayerEvidence | null)[];
}

/** An engine's block. */
export function evidenceOf(m: Measurements): Evidence {
  const gradientNorm = m.pullbackNorm[0] as Float64Array;
  return {
    slopeMax: m.slopeMax,
    layers: m.adjointNorm.map((adjointNorm, i) => {
      const witness = m.witnesses[i] ?? null;
      const explicit = m.explicit[i] ?? null;
      return {
        adjointNorm,
        gradientNorm,
        pullbackNorm: m.pullbackNorm[i] as Float64Array,
        stageNorms: m.adjointNorm.slice(0, i + 1),
        witness:
          witness === null
            ? null
            : {
                vectorNorm: witness.vectorNorm,
                resultNorm: witness.pullbackNorm,
                stageNorms: witness.stageNorm,
              },
        explicit:
          explicit === null
            ? null
            : {
                frobenius: explicit.frobenius,
                spectralLower: explicit.spectralLower,
                spectralUpper: explicit.spectralUpper,
                stageNorms: explicit.stageNorm,
              },
      };
    }),
  };
}
