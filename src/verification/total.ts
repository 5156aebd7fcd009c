/** The total inequality of a sample: a weighted mean of the layers' κ_t² (MATH.md §2). */
import type { Findings } from "./findings.ts";
import { bracketCode, CODE, combineVerdicts } from "./verdict.ts";

/** Ends of the totals' brackets, a column each. */
export interface Totals {
  readonly totalLower: Float64Array;
  readonly totalUpper: Float64Array;
}

/**
 * The total's bracket: √([Σ w κ_lo², Σ w κ_hi²]/Σ w), widened by the error of the weights; a mean of the κ_t², so never
 * outside [min κ_lo, max κ_hi]. Of the samples at these places.
 * @param error of the weights' norms (`weightError`). @param totals receive it.
 */
export function totalBrackets(
  weights: readonly Float64Array[],
  { tightnessLower, tightnessUpper }: Pick<Findings, "tightnessLower" | "tightnessUpper">,
  error: number,
  places: Int32Array,
  { totalLower, totalUpper }: Totals,
): void {
  // A weight has four norms' errors e, ‖δ‖² and 1 + ‖h‖²: √((1 + 4e)/(1 − 4e)) ≤ 1 + 8e for e ≤ 1/16, and nothing is known beyond. The
  // host's own: a few in each term and an addition for every layer, in both sums.
  const slack = (error <= 1 / 16 ? 8 * error : 1) + Math.max(2 ** -44, 4 * (weights.length + 16) * 2 ** -53);
  for (let k = 0; k < places.length; k++) {
    const at = places[k] as number;
    let sum = 0;
    let lower = 0;
    let upper = 0;
    let least = Infinity;
    let most = 0;
    for (let i = 0; i < weights.length; i++) {
      const w = (weights[i] as Float64Array)[at] as number;
      if (w === 0) continue;
      const low = (tightnessLower[i] as Float64Array)[at] as number;
      const high = (tightnessUpper[i] as Float64Array)[at] as number;
      sum += w;
      lower += w * (low * low);
      upper += w * (high * high);
      least = Math.min(least, low);
      most = Math.max(most, high);
    }
    totalLower[at] = sum === 0 ? 0 : Math.max(least, Math.sqrt(lower / sum) * (1 - slack));
    totalUpper[at] = sum === 0 ? 0 : Math.min(most, Math.sqrt(upper / sum) * (1 + slack));
  }
}

/**
 * The verdicts of the samples at these places from those of their layers and their totals' brackets (MATH.md §2, "Sample verdict").
 * @param isFaulty whether a check that no bracket shows has found a sample wrong; null: none is.
 */
export function sampleVerdicts(
  { verdict: layers }: Pick<Findings, "verdict">,
  { totalLower, totalUpper }: Totals,
  isFaulty: ((at: number) => boolean) | null,
  places: Int32Array,
  verdict: Uint8Array,
): void {
  for (let k = 0; k < places.length; k++) {
    const at = places[k] as number;
    let isTrivial = true;
    for (let i = 0; i < layers.length; i++) if ((layers[i] as Uint8Array)[at] !== CODE.trivial) isTrivial = false;
    const own = isTrivial ? CODE.trivial : bracketCode(totalLower[at] as number, totalUpper[at] as number);
    verdict[at] = isFaulty?.(at) === true ? CODE.violated : combineVerdicts(layers, at, own);
  }
}
