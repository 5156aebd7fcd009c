/**
 * The reported numbers of a sample, made again from what was stored, unscaled and by the plain formulas of MATH.md §1, the gradient
 * ∇_{W_t}f materialised. What leaves the range of f64 that way is left to the scaled numbers alone.
 */
import { timesPowerOfTwo } from "../../engine/powers.ts";
import { pullbackError } from "../bounds.ts";
import { normError } from "../rounding.ts";
import type { Comparison } from "./comparison.ts";
import { euclidean, usable } from "./linear.ts";
import type { AuditSubject } from "./subject.ts";

type Maybe = number | null;

/** What a row says of a layer, as far as this audit reads it. */
export interface ReportedLayerNumbers {
  readonly hiddenNorm: Maybe;
  readonly weightNorm: Maybe;
  readonly jacobianNorm: Maybe;
  readonly jacobianNormLower: Maybe;
  readonly jacobianNormUpper: Maybe;
  readonly weightGradientNorm: Maybe;
  readonly biasGradientNorm: Maybe;
  readonly tightness: Maybe;
}

export interface ReportedNumbers {
  readonly value: Maybe;
  readonly inputGradientNorm: Maybe;
  readonly parameterGradientNorm: Maybe;
  readonly lhs: Maybe;
  readonly rhs: Maybe;
  readonly layers: readonly ReportedLayerNumbers[];
}

/** @param own whether the row's ‖J_t‖ is the engine's; false where an f64 replay's better witness took its place. */
export function auditReported(
  subject: AuditSubject,
  reported: ReportedNumbers,
  own: (t: number) => boolean,
  comparison: Comparison,
): void {
  const { plan, traced, layers, arithmetic } = subject;
  const exponents = plan.layers.map((l) => l.scaleExponent);
  const whole = exponents.reduce((a, b) => a + b, 0);
  const gradient = timesPowerOfTwo(euclidean(traced.inputGradient), whole + traced.topExponent);
  const slack = Math.max(...layers.map((l) => 4 * normError(Math.max(l.inputs, l.outputs), arithmetic)));
  const check = (t: number | null, quantity: string, found: Maybe, right: number, factor = 1): void => {
    if (!(Math.abs(right) < 1e300 && Math.abs(right) > 1e-290)) return;
    comparison.near("norms", t, quantity, found ?? NaN, right, factor * slack * Math.abs(right));
  };
  check(null, "‖∇ₓf‖", reported.inputGradientNorm, gradient);
  let lhs = 0;
  let rhs = 0;
  let below = 0;
  reported.layers.forEach((row, i) => {
    const t = i + 1;
    const k = exponents[i] as number;
    const delta = traced.adjoints[i] as Float64Array;
    const h = traced.hidden[i] as Float64Array;
    const hidden = euclidean(h);
    const up = (v: number): number => timesPowerOfTwo(v, whole - below - k + traced.topExponent);
    const bias = up(euclidean(delta));
    check(t, "‖h‖", row.hiddenNorm, hidden);
    check(t, "‖∇_b f‖", row.biasGradientNorm, bias);
    const weightGradient = up(outerNorm(delta, h));
    check(t, "‖∇_W f‖", row.weightGradientNorm, weightGradient);
    const jacobian = timesPowerOfTwo(jacobianNorm(subject, t), below);
    if (own(t)) check(t, "‖J‖", row.jacobianNorm, jacobian);
    const loose = timesPowerOfTwo(estimateError(subject, t), below);
    withinUpper(t, row, slack, loose, comparison);
    const weight = row.weightNorm ?? NaN;
    const estimate = own(t) ? jacobian : (row.jacobianNorm ?? NaN);
    const coefficient = (1 + hidden * hidden) / (weight * weight * estimate * estimate);
    if (gradient > 0) lhs += gradient * gradient * coefficient;
    rhs += bias * bias + weightGradient ** 2;
    below += k;
  });
  check(null, "the left side", reported.lhs, lhs, 8);
  check(null, "the right side", reported.rhs, rhs, 8);
  check(null, "‖∇_θ f‖", reported.parameterGradientNorm, Math.sqrt(rhs), 8);
}

/**
 * A witness's ‖ĉ‖/‖û‖ is at most ‖J_t‖: above the proven upper bound, by more than its own rounding, one of the two is wrong. Below the
 * lower bound it may lie, where better evidence than this witness proved that bound.
 */
function withinUpper(
  t: number,
  { jacobianNorm: value, jacobianNormUpper: upper }: ReportedLayerNumbers,
  relative: number,
  absolute: number,
  comparison: Comparison,
): void {
  if (value === null || upper === null || !Number.isFinite(upper)) return;
  comparison.near("norms", t, "‖J‖ below its upper bound", Math.max(value, upper), upper, relative * upper + absolute);
}

/** How far rounding may take ‖ĉ‖/‖û‖ from ‖J_tᵀû‖/‖û‖: the error sum of the witness's pullback (MATH.md §2), the larger of both witnesses'. */
function estimateError({ traced, layers, jacobianUpper, arithmetic }: AuditSubject, t: number): number {
  if (t === 1) return 0;
  const errors: { vector: Float64Array; stages: readonly Float64Array[] }[] = [];
  errors.push({ vector: traced.pullbacks[t - 1] as Float64Array, stages: traced.adjoints.slice(0, t - 1) });
  const witness = traced.witnesses[t - 1] ?? null;
  if (witness !== null && usable(witness)) errors.push(witness);
  return Math.max(
    ...errors.map(({ vector, stages }) => {
      const length = euclidean(vector);
      if (!(length > 0)) return 0;
      return pullbackError(layers, jacobianUpper, stages.map(euclidean), t - 1, arithmetic) / length;
    }),
  );
}

/** ‖ĉ‖/‖û‖ of the better stored witness: the iteration's, or Wᵀδ̂ with its pullback ĝ_x. NaN under the Frobenius norm. */
function jacobianNorm({ plan, traced }: AuditSubject, t: number): number {
  if (plan.norm === "frobenius")
    return t === 1 ? Math.sqrt((plan.network.layers[0] as { inputs: number }).inputs) : NaN;
  if (t === 1) return 1;
  const witness = traced.witnesses[t - 1] ?? null;
  const quotient = (a: number, b: number): number => (b > 0 ? a / b : 0);
  const screened = quotient(euclidean(traced.inputGradient), euclidean(traced.pullbacks[t - 1] as Float64Array));
  if (witness === null || !usable(witness)) return screened;
  return Math.max(screened, quotient(euclidean(witness.result), euclidean(witness.vector)));
}

/** ‖δhᵀ‖_F over the materialised entries. */
function outerNorm(delta: Float64Array, h: Float64Array): number {
  let deltaMax = 0;
  let hiddenMax = 0;
  for (const d of delta) deltaMax = Math.max(deltaMax, Math.abs(d));
  for (const v of h) hiddenMax = Math.max(hiddenMax, Math.abs(v));
  if (!(deltaMax > 0 && hiddenMax > 0)) return 0;
  const scaled = h.map((v) => v / hiddenMax);
  let sum = 0;
  for (const d of delta) {
    const factor = d / deltaMax;
    for (const v of scaled) {
      const entry = factor * v;
      sum += entry * entry;
    }
  }
  return deltaMax * hiddenMax * Math.sqrt(sum);
}
