/**
 * Whether a sample's stored numbers can be believed to be finite. WGSL lets an implementation assume that nothing overflows, so
 * a finite output proves nothing (MATH.md §5): that no sum overflowed is proven from norms, |Σ| ≤ ‖W‖_F ‖h‖ + max|b|.
 */
import type { Measurements } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { timesPowerOfTwo } from "../engine/powers.ts";
import type { LayerBounds } from "./rounding.ts";
import { UP } from "./rounding.ts";

/** Why the sample's numbers cannot be trusted, or null when they are proven to be free of overflow. */
export function overflowRisk(plan: Plan, layers: readonly LayerBounds[], m: Measurements, at: number): string | null {
  const input = (m.hiddenNorm[0] as Float64Array)[at] as number;
  if (!Number.isFinite(input)) return "the input holds a number that is not finite";
  if (m.finite[at] !== 1) return "a stored value is not finite";
  // The factor 4 leaves room for the rounding of the sums themselves and for the activation's own formula.
  const limit = m.arithmetic.largest / 4;
  for (const [i, layer] of layers.entries()) {
    const planned = plan.layers[i] as Plan["layers"][number];
    const hidden = (m.hiddenNorm[i] as Float64Array)[at] as number;
    const forward = timesPowerOfTwo(planned.frobeniusNorm.upper * hidden * UP, planned.scaleExponent) + planned.biasMax;
    if (!(forward < limit)) return `layer ${String(i + 1)} may overflow: ‖W‖‖h‖ reaches ${forward.toPrecision(3)}`;
    const backward = planned.frobeniusNorm.upper * ((m.adjointNorm[i] as Float64Array)[at] as number) * UP;
    const tangent = Math.max(...m.directions.map((d) => (d.tangentNorm[i] as Float64Array)[at] as number));
    if (!(backward < limit && planned.frobeniusNorm.upper * tangent < limit)) {
      return `the linear passes of layer ${String(i + 1)} may overflow (${String(layer.outputs)} × ${String(layer.inputs)})`;
    }
  }
  return null;
}
