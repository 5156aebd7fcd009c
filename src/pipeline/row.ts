/** The row of one sample (schemas/samples.schema.json): measured numbers in the network's own scale, brackets, verdicts. */
import type { Plan } from "../engine/plan.ts";
import { lengthened } from "../network/network.ts";
import { loweredPowerOfTwo, raisedPowerOfTwo, timesPowerOfTwo } from "../engine/powers.ts";
import type { LayerRow, SampleRow } from "./results.ts";
import { DOWN, UP } from "../verification/rounding.ts";
import type { Verdict } from "../verification/verdict.ts";
import type { SampleOutcome } from "./sample.ts";

export function sampleRow(plan: Plan, index: number, outcome: SampleOutcome): SampleRow {
  const { measurements: m, at } = outcome.source;
  const depth = plan.layers.length;
  const top = m.topExponent[at] as number;
  const exponents = plan.layers.map((l) => l.scaleExponent);
  const whole = exponents.reduce((sum, k) => sum + k, 0);
  const gradientNorm = (m.pullbackNorm[0] as Float64Array)[at] as number;
  const layers: LayerRow[] = [];
  const weightSum = outcome.weights.reduce((sum, w) => sum + w, 0);
  let below = 0; // Σ_{s<t} k_s
  let lhs = 0; // Σ w κ²
  let rhs = 0; // Σ w
  let coefficient = 0;
  for (let i = 0; i < depth; i++) {
    const k = exponents[i] as number;
    const above = whole - below - k; // Σ_{s>t} k_s
    const hidden = (m.hiddenNorm[i] as Float64Array)[at] as number;
    const delta = (m.adjointNorm[i] as Float64Array)[at] as number;
    const pulled = (m.pullbackNorm[i] as Float64Array)[at] as number;
    const jacobian = jacobianEstimate(plan, outcome, i + 1);
    const weight = weightEstimate(plan, i);
    const along = m.directions[0];
    const directional =
      ((along.tangentNorm[i] as Float64Array)[at] as number) / ((along.tangentNorm[0] as Float64Array)[at] as number);
    const tightness = ratioOrZero(gradientNorm, delta * weight * jacobian);
    const w = outcome.weights[i] as number;
    const alpha = ratioOrZero(pulled, delta * weight);
    const share = weightSum > 0 ? w / weightSum : 0;
    if (tightness > 0) lhs += w * tightness ** 2;
    rhs += w;
    const own = plan.network.layers[i] as Plan["network"]["layers"][number];
    const term = timesPowerOfTwo(lengthened(own, hidden) / (weight * jacobian), -(below + k));
    coefficient += weight * jacobian > 0 ? term * term : 0;
    const deltaNorm = timesPowerOfTwo(delta, above + top);
    const finding = outcome.findings[i] as SampleOutcome["findings"][number];
    layers.push({
      layer: i + 1,
      ...verdictFields(finding.verdict),
      hiddenNorm: hidden,
      weightNorm: timesPowerOfTwo(weight, k),
      jacobianNorm: timesPowerOfTwo(jacobian, below),
      jacobianNormLower: loweredPowerOfTwo(finding.jacobian.statement.lower, below),
      jacobianNormUpper: raisedPowerOfTwo(finding.jacobian.statement.upper, below),
      weightGradientNorm: deltaNorm * hidden,
      biasGradientNorm: own.biased === false ? null : deltaNorm,
      tightness,
      tightnessLower: finding.tightness.lower,
      tightnessUpper: finding.tightness.upper,
      directionalTightness: ratioOrZero(gradientNorm, delta * weight * directional),
      alignmentWeight: alpha,
      alignmentJacobian: ratioOrZero(gradientNorm, pulled * jacobian),
      slackWeight: share * Math.max(0, 1 - alpha ** 2),
      slackJacobian: share * Math.max(0, alpha ** 2 - tightness ** 2),
      cutResidual: outcome.cutResiduals[i] as number,
    });
    below += k;
  }
  const scale = outcome.weightExponent + 2 * top;
  return {
    index,
    ...verdictFields(outcome.verdict),
    value: m.value[at] as number,
    inputGradientNorm: timesPowerOfTwo(gradientNorm, whole + top),
    parameterGradientNorm: squareRootScaled(rhs, scale),
    lhs: timesPowerOfTwo(lhs, scale),
    rhs: timesPowerOfTwo(rhs, scale),
    ratio: rhs > 0 ? lhs / rhs : NaN,
    ...ratioEnds(outcome),
    coefficient,
    ...(outcome.kink === null ? {} : { kink: outcome.kink.layer, kinkBound: outcome.kink.bound }),
    layers,
    ...(outcome.violations.length === 0 ? {} : { violations: outcome.violations.map(violationFields) }),
  };
}

