/**
 * What must be true of a row's proven brackets beside its estimates, where neither can be made again from the stored vectors: an interval's
 * ends are in order, no estimate of ‖J_t‖ is above the upper bound, and κ_t's estimate is in its bracket, each but for rounding.
 */
import type { LayerNumbers } from "../../records/sample.ts";
import type { LayerBounds } from "../rounding.ts";
import { normError } from "../rounding.ts";
import type { Comparison } from "./comparison.ts";
import { usable } from "./linear.ts";
import { errorSum } from "./error-sums.ts";
import type { AuditSubject } from "./subject.ts";
import { HOST, timesPowerOfTwo } from "./scaling.ts";
import { euclidean, largestOf } from "./vectors.ts";

export function auditProven(subject: AuditSubject, rows: readonly LayerNumbers[], comparison: Comparison): void {
  const { plan, prepared, traced, layers, arithmetic, jacobianUpper } = subject;
  const columns = plan.norm === "frobenius" ? traced.inputGradient.length : 1;
  // Four norms enter κ, two of them below the line: ((1 + e)/(1 − e))² ≤ 1 + 8e for e ≤ 1/8, and nothing is known beyond. The host's own
  // roundings, fewer than 32 on either side of a comparison, come on top.
  const widest = Math.max(...layers.map((l) => Math.max(l.inputs, l.outputs)));
  const relative = normError(widest * columns, arithmetic);
  const slack = relative <= 1 / 8 ? 8 * relative + 2 ** -47 : Infinity;
  const gradient = euclidean(traced.inputGradient);
  const stages = traced.adjoints.map(euclidean);
  const errors = prepared.errorsIn(arithmetic);
  rows.slice(0, layers.length).forEach((row, i) => {
    const t = i + 1;
    const below = plan.layers.slice(0, i).reduce((sum, l) => sum + l.scaleExponent, 0);
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
    const restart = errorSum(errors, jacobianUpper, stages, t);
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
function estimateError(subject: AuditSubject, t: number): number {
  const { plan, prepared, traced, layers, jacobianUpper, arithmetic, measurements, at } = subject;
  if (t === 1) return 0;
  const engine = prepared.errorsIn(arithmetic);
  const rows = (layers[t - 1] as LayerBounds).inputs;
  const explicit = measurements.explicit[t - 1] ?? null;
  if (plan.norm === "frobenius" && explicit !== null) {
    const stages = explicit.stageNorm.map((s) => s[at] as number);
    return errorSum(engine, jacobianUpper, stages, t - 1, rows);
  }
  const own: { vector: Float64Array; stages: readonly Float64Array[] }[] = [];
  own.push({ vector: traced.pullbacks[t - 1] as Float64Array, stages: traced.adjoints.slice(0, t - 1) });
  const witness = traced.witnesses[t - 1] ?? null;
  if (witness !== null && usable(witness)) own.push(witness);
  const errors = own.map(({ vector, stages }) => {
    const length = euclidean(vector);
    if (!(length > 0)) return 0;
    return errorSum(engine, jacobianUpper, stages.map(euclidean), t - 1) / length;
  });
  const stages: number[] = [];
  let norm = Math.sqrt(rows);
  for (let s = t - 1; s >= 1; s--) {
    norm *= largestOf(traced.slopes[s - 1] as Float64Array);
    stages.unshift(norm);
    norm *= (layers[s - 1] as LayerBounds).spectralUpper;
  }
  return Math.max(...errors, errorSum(prepared.errorsIn(HOST), jacobianUpper, stages, t - 1, rows));
}
