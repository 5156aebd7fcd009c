/**
 * Every measured norm, largest slope and product of the cut test against the stored vectors that it speaks of, in f64:
 * norms within normError(n), products within γ_{n+3} Σ|x_i y_i|. And the proven brackets of the weights' norms against the weights.
 */
import type { Interval } from "../../engine/interval.ts";
import type { Plan } from "../../engine/plan.ts";
import { randomStart, topOf } from "../../engine/dense/top-eigenvector.ts";
import { frobeniusBracket, lowerEnd } from "../../engine/weight-norm.ts";
import { leastKinkDistance } from "../../network/kinks.ts";
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
    const { activation } = plan.network.layers[i] as Plan["network"]["layers"][number];
    const least = leastKinkDistance(activation, traced.preactivation[i] as Float64Array);
    const distance = m.kinkDistance[i]?.[at] ?? NaN;
    comparison.near("norms", t, "z's distance from a kink", distance, least, 2 * arithmetic.unitRoundoff * least);
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

/** The plan's norms, layer by layer (`auditPlannedLayer`). Once a plan. */
export function auditPlan(plan: Plan): readonly Discrepancy[] {
  return plan.layers.flatMap((_, i) => auditPlannedLayer(plan, i));
}

/**
 * What the plan says of layer i + 1's norms, against the network's own weights. The factorisation behind the upper end of ‖W‖ is not made
 * again; around it everything is: the scaled weights, ‖W‖_F, the lower end from its vector, and a vector of the audit's own, from another
 * start, whose quotient must not exceed the upper end. An upper end that is too high is a wide bracket, which the report says.
 */
export function auditPlannedLayer(plan: Plan, i: number): readonly Discrepancy[] {
  const comparison = createComparison();
  const layer = plan.layers[i] as Plan["layers"][number];
  const { weight, outputs, inputs } = plan.network.layers[i] as Plan["network"]["layers"][number];
  const factor = 2 ** -layer.scaleExponent;
  // Beyond the range of one factor the scaled weights are compared with what they were scaled from by planning alone.
  const scaled = Number.isFinite(factor) && factor > 0 ? weight.map((w) => w * factor) : layer.scaledWeight;
  scaled.forEach((w, k) => {
    if (w !== layer.scaledWeight[k]) comparison.near("norms", i + 1, "W", layer.scaledWeight[k] as number, w, 0);
  });
  const { spectral, vector } = layer.proof;
  const frobenius = frobeniusBracket(scaled);
  meet(comparison, i + 1, "‖W‖", layer.spectralNorm, spectral);
  meet(comparison, i + 1, "‖W‖_F", layer.frobeniusNorm, frobenius);
  const least = spectral.lower;
  comparison.near("norms", i + 1, "‖ |W| ‖", Math.min(layer.absoluteNorm, least), least, 0);
  if (frobenius.upper === 0) return comparison.found;
  const own = ownVector(scaled, outputs, inputs);
  for (const v of [vector, own]) {
    const lower = lowerEnd(scaled, outputs, inputs, frobenius.upper, v);
    comparison.near("norms", i + 1, "‖W‖'s upper bound", Math.min(spectral.upper, lower), lower, 0);
  }
  // ω enters the rounding of a lower end; here ‖W‖_F stands for it, which may make the end lower.
  const again = lowerEnd(scaled, outputs, inputs, frobenius.upper, vector);
  const slack = gamma(2 * Math.max(outputs, inputs) + 4, HOST) * frobenius.upper;
  comparison.near("norms", i + 1, "‖W‖'s lower bound", Math.max(spectral.lower, again), again, slack);
  return comparison.found;
}

/** Steps of the audit's own iteration: it need not converge, for any vector may contradict an upper end. */
const OWN_STEPS = 12;
/** Not one of the starts that planning takes (weight-norm.ts). */
const OWN_START = 2 ** 20;

/** A vector near the top one of W's smaller side, by products with W itself. */
function ownVector(w: Float64Array, rows: number, columns: number): Float64Array {
  if (rows === 1 || columns === 1) return Float64Array.of(1);
  const onRows = (y: Float64Array): Float64Array => {
    const x = new Float64Array(columns);
    for (let i = 0; i < rows; i++) {
      const v = y[i] as number;
      for (let j = 0; j < columns; j++) x[j] = (x[j] as number) + (w[i * columns + j] as number) * v;
    }
    return x;
  };
  const onColumns = (x: Float64Array): Float64Array => {
    const y = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += (w[i * columns + j] as number) * (x[j] as number);
      y[i] = sum;
    }
    return y;
  };
  const wide = rows <= columns;
  const apply = (v: Float64Array): Float64Array => (wide ? onColumns(onRows(v)) : onRows(onColumns(v)));
  return topOf(apply, randomStart(OWN_START, Math.min(rows, columns)), 2 ** -40, OWN_STEPS);
}

/** The brackets have a point in common: half the distance of their middles is within half their widths. */
function meet(comparison: Comparison, t: number, quantity: string, planned: Interval, proven: Interval): void {
  const middle = (b: Interval): number => b.lower / 2 + b.upper / 2;
  const radius = (b: Interval): number => (b.upper - b.lower) / 2;
  const bound = (radius(planned) + radius(proven)) * (1 + 2 ** -50) + 2 ** -52 * proven.upper;
  comparison.near("norms", t, quantity, middle(planned), middle(proven), bound);
}