/** The total's bracket squared, rounded outward; none where both sides are 0, or where its weights are too small to be believed. */
function ratioEnds({ total, weights, vouched }: SampleOutcome): Pick<SampleRow, "ratioLower" | "ratioUpper"> {
  if (!vouched || weights.every((w) => w === 0)) return { ratioLower: NaN, ratioUpper: NaN };
  return { ratioLower: total.lower ** 2 * DOWN, ratioUpper: total.upper ** 2 * UP };
}

function violationFields(v: SampleOutcome["violations"][number]): NonNullable<SampleRow["violations"]>[number] {
  return { check: v.check, layer: v.layer ?? 0, detail: v.detail };
}

function verdictFields(verdict: Verdict): Pick<SampleRow, "verdict" | "reason"> {
  switch (verdict.kind) {
    case "holds":
      return verdict.trivial ? { verdict: "holds", reason: "trivial: a factor is zero" } : { verdict: "holds" };
    case "tight":
      return { verdict: "tight", reason: `equality cannot be told apart: 1 − κ ≤ ${verdict.gap.toExponential(2)}` };
    case "violated":
      return { verdict: "violated", reason: `${verdict.check}: ${verdict.detail}` };
    case "unresolved":
    case "invalid":
      return { verdict: verdict.kind, reason: verdict.reason };
  }
}

/** ‖W′_t‖ as reported: the lower end of its proven bracket, which an explicit vector attains. */
function weightEstimate(plan: Plan, i: number): number {
  const layer = plan.layers[i] as Plan["layers"][number];
  return (plan.norm === "spectral" ? layer.spectralNorm : layer.frobeniusNorm).lower;
}

/**
 * ‖ĉ‖/‖û‖ of the better stored witness, scaled: the iteration's or p̂_t, whose pullback is ĝ_x. Layer 1: ‖I‖. Frobenius: ‖Â‖_F.
 */
function jacobianEstimate(plan: Plan, outcome: SampleOutcome, t: number): number {
  const { measurements: m, at } = outcome.source;
  const refined = outcome.estimates[t - 1] ?? null;
  if (refined !== null && plan.norm === "spectral") return refined;
  if (t === 1) return plan.norm === "spectral" ? 1 : Math.sqrt((plan.network.layers[0] as { inputs: number }).inputs);
  if (plan.norm === "frobenius") return m.explicit[t - 1]?.frobenius[at] ?? NaN;
  const witness = m.witnesses[t - 1] ?? null;
  const pulled = (m.pullbackNorm[t - 1] as Float64Array)[at] as number;
  const gradient = (m.pullbackNorm[0] as Float64Array)[at] as number;
  const iterated =
    witness === null ? 0 : ratioOrZero(witness.pullbackNorm[at] as number, witness.vectorNorm[at] as number);
  // A witness that overflowed is none, and p̂_t is left.
  return Math.max(Number.isFinite(iterated) ? iterated : 0, ratioOrZero(gradient, pulled));
}

/** a/b, and 0 for 0/0: the terms of a dead factor count as 0 (MATH.md §1). */
function ratioOrZero(a: number, b: number): number {
  return a === 0 && !(b > 0) ? 0 : a / b;
}

/** √(x·2^k) without leaving the range where the root itself is representable. */
function squareRootScaled(x: number, k: number): number {
  const even = k - (Math.abs(k) % 2);
  return timesPowerOfTwo(Math.sqrt(x * 2 ** (k - even)), even / 2);
}
