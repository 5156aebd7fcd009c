/**
 * Every measured norm, largest slope and product of the cut test against the stored vectors that it speaks of, in f64:
 * norms within normError(n), products within γ_{n+3} Σ|x_i y_i|. And the proven brackets of the weights' norms, proven again.
 */
import type { Interval } from "../../engine/interval.ts";
import type { Plan } from "../../engine/plan.ts";
import { weightNorms } from "../../engine/weight-norm.ts";
import { gamma, normError } from "../rounding.ts";
import type { Comparison, Discrepancy } from "./comparison.ts";
import { createComparison } from "./comparison.ts";
import { euclidean, usable } from "./linear.ts";
import type { AuditSubject } from "./subject.ts";
import { HOST } from "./subject.ts";

export function auditNorms(subject: AuditSubject, comparison: Comparison): void {
  const { traced, measurements: m, at, arithmetic, plan } = subject;
  const norm = (t: number, quantity: string, measured: Float64Array | undefined, vector: Float64Array): void => {
    const right = euclidean(vector);
    // Twice: the engine's own error, and the host's, subnormal numbers included (bounds.ts, normUpper).
    const bound = 2 * (normError(vector.length, arithmetic) * right + Math.sqrt(vector.length) * arithmetic.flush);
    comparison.near("norms", t, quantity, measured?.[at] ?? NaN, right, bound);
  };
  comparison.near("norms", null, "the reported f", m.value[at] as number, traced.value, 0);
  comparison.near("norms", null, "the exponent of ∂f/∂h", m.topExponent[at] as number, traced.topExponent, 0);
  plan.layers.forEach((_, i) => {
    const t = i + 1;
    norm(t, "‖h‖", m.hiddenNorm[i], traced.hidden[i] as Float64Array);
    norm(t, "‖δ‖", m.adjointNorm[i], traced.adjoints[i] as Float64Array);
    norm(t, "‖Wᵀδ‖", m.pullbackNorm[i], traced.pullbacks[i] as Float64Array);
    const largest = (traced.slopes[i] as Float64Array).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    comparison.near("norms", t, "max|D|", m.slopeMax[i]?.[at] ?? NaN, largest, 0);
    traced.directions.forEach((direction, k) => {
      norm(t, "‖τ‖", m.directions[k as 0 | 1].tangentNorm[i], direction.tangents[i] as Float64Array);
    });
    const witness = traced.witnesses[i] ?? null;
    const measured = m.witnesses[i] ?? null;
    if (witness !== null && measured !== null && usable(witness)) {
      norm(t, "the witness's norm", measured.vectorNorm, witness.vector);
      norm(t, "‖J‖ of the witness", measured.pullbackNorm, witness.result);
      witness.stages.forEach((stage, s) => {
        norm(t, "the norm of the witness's stage", measured.stageNorm[s], stage);
      });
    }
  });
  auditProducts(subject, comparison);
}

/** S_0 = ĝ_x·v and S_t = δ̂_t·ζ̂_t of both directions. */
function auditProducts({ traced, measurements: m, at, arithmetic }: AuditSubject, comparison: Comparison): void {
  traced.directions.forEach((direction, k) => {
    const pairs = [
      [traced.inputGradient, direction.tangents[0] as Float64Array],
      ...traced.adjoints.map((delta, i) => [delta, direction.pushed[i] as Float64Array]),
    ] as [Float64Array, Float64Array][];
    pairs.forEach(([x, y], t) => {
      let sum = 0;
      let magnitude = 0;
      let largest = 0;
      for (let i = 0; i < x.length; i++) {
        const product = (x[i] as number) * (y[i] as number);
        sum += product;
        magnitude += Math.abs(product);
        largest = Math.max(largest, Math.abs(x[i] as number), Math.abs(y[i] as number));
      }
      const rounding = gamma(x.length + 3, arithmetic) + gamma(x.length + 3, HOST);
      // Both vectors are scaled by their largest entries first: what is flushed is small beside those.
      const flushed = (arithmetic.flush + HOST.flush) * x.length * (2 + largest) * (1 + largest);
      const measured = m.directions[k as 0 | 1].products[t]?.[at] ?? NaN;
      comparison.near("norms", Math.max(1, t), "the cut test's product", measured, sum, rounding * magnitude + flushed);
    });
  });
}

/**
 * The plan's norms, proven again from the network's own weights: two proven brackets of one number must meet. Once a plan.
 */
export function auditPlan(plan: Plan): readonly Discrepancy[] {
  const comparison = createComparison();
  plan.layers.forEach((layer, i) => {
    const { weight, outputs, inputs } = plan.network.layers[i] as Plan["network"]["layers"][number];
    const factor = 2 ** -layer.scaleExponent;
    // Beyond the range of one factor the scaled weights are compared with what they were scaled from by planning alone.
    const scaled = Number.isFinite(factor) && factor > 0 ? weight.map((w) => w * factor) : layer.scaledWeight;
    scaled.forEach((w, k) => {
      comparison.near("norms", i + 1, "W", layer.scaledWeight[k] as number, w, 0);
    });
    const again = weightNorms(scaled, outputs, inputs);
    meet(comparison, i + 1, "‖W‖", layer.spectralNorm, again.spectral);
    meet(comparison, i + 1, "‖W‖_F", layer.frobeniusNorm, again.frobenius);
    const least = again.spectral.lower;
    comparison.near("norms", i + 1, "‖ |W| ‖", Math.min(layer.absoluteNorm, least), least, 0);
  });
  return comparison.found;
}

/** The brackets have a point in common: half the distance of their middles is within half their widths. */
function meet(comparison: Comparison, t: number, quantity: string, planned: Interval, proven: Interval): void {
  const middle = (b: Interval): number => b.lower / 2 + b.upper / 2;
  const radius = (b: Interval): number => (b.upper - b.lower) / 2;
  const bound = (radius(planned) + radius(proven)) * (1 + 2 ** -50) + 2 ** -52 * proven.upper;
  comparison.near("norms", t, quantity, middle(planned), middle(proven), bound);
}
