/**
 * The linear half of the audit: every stored adjoint, tangent and witness stage against the one product that it was made of, entry by
 * entry, in f64. Bound of an entry of fl(Ax): γ_{n+1}(|a||x|), plus flushes (MATH.md §5); one rounding more for a mask. |a||x| is at most
 * ‖a‖‖x‖, which costs nothing: it is added up only where a quarter of that does not do.
 */
import type { StoredDirection, StoredWitness } from "../../engine/engine.ts";
import { directionVector } from "../../sampling/philox.ts";
import { gamma, normError } from "../rounding.ts";
import type { Comparison } from "./comparison.ts";
import type { PreparedLayer } from "./prepared.ts";
import { HOST } from "./scaling.ts";
import type { AuditSubject, MeasuredSubject } from "./subject.ts";
import { euclidean } from "./vectors.ts";

export function auditLinear(subject: MeasuredSubject, comparison: Comparison): void {
  const { traced, plan, norms } = subject;
  const depth = plan.layers.length;
  const at = (list: readonly Float64Array[], t: number): Float64Array => list[t - 1] as Float64Array;
  const near = comparing(subject, comparison);
  near.masked(depth, "δ", at(traced.adjoints, depth), at(traced.slopes, depth), traced.topGradient);
  for (let t = depth; t >= 1; t--) {
    near.backward(t, t, "Wᵀδ", at(traced.pullbacks, t), at(traced.adjoints, t), null);
    if (t > 1) near.masked(t - 1, "δ", at(traced.adjoints, t - 1), at(traced.slopes, t - 1), at(traced.pullbacks, t));
  }
  near.same(1, "∇ₓf", traced.inputGradient, at(traced.pullbacks, 1));
  auditDirections(subject, near);
  traced.witnesses.forEach((witness, i) => {
    if (witness !== null && norms.witnesses[i] !== null) auditWitness(subject, i + 1, witness, near);
  });
}

/** Comparisons of one stored vector with what it was made of. */
interface Near {
  /** The same bits. */
  readonly same: (t: number, quantity: string, found: Float64Array, right: Float64Array) => void;
  readonly bounded: (
    t: number,
    quantity: string,
    found: Float64Array,
    right: Float64Array,
    bound: (v: number) => number,
  ) => void;
  /** D ∘ x. */
  readonly masked: (t: number, quantity: string, found: Float64Array, slopes: Float64Array, x: Float64Array) => void;
  /** W′_sᵀ y; with slopes, D ∘ W′_sᵀ y. @param t the layer that is named. */
  readonly backward: (
    t: number,
    s: number,
    quantity: string,
    found: Float64Array,
    y: Float64Array,
    slopes: Float64Array | null,
  ) => void;
  /** W′_t x. */
  readonly forward: (t: number, quantity: string, found: Float64Array, x: Float64Array) => void;
}

function comparing({ prepared, arithmetic }: AuditSubject, comparison: Comparison): Near {
  const values = prepared.scratch[0];
  const u = arithmetic.unitRoundoff + HOST.unitRoundoff;
  const flush = arithmetic.flush + HOST.flush;
  const layerOf = (t: number): PreparedLayer => prepared.layers[t - 1] as PreparedLayer;
  const near = (t: number, quantity: string, found: number, right: number, bound: number): void => {
    if (!(Math.abs(found - right) <= bound)) comparison.near("local", t, quantity, found, right, bound);
  };
  return {
    same(t, quantity, found, right) {
      for (let i = 0; i < found.length; i++)
        if (found[i] !== right[i]) comparison.near("local", t, quantity, found[i] as number, right[i] ?? NaN, 0);
    },
    bounded(t, quantity, found, right, bound) {
      for (let i = 0; i < found.length; i++) {
        const v = right[i] as number;
        near(t, quantity, found[i] as number, v, bound(v));
      }
    },
    masked(t, quantity, found, slopes, x) {
      for (let i = 0; i < found.length; i++) {
        const d = slopes[i] as number;
        const right = d * (x[i] as number);
        if (found[i] === right) continue;
        near(t, quantity, found[i] as number, right, u * Math.abs(right) + 2 * arithmetic.flush * (1 + Math.abs(d)));
      }
    },
    backward(t, s, quantity, found, y, slopes) {
      const { inputs, outputs, scaled, columns } = layerOf(s);
      const length = euclidean(y) * (1 + 2 ** -30);
      const rounding = gamma(outputs + 1, arithmetic) + gamma(outputs + 1, HOST);
      // ‖W′‖ < 4, so no entry of it is larger.
      const flushed = flush * (outputs + 1) * (6 + length);
      prepared.products.timesTransposed(s - 1, y, values);
      for (let i = 0; i < inputs; i++) {
        const product = values[i] as number;
        const d = slopes === null ? 1 : (slopes[i] as number);
        const right = d * product;
        const stored = found[i] as number;
        const share = rounding * length * (columns[i] as number);
        if (Math.abs(stored - right) <= (Math.abs(d) * share) / 4) continue;
        const bound = rounding * magnitude(scaled, i, inputs, y) + flushed;
        const size = Math.abs(d);
        const mask = slopes === null ? 0 : u * (Math.abs(right) + size * bound) + 2 * arithmetic.flush * (1 + size);
        near(t, quantity, stored, right, size * bound + mask);
      }
    },
    forward(t, quantity, found, x) {
      const { inputs, outputs, scaled, rows } = layerOf(t);
      const length = euclidean(x) * (1 + 2 ** -30);
      const rounding = gamma(inputs + 1, arithmetic) + gamma(inputs + 1, HOST);
      const flushed = flush * (inputs + 1) * (6 + length);
      prepared.products.times(t - 1, x, values);
      for (let k = 0; k < outputs; k++) {
        const stored = found[k] as number;
        const right = values[k] as number;
        if (Math.abs(stored - right) <= (rounding * length * (rows[k] as number)) / 4) continue;
        const bound = rounding * magnitude(scaled.subarray(k * inputs, (k + 1) * inputs), 0, 1, x) + flushed;
        near(t, quantity, stored, right, bound);
      }
    },
  };
}

