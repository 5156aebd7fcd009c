/**
 * Whether a sample's stored numbers can be believed to be finite. WGSL lets an implementation assume that nothing overflows, so
 * a finite output proves nothing (MATH.md §5): that no sum overflowed is proven from norms, |Σ| ≤ ‖W‖_F ‖h‖ + max|b|.
 */
import type { Measurements } from "../engine/engine.ts";
import { IEEE_F64 } from "../engine/engine.ts";
import { workMarks } from "../engine/memory.ts";
import type { Plan } from "../engine/plan.ts";
import { timesPowerOfTwo } from "../engine/powers.ts";
import { innerGrowth, outputBound, steepestSlope } from "../network/growth.ts";
import type { LayerBounds } from "./rounding.ts";
import { gamma, UP } from "./rounding.ts";

type PlannedLayer = Plan["layers"][number];

/** Why a sample's numbers cannot be trusted, by its place; none is named of which they are proven to be free of overflow. */
export function overflowRisks(plan: Plan, layers: readonly LayerBounds[], m: Measurements): Map<number, string> {
  const limit = limitOf(m);
  const named = work(m.samples);
  const input = m.hiddenNorm[0] as Float64Array;
  for (let at = 0; at < m.samples; at++) {
    if (m.finite[at] !== 1 || !Number.isFinite(input[at] as number)) named[at] = 1;
  }
  plan.layers.forEach((planned, i) => {
    const { forward, linear } = safeNorms(planned, growthOf(plan, i), limit);
    const [hidden, adjoint] = [m.hiddenNorm[i] as Float64Array, m.adjointNorm[i] as Float64Array];
    const [along, random] = m.directions.map((d) => d.tangentNorm[i]) as [Float64Array, Float64Array];
    for (let at = 0; at < m.samples; at++) {
      const isSafe =
        (hidden[at] as number) < forward &&
        (adjoint[at] as number) < linear &&
        (along[at] as number) < linear &&
        (random[at] as number) < linear;
      if (!isSafe) named[at] = 1;
    }
  });
  const found = new Map<number, string>();
  for (let at = 0; at < m.samples; at++) {
    const reason = named[at] === 1 ? overflowRisk(plan, layers, m, at) : headRisk(plan, m, at, limit);
    if (reason !== null) found.set(at, reason);
  }
  return found;
}

const work = workMarks();

/** The factor 4 leaves room for the rounding of the sums themselves and for the activation's own formula, up to a slope of 2. */
const limitOf = (m: Measurements): number => m.arithmetic.largest / 4;

/** By how much more than that what is made of W_t's products may grow: by g_t, and by the slopes on both sides of the layer. */
function growthOf({ network: { layers } }: Plan, i: number): { readonly forward: number; readonly linear: number } {
  const slope = (k: number): number => (layers[k] === undefined ? 1 : steepestSlope(layers[k].activation) / 2);
  const own = layers[i] as Plan["network"]["layers"][number];
  return { forward: innerGrowth(own.activation), linear: Math.max(1, slope(i), slope(i - 1)) };
}

/** Norms of h and of the linear passes' vectors below half of what may overflow: of a sample with longer ones each reach is asked for. */
function safeNorms(
  { frobeniusNorm, scaleExponent, biasMax }: PlannedLayer,
  growth: ReturnType<typeof growthOf>,
  limit: number,
): { readonly forward: number; readonly linear: number } {
  const room = timesPowerOfTwo(limit / growth.forward - biasMax, -scaleExponent);
  return { forward: room / frobeniusNorm.upper / 2, linear: limit / growth.linear / frobeniusNorm.upper / 2 };
}

/** ‖W‖_F‖h‖ + max|b|. */
function forwardReach({ frobeniusNorm, scaleExponent, biasMax }: PlannedLayer, hidden: number): number {
  return timesPowerOfTwo(frobeniusNorm.upper * hidden * UP, scaleExponent) + biasMax;
}

/** The longest that a linear pass through W′ may give of these vectors. */
function linearReach({ frobeniusNorm }: PlannedLayer, adjoint: number, along: number, random: number): number {
  return frobeniusNorm.upper * Math.max(adjoint * UP, along, random);
}

/** The same of one sample: why its numbers cannot be trusted, or null. */
export function overflowRisk(plan: Plan, layers: readonly LayerBounds[], m: Measurements, at: number): string | null {
  const input = (m.hiddenNorm[0] as Float64Array)[at] as number;
  if (!Number.isFinite(input)) return "the input holds a number that is not finite";
  if (m.finite[at] !== 1) return "a stored value is not finite";
  const limit = limitOf(m);
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i] as LayerBounds;
    const planned = plan.layers[i] as PlannedLayer;
    const forward = forwardReach(planned, (m.hiddenNorm[i] as Float64Array)[at] as number);
    const growth = growthOf(plan, i);
    if (!(forward * growth.forward < limit))
      return `layer ${String(i + 1)} may overflow: ‖W‖‖h‖ reaches ${forward.toPrecision(3)}`;
    const [along, random] = m.directions;
    const backward = linearReach(
      planned,
      (m.adjointNorm[i] as Float64Array)[at] as number,
      (along.tangentNorm[i] as Float64Array)[at] as number,
      (random.tangentNorm[i] as Float64Array)[at] as number,
    );
    if (!(backward * growth.linear < limit)) {
      return `the linear passes of layer ${String(i + 1)} may overflow (${String(layer.outputs)} × ${String(layer.inputs)})`;
    }
  }
  return headRisk(plan, m, at, limit);
}

/** The head's own sums and squares, from ‖h_{l+1}‖ ≤ L((‖W_l‖ + γω_l)‖h_l‖ + ‖b_l‖) + ‖g(0)‖; in f64 an overflow shows by itself. */
function headRisk(plan: Plan, m: Measurements, at: number, limit: number): string | null {
  if (m.arithmetic.flush === IEEE_F64.flush) return null;
  const last = plan.layers.length - 1;
  const planned = plan.layers[last] as Plan["layers"][number];
  const { activation, inputs, outputs } = plan.network.layers[last] as Plan["network"]["layers"][number];
  const stretch = planned.spectralNorm.upper + gamma(inputs + 1, m.arithmetic) * planned.absoluteNorm;
  const norm = timesPowerOfTwo(stretch, planned.scaleExponent);
  const hidden = (m.hiddenNorm[last] as Float64Array)[at] as number;
  const output = outputBound(activation, norm * hidden + Math.sqrt(outputs) * planned.biasMax, outputs) * UP;
  const reach = headReach(plan, output, outputs);
  return reach < limit ? null : `f may overflow: the head's sums reach ${reach.toPrecision(3)}`;
}

/** An upper bound of every number that the head makes of an output of this norm, in any order of its sums. */
function headReach({ head, headSize }: Plan, output: number, width: number): number {
  switch (head.kind) {
    case "half-squared-norm":
      return output * Math.max(1, output);
    case "squared-error": {
      const distance = output + headSize;
      return distance * Math.max(1, distance);
    }
    case "linear":
      return headSize * output;
    default:
      return 2 * Math.sqrt(width) * output;
  }
}
