/**
 * The linear half of the audit: every stored adjoint, tangent and witness stage against the one product that it was made of, entry by
 * entry, in f64. Bound of an entry of fl(Ax): γ_{n+1}(|A||x|), plus flushes (MATH.md §5); one rounding more for a mask.
 */
import type { StoredDirection, StoredWitness } from "../../engine/engine.ts";
import type { Plan } from "../../engine/plan.ts";
import { directionVector } from "../../sampling/philox.ts";
import { gamma, normError } from "../rounding.ts";
import type { Comparison } from "./comparison.ts";
import type { AuditSubject } from "./subject.ts";
import { HOST } from "./subject.ts";

export function auditLinear(subject: AuditSubject, comparison: Comparison): void {
  const { traced, plan } = subject;
  const depth = plan.layers.length;
  const at = (list: readonly Float64Array[], t: number): Float64Array => list[t - 1] as Float64Array;
  const near = arrays(comparison);
  const top = at(traced.slopes, depth);
  near(depth, "δ", at(traced.adjoints, depth), masked(subject, top, exact(traced.topGradient)));
  for (let t = depth; t >= 1; t--) {
    near(t, "Wᵀδ", at(traced.pullbacks, t), backward(subject, t, at(traced.adjoints, t)));
    if (t > 1) {
      const target = masked(subject, at(traced.slopes, t - 1), exact(at(traced.pullbacks, t)));
      near(t - 1, "δ", at(traced.adjoints, t - 1), target);
    }
  }
  near(1, "∇ₓf", traced.inputGradient, exact(at(traced.pullbacks, 1)));
  auditDirections(subject, comparison);
  traced.witnesses.forEach((witness, i) => {
    if (witness !== null && usable(witness)) auditWitness(subject, i + 1, witness, comparison);
  });
}

/** A vector with an absolute bound for each entry. */
interface Bounded {
  readonly values: Float64Array;
  readonly bounds: Float64Array;
}

function exact(values: Float64Array): Bounded {
  return { values, bounds: new Float64Array(values.length) };
}

function arrays(comparison: Comparison) {
  return (t: number, quantity: string, found: Float64Array, right: Bounded): void => {
    for (let i = 0; i < found.length; i++) {
      comparison.near("local", t, quantity, found[i] as number, right.values[i] as number, right.bounds[i] as number);
    }
  };
}

/** W′_tᵀy. */
function backward({ plan, arithmetic }: AuditSubject, t: number, y: Float64Array): Bounded {
  const { inputs, outputs } = plan.network.layers[t - 1] as Plan["network"]["layers"][number];
  const weight = (plan.layers[t - 1] as Plan["layers"][number]).scaledWeight;
  const values = new Float64Array(inputs);
  const magnitude = new Float64Array(inputs);
  let largest = 0;
  for (let k = 0; k < outputs; k++) {
    const v = y[k] as number;
    largest = Math.max(largest, Math.abs(v));
    for (let i = 0, o = k * inputs; i < inputs; i++, o++) {
      const product = (weight[o] as number) * v;
      values[i] = (values[i] as number) + product;
      magnitude[i] = (magnitude[i] as number) + Math.abs(product);
    }
  }
  const rounding = gamma(outputs + 1, arithmetic) + gamma(outputs + 1, HOST);
  // ‖W′‖ < 4, so no entry of it is larger.
  const flushed = (arithmetic.flush + HOST.flush) * (outputs + 1) * (6 + largest);
  return { values, bounds: magnitude.map((m) => rounding * m + flushed) };
}

/** W′_t x. */
function forward({ plan, arithmetic }: AuditSubject, t: number, x: Float64Array): Bounded {
  const { inputs, outputs } = plan.network.layers[t - 1] as Plan["network"]["layers"][number];
  const weight = (plan.layers[t - 1] as Plan["layers"][number]).scaledWeight;
  const rounding = gamma(inputs + 1, arithmetic) + gamma(inputs + 1, HOST);
  let largest = 0;
  for (const v of x) largest = Math.max(largest, Math.abs(v));
  const flushed = (arithmetic.flush + HOST.flush) * (inputs + 1) * (6 + largest);
  const values = new Float64Array(outputs);
  const bounds = new Float64Array(outputs);
  for (let k = 0; k < outputs; k++) {
    let sum = 0;
    let magnitude = 0;
    for (let i = 0, o = k * inputs; i < inputs; i++, o++) {
      const product = (weight[o] as number) * (x[i] as number);
      sum += product;
      magnitude += Math.abs(product);
    }
    values[k] = sum;
    bounds[k] = rounding * magnitude + flushed;
  }
  return { values, bounds };
}

