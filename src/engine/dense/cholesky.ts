/**
 * Blocked Cholesky factorisation in f64 as a proof: that it runs to completion bounds the smallest eigenvalue from below, and where it
 * stops a direction of negative curvature shows why.
 */
import { rankUpdate } from "./rank-update.ts";

/** Columns of a block. */
const DEPTH = 64;

/**
 * Factors the lower triangle of a symmetric n × n matrix A in place, A = L Lᵀ (what is above the diagonal is neither read nor kept).
 * @returns null where every pivot is positive; else the first row whose pivot is not.
 */
export function choleskyInPlace(a: Float64Array, n: number): number | null {
  for (let from = 0; from < n; from += DEPTH) {
    const to = Math.min(n, from + DEPTH);
    for (let i = from; i < n; i++) {
      const row = i * n;
      for (let j = from; j < Math.min(i, to); j++) {
        let sum = a[row + j] as number;
        for (let k = from; k < j; k++) sum -= (a[row + k] as number) * (a[j * n + k] as number);
        a[row + j] = sum / (a[j * n + j] as number);
      }
      if (i >= to) continue;
      let pivot = a[row + i] as number;
      for (let k = from; k < i; k++) pivot -= (a[row + k] as number) ** 2;
      if (!(pivot > 0)) return i;
      a[row + i] = Math.sqrt(pivot);
    }
    rankUpdate({
      ...{ target: a, targetPitch: n, at: to, source: a, sourcePitch: n },
      ...{ from: to, rows: n - to, first: from, depth: to - from, sign: -1 },
    });
  }
  return null;
}

/**
 * m such that completion proves A + c I ⪰ 0 with c = γ_m/(1 − γ_m) tr A.
 *
 * l_ij is made of a_ij by at most B − 1 subtractions of whole blocks' sums (B = ⌈n/64⌉ blocks), at most 63 of single products, and a
 * division or root; a product within a block's sum meets 64 roundings before. Dividing by the factors on a_ij's own way (Higham, Accuracy
 * and Stability, Lemma 8.4) leaves at most m = 64 + B factors 1 + δ on each other term, so |A − L Lᵀ| ≤ γ_m |L||Lᵀ|. Its diagonal
 * gives ‖l_i‖² ≤ a_ii/(1 − γ_m), so |A − L Lᵀ|_ij ≤ γ_m/(1 − γ_m) √(a_ii a_jj), a matrix of rank one with the norm c (Demmel; Higham, §10.1).
 */
export function choleskyRoundings(n: number): number {
  return Math.min(n, DEPTH) + Math.ceil(n / DEPTH);
}

/**
 * v with vᵀAv equal to the pivot of row `failed` but for rounding, so not above 0: v = (−L₁₁⁻ᵀ l, 1, 0 …), l that row of the factor.
 * @param factor what `choleskyInPlace` left behind.
 */
export function negativeDirection(factor: Float64Array, n: number, failed: number): Float64Array {
  const v = new Float64Array(n);
  v[failed] = 1;
  for (let j = 0; j < failed; j++) v[j] = -(factor[failed * n + j] as number);
  for (let i = failed - 1; i >= 0; i--) {
    const x = (v[i] as number) / (factor[i * n + i] as number);
    v[i] = x;
    for (let j = 0; j < i; j++) v[j] = (v[j] as number) - x * (factor[i * n + j] as number);
  }
  return v;
}
