/** The reported numbers of a sample: what was measured, in the network's own scale (MATH.md §1). */
import type { Measurements } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { loweredPowerOfTwo, raisedPowerOfTwo, timesPowerOfTwo } from "../engine/powers.ts";
import { lengthened } from "../network/network.ts";
import { DOWN, UP } from "../verification/rounding.ts";
import type { LayerColumns, SettledBlock } from "./block.ts";
import { plannedNorm } from "./block.ts";

/** What a sample's numbers are made of. Weights and total stand at its place in the block. */
export interface Source {
  readonly plan: Plan;
  /** ‖W′_t‖ as reported. */
  readonly weightNorms: readonly number[];
  /** Σ_{s<t} k_s, and Σ k_s last. */
  readonly below: readonly number[];
  readonly weights: readonly Float64Array[];
}

export function numberSource(plan: Plan, weights: readonly Float64Array[]): Source {
  const below = [0];
  for (const { scaleExponent } of plan.layers) below.push((below.at(-1) as number) + scaleExponent);
  return { plan, below, weights, weightNorms: plan.layers.map((_, i) => plannedNorm(plan, i)) };
}

const of = (columns: readonly Float64Array[], i: number, at: number): number =>
  (columns[i] as Float64Array)[at] as number;

/**
 * Fills in place `to` of the block.
 * @param m,at the measurements that the numbers come from, and the sample's place there.
 * @param weightExponent the weights' own: w_t = weights[t−1]·2^weightExponent.
 * @param estimates ‖J_t‖ as an f64 witness gives it, scaled; null: the engine's own.
 * @param vouched whether the numbers are near the formulas'; where not, the ratio has no proven ends.
 */
export function fillNumbers(
  { plan, weightNorms, below, weights }: Source,
  block: SettledBlock,
  to: number,
  m: Measurements,
  at: number,
  weightExponent: number,
  estimates: readonly (number | null)[] | null,
  vouched: boolean,
): void {
  const { numbers, layers, findings, model } = block;
  const depth = layers.length;
  const top = m.topExponent[at] as number;
  const whole = below[depth] as number;
  const gradientNorm = of(m.pullbackNorm, 0, at);
  const [along] = m.directions;
  let weightSum = 0;
  for (let i = 0; i < depth; i++) weightSum += of(weights, i, to);
  let lhs = 0; // Σ w κ²
  let rhs = 0; // Σ w
  let coefficient = 0;
  for (let i = 0; i < depth; i++) {
    const out = layers[i] as LayerColumns;
    const k = below[i] as number; // Σ_{s<t} k_s
    const through = below[i + 1] as number;
    const hidden = of(m.hiddenNorm, i, at);
    const delta = of(m.adjointNorm, i, at);
    const pulled = of(m.pullbackNorm, i, at);
    const weight = weightNorms[i] as number;
    const jacobian = jacobianEstimate(plan, m, at, i, estimates, gradientNorm, pulled);
    const directional = of(along.tangentNorm, i, at) / of(along.tangentNorm, 0, at);
    const tightness = ratioOrZero(gradientNorm, delta * weight * jacobian);
    const w = of(weights, i, to);
    const alpha = ratioOrZero(pulled, delta * weight);
    const share = weightSum > 0 ? w / weightSum : 0;
    if (tightness > 0) lhs += w * (tightness * tightness);
    rhs += w;
    const own = plan.network.layers[i] as Plan["network"]["layers"][number];
    const term = timesPowerOfTwo(lengthened(own, hidden) / (weight * jacobian), -through);
    coefficient += weight * jacobian > 0 ? term * term : 0;
    const deltaNorm = timesPowerOfTwo(delta, whole - through + top);
    out.hiddenNorm[to] = hidden;
    out.jacobianNorm[to] = timesPowerOfTwo(jacobian, k);
    out.jacobianNormLower[to] = loweredPowerOfTwo(of(findings.statementLower, i, to), k);
    out.jacobianNormUpper[to] = raisedPowerOfTwo(of(findings.statementUpper, i, to), k);
    out.weightGradientNorm[to] = deltaNorm * hidden;
    out.biasGradientNorm[to] = (model[i] as (typeof model)[number]).biased ? deltaNorm : NaN;
    out.tightness[to] = tightness;
    out.directionalTightness[to] = ratioOrZero(gradientNorm, delta * weight * directional);
    out.alignmentWeight[to] = alpha;
    out.alignmentJacobian[to] = ratioOrZero(gradientNorm, pulled * jacobian);
    out.slackWeight[to] = share * Math.max(0, 1 - alpha * alpha);
    out.slackJacobian[to] = share * Math.max(0, alpha * alpha - tightness * tightness);
  }
  const scale = weightExponent + 2 * top;
  const proven = vouched && weightSum !== 0;
  const lower = numbers.totalLower[to] as number;
  const upper = numbers.totalUpper[to] as number;
  numbers.value[to] = m.value[at] as number;
  numbers.inputGradientNorm[to] = timesPowerOfTwo(gradientNorm, whole + top);
  numbers.parameterGradientNorm[to] = squareRootScaled(rhs, scale);
  numbers.lhs[to] = timesPowerOfTwo(lhs, scale);
  numbers.rhs[to] = timesPowerOfTwo(rhs, scale);
  numbers.ratio[to] = rhs > 0 ? lhs / rhs : NaN;
  // The total's bracket squared, rounded outward; none where both sides are 0, or where its weights are too small to be believed.
  numbers.ratioLower[to] = proven ? lower * lower * DOWN : NaN;
  numbers.ratioUpper[to] = proven ? upper * upper * UP : NaN;
  numbers.coefficient[to] = coefficient;
}

/**
 * ‖ĉ‖/‖û‖ of the better stored witness, scaled: the iteration's or p̂_t, whose pullback is ĝ_x. Layer 1: ‖I‖. Frobenius: ‖Â‖_F.
 */
function jacobianEstimate(
  plan: Plan,
  m: Measurements,
  at: number,
  i: number,
  estimates: readonly (number | null)[] | null,
  gradient: number,
  pulled: number,
): number {
  const spectral = plan.norm === "spectral";
  const refined = estimates?.[i] ?? null;
  if (refined !== null && spectral) return refined;
  if (i === 0) return spectral ? 1 : Math.sqrt((plan.network.layers[0] as { inputs: number }).inputs);
  if (!spectral) return m.explicit[i]?.frobenius[at] ?? NaN;
  const witness = m.witnesses[i] ?? null;
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
  const odd = Math.abs(k) % 2;
  const even = k - odd;
  return timesPowerOfTwo(Math.sqrt(odd === 0 ? x : x * 2 ** odd), even / 2);
}