/** D ∘ x, one rounding more. */
function masked({ arithmetic }: AuditSubject, slopes: Float64Array, x: Bounded): Bounded {
  const u = arithmetic.unitRoundoff + HOST.unitRoundoff;
  const values = x.values.map((v, i) => (slopes[i] as number) * v);
  const bounds = x.bounds.map((bound, i) => {
    const d = Math.abs(slopes[i] as number);
    return d * bound * (1 + u) + u * Math.abs(values[i] as number) + 2 * arithmetic.flush * (1 + d);
  });
  return { values, bounds };
}

function auditDirections(subject: AuditSubject, comparison: Comparison): void {
  const { traced, plan, index, arithmetic } = subject;
  const near = arrays(comparison);
  const gradient = traced.inputGradient;
  const norm = euclidean(gradient);
  // v₀ within its norm's error, an inverse square root (2 ulp) and three products.
  const slack = normError(gradient.length, arithmetic) + 8 * arithmetic.unitRoundoff;
  const along = gradient.map((v) => (norm > 0 ? v / norm : 0));
  const bounds = along.map(
    (v) => slack * Math.abs(v) + 4 * arithmetic.flush * (1 + 1 / Math.max(norm, arithmetic.flush)),
  );
  if (Number.isFinite(norm)) near(1, "v₀", traced.directions[0].tangents[0] as Float64Array, { values: along, bounds });
  const random = exact(directionVector(plan.seed, index, gradient.length));
  near(1, "the random direction", traced.directions[1].tangents[0] as Float64Array, random);
  for (const direction of traced.directions) auditDirection(subject, direction, comparison);
}

function auditDirection(subject: AuditSubject, { tangents, pushed }: StoredDirection, comparison: Comparison): void {
  const near = arrays(comparison);
  for (let t = 1; t <= tangents.length; t++) {
    near(t, "ζ", pushed[t - 1] as Float64Array, forward(subject, t, tangents[t - 1] as Float64Array));
    if (t === tangents.length) return;
    const slopes = subject.traced.slopes[t - 1] as Float64Array;
    near(t + 1, "τ", tangents[t] as Float64Array, masked(subject, slopes, exact(pushed[t - 1] as Float64Array)));
  }
}

/** ĉ = fl(J_tᵀû), a product at a time. */
function auditWitness(
  subject: AuditSubject,
  t: number,
  { vector, stages, result }: StoredWitness,
  comparison: Comparison,
): void {
  const near = arrays(comparison);
  const slopes = (s: number): Float64Array => subject.traced.slopes[s - 1] as Float64Array;
  near(t, "the witness's stage", stages[t - 2] as Float64Array, masked(subject, slopes(t - 1), exact(vector)));
  for (let s = t - 1; s >= 2; s--) {
    const pulled = backward(subject, s, stages[s - 1] as Float64Array);
    near(t, "the witness's stage", stages[s - 2] as Float64Array, masked(subject, slopes(s - 1), pulled));
  }
  near(t, "the witness's pullback", result, backward(subject, 1, stages[0] as Float64Array));
}

/** A witness that overflowed is none: its sample does without (MATH.md §2, the screen). */
export function usable({ vector, stages, result }: StoredWitness): boolean {
  return [vector, ...stages, result].every((x) => x.every((v) => Number.isFinite(v)));
}

/** ‖x‖, scaled by its largest entry so that nothing over- or underflows. */
export function euclidean(x: Float64Array): number {
  let largest = 0;
  for (const v of x) {
    if (Number.isNaN(v)) return NaN;
    largest = Math.max(largest, Math.abs(v));
  }
  if (largest === 0 || largest === Infinity) return largest;
  let sum = 0;
  for (const v of x) {
    const scaled = v / largest;
    sum += scaled * scaled;
  }
  return largest * Math.sqrt(sum);
}
