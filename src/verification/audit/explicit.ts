/**
 * ‖Â_t‖_F of an engine's explicit Jacobians against J_t propagated column by column in f64 (the engine pulls rows back).
 * Bound: the engine's error sum (MATH.md §2, "U(J_t)"), and this propagation's own, e_{t+1} = max|D_t|(‖W_t‖e_t + γ_{n+2} ω_t ‖A_t‖_F).
 */
import type { Plan } from "../../engine/plan.ts";
import { normUpper } from "../bounds.ts";
import type { LayerBounds } from "../rounding.ts";
import { gamma, normError } from "../rounding.ts";
import type { Comparison } from "./comparison.ts";
import { errorSum } from "./error-sums.ts";
import type { AuditSubject } from "./subject.ts";
import { HOST } from "./scaling.ts";
import { euclidean } from "./vectors.ts";

export function auditExplicit(subject: AuditSubject, comparison: Comparison): void {
  const { plan, prepared, traced, measurements: m, at, layers, jacobianUpper, arithmetic } = subject;
  if (m.explicit.every((e) => e === null)) return;
  const inputs = traced.inputGradient.length;
  let jacobian = new Float64Array(inputs * inputs);
  for (let i = 0; i < inputs; i++) jacobian[i * inputs + i] = 1;
  let error = 0;
  for (let t = 1; t < layers.length; t++) {
    const layer = layers[t - 1] as LayerBounds;
    const slopes = traced.slopes[t - 1] as Float64Array;
    const largest = slopes.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const before = normUpper(euclidean(jacobian), jacobian.length, HOST);
    error = largest * (layer.spectralUpper * error + gamma(layer.inputs + 3, HOST) * layer.absoluteNorm * before);
    jacobian = step(plan, t, slopes, jacobian, inputs);
    const measured = m.explicit[t] ?? null;
    const found = measured?.frobenius[at];
    if (measured === null || found === undefined) continue;
    const right = euclidean(jacobian);
    const stages = measured.stageNorm.map((s) => s[at] as number);
    const engine = errorSum(prepared.errorsIn(arithmetic), jacobianUpper, stages, t, layer.outputs);
    const norms = normError(jacobian.length, arithmetic) + normError(jacobian.length, HOST);
    comparison.near("norms", t + 1, "‖J‖_F", found, right, engine + error + 2 * norms * right);
  }
}

/** J_{t+1} = D_t W′_t J_t, n_{t+1} × n_1. */
function step(
  plan: Plan,
  t: number,
  slopes: Float64Array,
  jacobian: Float64Array,
  columns: number,
): Float64Array<ArrayBuffer> {
  const { inputs, outputs } = plan.network.layers[t - 1] as Plan["network"]["layers"][number];
  const weight = (plan.layers[t - 1] as Plan["layers"][number]).scaledWeight;
  const next = new Float64Array(outputs * columns);
  for (let i = 0; i < outputs; i++) {
    const d = slopes[i] as number;
    for (let k = 0; k < inputs; k++) {
      const w = weight[i * inputs + k] as number;
      for (let j = 0; j < columns; j++) {
        const o = i * columns + j;
        next[o] = (next[o] as number) + w * (jacobian[k * columns + j] as number);
      }
    }
    for (let j = 0; j < columns; j++) next[i * columns + j] = d * (next[i * columns + j] as number);
  }
  return next;
}
