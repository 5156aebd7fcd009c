/** The reported numbers of a sample: what was measured, in the network's own scale (MATH.md §1). */
import { workColumns } from "../engine/memory.ts";
import type { Plan } from "../engine/plan.ts";
import { isNormal, loweredPowerOfTwo, raisedPowerOfTwo, timesPowerOfTwo } from "../engine/powers.ts";
import { lengthened } from "../network/network.ts";
import { powerOfTwo } from "../network/powers-of-two.ts";
import { DOWN, UP } from "../verification/rounding.ts";
import type { LayerColumns } from "./block.ts";
import { plannedNorm } from "./block.ts";
import type { Draft } from "./draft.ts";

type Columns = readonly Float64Array[];
const column = (columns: Columns, i: number): Float64Array => columns[i] as Float64Array;

/** Fills the reported columns of the draft's block, once nothing of its samples changes any more. */
export function fillNumbers(draft: Draft): void {
  const { block, bounds, measurements: m, weights } = draft;
  const { samples } = block;
  const { lhs, rhs, coefficient } = block.numbers;
  const depth = bounds.plan.layers.length;
  const [weightSum, jacobian] = work(2, samples) as [Float64Array, Float64Array];
  weightSum.fill(0);
  for (let i = 0; i < depth; i++) {
    const own = column(weights, i);
    for (let at = 0; at < samples; at++) weightSum[at] = (weightSum[at] as number) + (own[at] as number);
  }
  // Σ_{s<t} k_s, and Σ k_s last.
  const below = [0];
  for (const k of bounds.scaleExponents) below.push((below.at(-1) as number) + k);
  for (const sum of [lhs, rhs, coefficient]) sum.fill(0);
  for (let i = 0; i < depth; i++) {
    fillEstimates(draft, i, jacobian, (block.layers[i] as LayerColumns).jacobianNormError);
    fillLayer(draft, i, jacobian, below, weightSum);
  }
  fillTotals(draft, below[depth] as number, weightSum);
  block.numbers.value.set(m.value);
}

const work = workColumns();

/** Layer t = i + 1; lhs = Σ w κ², rhs = Σ w and the coefficient receive its terms, unscaled. @param jacobian ‖J_t‖, scaled. */
function fillLayer(
  draft: Draft,
  i: number,
  jacobian: Float64Array,
  below: readonly number[],
  weightSum: Float64Array,
): void {
  const { block, bounds, measurements: m, weights } = draft;
  const { findings, numbers } = block;
  const { lhs, rhs, coefficient } = numbers;
  const out = block.layers[i] as LayerColumns;
  const { scaleExponents, plan } = bounds;
  const own = plan.network.layers[i] as Plan["network"]["layers"][number];
  const { biased } = block.model[i] as (typeof block.model)[number];
  const weight = plannedNorm(plan, i);
  const k = below[i] as number;
  const through = k + (scaleExponents[i] as number);
  const whole = below[below.length - 1] as number;
  const gradientNorm = column(m.pullbackNorm, 0);
  const [hiddenNorm, deltaNorm, pulledNorm] = [m.hiddenNorm, m.adjointNorm, m.pullbackNorm].map((c) =>
    column(c, i),
  ) as [Float64Array, Float64Array, Float64Array];
  const { tangentNorm } = m.directions[0];
  const [first, along] = [column(tangentNorm, 0), column(tangentNorm, i)];
  const [lower, upper] = [column(findings.statementLower, i), column(findings.statementUpper, i)];
  const w = column(weights, i);
  const tops = m.topExponent;
  const [raising, lowering] = [powerOfTwo(k), powerOfTwo(-through)];
  for (let at = 0; at < block.samples; at++) {
    const gradient = gradientNorm[at] as number;
    const hidden = hiddenNorm[at] as number;
    const delta = deltaNorm[at] as number;
    const pulled = pulledNorm[at] as number;
    const norm = jacobian[at] as number;
    const share = (weightSum[at] as number) > 0 ? (w[at] as number) / (weightSum[at] as number) : 0;
    const tightness = ratioOrZero(gradient, delta * weight * norm);
    const alpha = ratioOrZero(pulled, delta * weight);
    const directional = (along[at] as number) / (first[at] as number);
    if (tightness > 0) lhs[at] = (lhs[at] as number) + (w[at] as number) * (tightness * tightness);
    rhs[at] = (rhs[at] as number) + (w[at] as number);
    const scaledTerm = lengthened(own, hidden) / (weight * norm);
    const lowered = scaledTerm * lowering;
    const term = isNormal(lowered) ? lowered : timesPowerOfTwo(scaledTerm, -through);
    if (weight * norm > 0) coefficient[at] = (coefficient[at] as number) + term * term;
    const above = whole - through + (tops[at] as number);
    const product = delta * powerOfTwo(above);
    const unscaled = isNormal(product) ? product : timesPowerOfTwo(delta, above);
    out.hiddenNorm[at] = hidden;
    const estimate = norm * raising;
    const least = (lower[at] as number) * raising;
    const most = (upper[at] as number) * raising;
    out.jacobianNorm[at] = isNormal(estimate) ? estimate : timesPowerOfTwo(norm, k);
    out.jacobianNormLower[at] = isNormal(least) ? least : loweredPowerOfTwo(lower[at] as number, k);
    out.jacobianNormUpper[at] = isNormal(most) ? most : raisedPowerOfTwo(upper[at] as number, k);
    out.weightGradientNorm[at] = unscaled * hidden;
    out.biasGradientNorm[at] = biased ? unscaled : NaN;
    out.tightness[at] = tightness;
    out.directionalTightness[at] = ratioOrZero(gradient, delta * weight * directional);
    out.alignmentWeight[at] = alpha;
    out.alignmentJacobian[at] = ratioOrZero(gradient, pulled * norm);
    out.slackWeight[at] = share * Math.max(0, 1 - alpha * alpha);
    out.slackJacobian[at] = share * Math.max(0, alpha * alpha - tightness * tightness);
  }
}

