/** Pullbacks through the layers below t: J_tᵀu for a block of vectors, with the norm of every stage. */
import { columnNorm } from "./columns.ts";
import type { Operators } from "./operators.ts";

export interface Pullback {
  /** J_tᵀ u, n_1 × B. */
  readonly result: Float64Array;
  /** D_s a_{s+1} for s = 1…t−1 (a_t = u): what W′_sᵀ was applied to. Entry s − 1. */
  readonly stages: readonly Float64Array[];
}

/**
 * ĉ = J_tᵀu = W′_1ᵀD_1 ⋯ W′_{t−1}ᵀD_{t−1}u.
 * @param slopes D_1 … (each n_{s+1} × B), @param u n_t × B.
 */
export function pullback(
  operators: Operators,
  slopes: readonly Float64Array[],
  t: number,
  u: Float64Array,
  columns: number,
): Pullback {
  const stages: Float64Array[] = [];
  let vector = u;
  for (let s = t - 1; s >= 1; s--) {
    const stage = operators.maskBackward(slopes[s - 1] as Float64Array, vector);
    stages.unshift(stage);
    vector = operators.applyTransposed(s, stage, columns);
  }
  return { result: vector, stages };
}

/** J_t J_tᵀ u, n_t × B: the operator of the iteration. */
export function gramAction(
  operators: Operators,
  slopes: readonly Float64Array[],
  t: number,
  u: Float64Array,
  columns: number,
): Float64Array {
  let vector = u;
  for (let s = t - 1; s >= 2; s--) {
    vector = operators.applyTransposed(s, operators.maskBackward(slopes[s - 1] as Float64Array, vector), columns);
  }
  const first = slopes[0] as Float64Array;
  vector = operators.maskForward(first, operators.applyFirstGram(operators.maskBackward(first, vector), columns));
  for (let s = 2; s <= t - 1; s++) {
    vector = operators.maskForward(slopes[s - 1] as Float64Array, operators.apply(s, vector, columns));
  }
  return vector;
}

/** Norms of the stages, entry s − 1. */
export function stageNorms(stages: readonly Float64Array[], columns: number): Float64Array[] {
  return stages.map((stage) => columnNorm(stage, columns));
}
