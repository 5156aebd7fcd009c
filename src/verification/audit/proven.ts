/**
 * What must be true of a row's proven brackets beside its estimates, where neither can be made again from the stored vectors: an interval's
 * ends are in order, no estimate of ‖J_t‖ is above the upper bound, and κ_t's estimate is in its bracket, each but for rounding.
 */
import type { LayerNumbers } from "../../records/sample.ts";
import type { LayerBounds } from "../rounding.ts";
import { normError } from "../rounding.ts";
import type { Comparison } from "./comparison.ts";
import { errorSum } from "./error-sums.ts";
import type { PreparedLayer } from "./prepared.ts";
import type { MeasuredSubject } from "./subject.ts";
import { HOST, timesPowerOfTwo } from "./scaling.ts";

export function auditProven(subject: MeasuredSubject, rows: readonly LayerNumbers[], comparison: Comparison): void {
  const { plan, prepared, traced, layers, arithmetic, jacobianUpper, norms } = subject;
  const columns = plan.norm === "frobenius" ? traced.inputGradient.length : 1;
  // Four norms enter κ, two of them below the line: ((1 + e)/(1 − e))² ≤ 1 + 8e for e ≤ 1/8, and nothing is known beyond. The host's own
  // roundings, fewer than 32 on either side of a comparison, come on top.
  const relative = normError(prepared.widest * columns, arithmetic);
  const slack = relative <= 1 / 8 ? 8 * relative + 2 ** -47 : Infinity;
  const gradient = norms.inputGradient;
  const errors = prepared.errorsIn(arithmetic);
  rows.slice(0, layers.length).forEach((row, i) => {
    const t = i + 1;
    const { below } = prepared.layers[i] as PreparedLayer;
    const number = (value: number | null): number => value ?? NaN;
    const estimate = number(row.jacobianNorm);
    const lower = number(row.jacobianNormLower);
    const upper = number(row.jacobianNormUpper);
    const kappa = number(row.tightness);
    const ordered = (quantity: string, low: number, high: number): void => {
      if (low > high) comparison.near("norms", t, quantity, low, high, 0);
    };
    ordered("‖J‖'s lower bound", lower, upper);
    ordered("κ's lower bound", number(row.tightnessLower), number(row.tightnessUpper));
    // What unscaling loses at the lower end of f64 comes on top.
    const error = timesPowerOfTwo(estimateError(subject, t), below) + 2 ** -1070;
    ordered("‖J‖ below its upper bound", estimate, upper * (1 + slack) + error);
    // ĝ_x is within E_t of the exact chain's, and ‖ĉ‖/‖û‖ within `error` of a number that is at most ‖J_t‖. So with N the reported
    // gradient's norm, κ_lo ≤ κ (N + E)/N · ‖J‖/(‖J‖ − error), and κ ≤ κ_hi N/(N − E) · max(1, L_J/‖J‖), since κ_hi was made with L_J.
    const restart = errorSum(errors, jacobianUpper, norms.adjoints, t);
    if (!(gradient > restart && estimate > error)) return;
    const least = kappa * (1 + restart / gradient) * (estimate / (estimate - error)) * (1 + slack);
    ordered("κ above its lower bound", number(row.tightnessLower), least);
    const most = number(row.tightnessUpper) * (gradient / (gradient - restart)) * Math.max(1, lower / estimate);
    ordered("κ below its upper bound", kappa, most * (1 + slack));
  });
}

/**
 * How far rounding may take a reported ‖ĉ‖/‖û‖ from ‖J_tᵀû‖/‖û‖, scaled (MATH.md §2, "The witness"): the larger of the stored witnesses'
 * error sums, and one that holds for every witness and for an explicit Jacobian in the host's arithmetic, whose stages the row's sample has
 * not stored: ‖D_s â_{s+1}‖ ≤ ‖û‖ Π_{r=s}^{t−1} max|D_r| Π_{r=s+1}^{t−1} U(W_r), times √n_t for the n_t unit vectors.
 */
function estimateError(subject: MeasuredSubject, t: number): number {
  const { plan, prepared, layers, jacobianUpper, arithmetic, measurements, at, norms } = subject;
  if (t === 1) return 0;
  const engine = prepared.errorsIn(arithmetic);
  const rows = (layers[t - 1] as LayerBounds).inputs;
  const explicit = measurements.explicit[t - 1] ?? null;
  if (plan.norm === "frobenius" && explicit !== null) {
    const stages = explicit.stageNorm.map((s) => s[at] as number);
    return errorSum(engine, jacobianUpper, stages, t - 1, rows);
  }
  const ofWitness = (length: number, stages: readonly number[]): number =>
    length > 0 ? errorSum(engine, jacobianUpper, stages, t - 1) / length : 0;
  let error = ofWitness(norms.pullbacks[t - 1] as number, norms.adjoints);
  const witness = norms.witnesses[t - 1] ?? null;
  if (witness !== null) error = Math.max(error, ofWitness(witness.vector, witness.stages));
  const stages = new Array<number>(t - 1).fill(0);
  let norm = Math.sqrt(rows);
  for (let s = t - 1; s >= 1; s--) {
    norm *= norms.slopes[s - 1] as number;
    stages[s - 1] = norm;
    norm *= (layers[s - 1] as LayerBounds).spectralUpper;
  }
  return Math.max(error, errorSum(prepared.errorsIn(HOST), jacobianUpper, stages, t - 1, rows));
}