/** The sample's own numbers, and lhs and rhs in its own scale. @param whole Σ k_s. */
function fillTotals(
  { block, measurements: m, weightExponent, doubtful }: Draft,
  whole: number,
  weightSum: Float64Array,
) {
  const { numbers } = block;
  const { lhs, rhs, ratio, ratioLower, ratioUpper, totalLower, totalUpper } = numbers;
  const { inputGradientNorm: inputNorms, parameterGradientNorm: parameterNorms } = numbers;
  const { topExponent } = m;
  const gradientNorm = column(m.pullbackNorm, 0);
  for (let at = 0; at < block.samples; at++) {
    const top = topExponent[at] as number;
    const scale = (weightExponent[at] as number) + 2 * top;
    const left = lhs[at] as number;
    const right = rhs[at] as number;
    const proven = weightSum[at] !== 0;
    const lower = totalLower[at] as number;
    const upper = totalUpper[at] as number;
    const gradient = gradientNorm[at] as number;
    const factor = powerOfTwo(scale);
    const root = Math.sqrt(right);
    const input = gradient * powerOfTwo(whole + top);
    const less = left * factor;
    const more = right * factor;
    // The scale of weights is even (weights.ts).
    const parameter = root * powerOfTwo(scale / 2);
    inputNorms[at] = isNormal(input) ? input : timesPowerOfTwo(gradient, whole + top);
    parameterNorms[at] = isNormal(parameter) ? parameter : timesPowerOfTwo(root, scale / 2);
    lhs[at] = isNormal(less) ? less : timesPowerOfTwo(left, scale);
    rhs[at] = isNormal(more) ? more : timesPowerOfTwo(right, scale);
    ratio[at] = right > 0 ? left / right : NaN;
    // The total's bracket squared, rounded outward; none where both sides are 0.
    ratioLower[at] = proven ? lower * lower * DOWN : NaN;
    ratioUpper[at] = proven ? upper * upper * UP : NaN;
  }
  // Nor where the weights are too small to be believed.
  for (const at of doubtful) numbers.ratioLower[at] = numbers.ratioUpper[at] = NaN;
}

/**
 * ‖ĉ‖/‖û‖ of the better stored witness, scaled: the iteration's or p̂_t, whose pullback is ĝ_x. Layer 1: ‖I‖. Frobenius: ‖Â‖_F.
 * @param error what the iteration leaves of it: 0 where there is none, NaN where none was made or asked for.
 */
function fillEstimates(
  { bounds, measurements: m, estimates }: Draft,
  i: number,
  jacobian: Float64Array,
  error: Float64Array,
): void {
  const { plan } = bounds;
  const spectral = plan.norm === "spectral";
  const iterated = m.witnesses[i]?.error;
  if (!spectral || i === 0) error.fill(0);
  else if (iterated === undefined) error.fill(NaN);
  else error.set(iterated);
  if (!spectral) {
    const width = (plan.network.layers[0] as { inputs: number }).inputs;
    if (i === 0) jacobian.fill(Math.sqrt(width));
    else jacobian.set(m.explicit[i]?.frobenius ?? new Float64Array(jacobian.length).fill(NaN));
    return;
  }
  if (i === 0) jacobian.fill(1);
  else {
    const witness = m.witnesses[i] ?? null;
    const [gradient, pulled] = [column(m.pullbackNorm, 0), column(m.pullbackNorm, i)];
    for (let at = 0; at < jacobian.length; at++) {
      jacobian[at] = ratioOrZero(gradient[at] as number, pulled[at] as number);
    }
    for (let at = 0; witness !== null && at < jacobian.length; at++) {
      const iterated = ratioOrZero(witness.pullbackNorm[at] as number, witness.vectorNorm[at] as number);
      // A witness that overflowed is none, and p̂_t is left.
      jacobian[at] = Math.max(Number.isFinite(iterated) ? iterated : 0, jacobian[at] as number);
    }
  }
  for (const [at, refined] of estimates) {
    const own = refined[i] ?? null;
    if (own !== null) [jacobian[at], error[at]] = [own.norm, own.error];
  }
}

/** a/b, and 0 for 0/0: the terms of a dead factor count as 0 (MATH.md §1). */
function ratioOrZero(a: number, b: number): number {
  return a === 0 && !(b > 0) ? 0 : a / b;
}