/** Σ |a_k x_k| over the entries at from, from + stride … */
export function magnitude(a: Float64Array, from: number, stride: number, x: Float64Array): number {
  let sum = 0;
  for (let at = from, k = 0; at < a.length; at += stride, k++) sum += Math.abs((a[at] as number) * (x[k] as number));
  return sum;
}

function auditDirections(subject: MeasuredSubject, near: Near): void {
  const { traced, plan, prepared, index, arithmetic, norms } = subject;
  const gradient = traced.inputGradient;
  const norm = norms.inputGradient;
  // v₀ within its norm's error, an inverse square root (2 ulp) and three products.
  const slack = normError(gradient.length, arithmetic) + 8 * arithmetic.unitRoundoff;
  const tiny = 4 * arithmetic.flush * (1 + 1 / Math.max(norm, arithmetic.flush));
  if (Number.isFinite(norm)) {
    const along = prepared.scratch[1].subarray(0, gradient.length);
    for (let i = 0; i < along.length; i++) along[i] = norm > 0 ? (gradient[i] as number) / norm : 0;
    const start = traced.directions[0].tangents[0] as Float64Array;
    near.bounded(1, "v₀", start, along, (v) => slack * Math.abs(v) + tiny);
  }
  // The outputs of one input share its direction.
  const outputs = plan.head.kind === "each-logit" ? (plan.network.layers.at(-1)?.outputs ?? 1) : 1;
  const random = directionVector(plan.seed, Math.floor(index / outputs), gradient.length);
  near.same(1, "the random direction", traced.directions[1].tangents[0] as Float64Array, random);
  for (const direction of traced.directions) auditDirection(subject, direction, near);
}

function auditDirection({ traced }: AuditSubject, { tangents, pushed }: StoredDirection, near: Near): void {
  for (let t = 1; t <= tangents.length; t++) {
    const own = pushed[t - 1] as Float64Array;
    near.forward(t, "ζ", own, tangents[t - 1] as Float64Array);
    if (t < tangents.length)
      near.masked(t + 1, "τ", tangents[t] as Float64Array, traced.slopes[t - 1] as Float64Array, own);
  }
}

/** ĉ = fl(J_tᵀû), a product at a time. */
function auditWitness(
  { traced }: AuditSubject,
  t: number,
  { vector, stages, result }: StoredWitness,
  near: Near,
): void {
  const slopes = (s: number): Float64Array => traced.slopes[s - 1] as Float64Array;
  near.masked(t, "the witness's stage", stages[t - 2] as Float64Array, slopes(t - 1), vector);
  for (let s = t - 1; s >= 2; s--) {
    const stage = stages[s - 2] as Float64Array;
    near.backward(t, s, "the witness's stage", stage, stages[s - 1] as Float64Array, slopes(s - 1));
  }
  near.backward(t, 1, "the witness's pullback", result, stages[0] as Float64Array, null);
}
