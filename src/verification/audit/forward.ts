/**
 * The forward half of the audit: every stored input, z, h, D, f and top gradient against its formula, from the stored values that it
 * was made of, in f64.
 */
import type { Plan } from "../../engine/plan.ts";
import { timesPowerOfTwo } from "../../engine/powers.ts";
import { slopesAt } from "../../network/kinks.ts";
import { atUnit, functionsOf } from "../../network/parametric.ts";
import { gamma } from "../rounding.ts";
import { activationError } from "./activation-error.ts";
import type { Comparison } from "./comparison.ts";
import { headError } from "./head-error.ts";
import type { AuditSubject } from "./subject.ts";
import { HOST } from "./subject.ts";

export function auditForward(subject: AuditSubject, comparison: Comparison): void {
  const { plan, traced, input } = subject;
  const first = traced.hidden[0] as Float64Array;
  for (let i = 0; i < input.length; i++) {
    comparison.near("local", 1, "the input", first[i] as number, input[i] as number, 0);
  }
  plan.network.layers.forEach((_, i) => {
    auditLayer(subject, i, comparison);
  });
  auditHead(subject, comparison);
}

/** ẑ = fl(Wĥ + b) within γ_{n+1}(|W||ĥ| + |b|), then ĝ(ẑ) and ĝ′(ẑ). */
function auditLayer({ plan, traced, arithmetic }: AuditSubject, i: number, comparison: Comparison): void {
  const layer = plan.network.layers[i] as Plan["network"]["layers"][number];
  const { inputs, outputs, weight, bias } = layer;
  const t = i + 1;
  const h = traced.hidden[i] as Float64Array;
  const z = traced.preactivation[i] as Float64Array;
  const next = traced.hidden[i + 1] as Float64Array;
  const slopes = traced.slopes[i] as Float64Array;
  const rounding = gamma(inputs + 1, arithmetic) + gamma(inputs + 1, HOST);
  let largest = 0;
  for (const v of h) largest = Math.max(largest, Math.abs(v));
  for (let row = 0; row < outputs; row++) {
    let sum = 0;
    let magnitude = 0;
    let heaviest = 0;
    for (let k = 0, at = row * inputs; k < inputs; k++, at++) {
      const w = weight[at] as number;
      const product = w * (h[k] as number);
      sum += product;
      magnitude += Math.abs(product);
      heaviest = Math.max(heaviest, Math.abs(w));
    }
    const b = bias[row] as number;
    const flushed = (arithmetic.flush + HOST.flush) * (inputs + 2) * (2 + largest + heaviest);
    const stored = z[row] as number;
    comparison.near("local", t, "z", stored, sum + b, rounding * (magnitude + Math.abs(b)) + flushed);
    const activation = atUnit(layer.activation, row);
    const g = functionsOf(activation).value(stored);
    const found = slopes[row] as number;
    const d = nearest(slopesAt(activation, stored, arithmetic.flush), found);
    const error = activationError(activation, stored, g, d, arithmetic);
    comparison.near("local", t + 1, "h", next[row] as number, g, error.value);
    comparison.near("local", t, "D", found, d, error.slope);
  }
}

/** The one of `candidates` that is nearest to `found`; the first where `found` is not a number. */
function nearest(candidates: readonly number[], found: number): number {
  return candidates.reduce((a, b) => (Math.abs(b - found) < Math.abs(a - found) ? b : a));
}

function auditHead(subject: AuditSubject, comparison: Comparison): void {
  const { traced, plan } = subject;
  const depth = plan.layers.length;
  const expected = headError(subject);
  if (expected === null) return;
  const { value, gradient, valueBound, gradientBound } = expected;
  comparison.near("local", depth, "f", traced.value, value, valueBound);
  traced.topGradient.forEach((g, i) => {
    const found = timesPowerOfTwo(g, traced.topExponent);
    comparison.near("local", depth, "∂f/∂h", found, gradient[i] as number, gradientBound[i] as number);
  });
}
