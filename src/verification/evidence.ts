/** What was measured of one sample, in the form that judge.ts reads: from an engine's block, or from a refinement in f64. */
import type { Arithmetic, Measurements } from "../engine/engine.ts";
import type { MeasuredJacobian, MeasuredPullback } from "./bounds.ts";
import type { CutMeasurement } from "./cut.ts";

/** Layer t's share. The chain below layer t starts at the stored δ̂_t (MATH.md §2, "the chain restarted there"). */
export interface LayerEvidence {
  /** ‖δ̂_t‖. */
  readonly adjointNorm: number;
  /** ‖ĝ_x‖ as this chain gives it. */
  readonly gradientNorm: number;
  /** ‖p̂_t‖, p̂_t = fl(W′_tᵀδ̂_t). */
  readonly pullbackNorm: number;
  /** Norms of the vectors that W′_sᵀ was applied to, s = 1 … t; the last is ‖δ̂_t‖. */
  readonly stageNorms: readonly number[];
  /** Further witnesses for ‖J_t‖, besides p̂_t itself. */
  readonly witnesses: readonly MeasuredPullback[];
  readonly explicit: MeasuredJacobian | null;
}

export interface Evidence {
  readonly arithmetic: Arithmetic;
  /** max|D̂_t|, t = 1 … l. */
  readonly slopeMax: readonly number[];
  /** t = 1 … l; null for a layer that a refinement left out. */
  readonly layers: readonly (LayerEvidence | null)[];
}

/** The evidence of sample `j` of an engine's block. */
export function evidenceOf(m: Measurements, j: number): Evidence {
  const at = (values: readonly Float64Array[]): number[] => values.map((v) => v[j] as number);
  const adjointNorms = at(m.adjointNorm);
  const gradientNorm = (m.pullbackNorm[0] as Float64Array)[j] as number;
  return {
    arithmetic: m.arithmetic,
    slopeMax: at(m.slopeMax),
    layers: adjointNorms.map((adjointNorm, i) => {
      const witness = m.witnesses[i] ?? null;
      const explicit = m.explicit[i] ?? null;
      return {
        adjointNorm,
        gradientNorm,
        pullbackNorm: (m.pullbackNorm[i] as Float64Array)[j] as number,
        stageNorms: adjointNorms.slice(0, i + 1),
        witnesses:
          witness === null
            ? []
            : [
                {
                  vectorNorm: witness.vectorNorm[j] as number,
                  resultNorm: witness.pullbackNorm[j] as number,
                  stageNorms: at(witness.stageNorm),
                },
              ],
        explicit:
          explicit === null
            ? null
            : {
                frobenius: explicit.frobenius[j] as number,
                spectralLower: explicit.spectralLower[j] as number,
                spectralUpper: explicit.spectralUpper[j] as number,
                stageNorms: at(explicit.stageNorm),
              },
      };
    }),
  };
}

/** The cut test's two directions for sample `j`. */
export function cutsOf(m: Measurements, j: number): CutMeasurement[] {
  return m.directions.map((direction) => ({
    products: direction.products.map((s) => s[j] as number),
    tangentNorms: direction.tangentNorm.map((s) => s[j] as number),
  }));
}
