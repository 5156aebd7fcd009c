/** What underflows on the way to a kink, where it decides which slope a unit has (MATH.md §2, "What a verdict speaks of"). */
import type { Measurements, StoredSample } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { kinksOf } from "../network/kinks.ts";
import { formatActivation } from "../network/parametric.ts";
import type { KinkBounds } from "./kinks.ts";
import { tinyError } from "./kinks.ts";

/** Marks the samples with a z so near a kink that flushes alone may have brought it there: then `forwardUnderflow` is asked. */
export function markUnderflow(bounds: readonly KinkBounds[], m: Measurements, marks: Uint8Array): void {
  bounds.forEach((own, i) => {
    if (kinksOf(own.activation).length === 0) return;
    const [distances, hidden] = [m.kinkDistance[i] as Float64Array, m.hiddenNorm[i] as Float64Array];
    for (let at = 0; at < marks.length; at++) {
      const distance = distances[at] as number;
      if (distance < Infinity && distance <= tinyError(own, hidden[at] as number)) marks[at] = 1;
    }
  });
}

/**
 * A z at a kink that is made of products, or of an h, too small for the engine's format, in words: its sign, and with it the slope, is the
 * underflow's. null where there is none: a z that is 0 because its terms are, or because they cancel, is none.
 */
export function forwardUnderflow(plan: Plan, stored: StoredSample, flush: number): string | null {
  // Entries of h_t that may be 0, or far off, by an underflow before.
  let lost = new Uint8Array((plan.network.layers[0] as { inputs: number }).inputs);
  for (const [i, { inputs, outputs, weight, activation }] of plan.network.layers.entries()) {
    const h = stored.hidden[i] as Float64Array;
    const z = stored.preactivation[i] as Float64Array;
    const next = new Uint8Array(outputs);
    for (let k = 0; k < outputs; k++) {
      let some = false;
      let size = 0;
      for (let j = 0; j < inputs; j++) {
        const w = weight[k * inputs + j] as number;
        const product = Math.abs(w * (h[j] as number));
        size += product;
        if (w !== 0 && (lost[j] === 1 || (h[j] !== 0 && product < flush))) some = true;
      }
      if (!some) continue;
      const own = z[k] as number;
      const reach = flush * (inputs + 2) * (2 + size);
      if (kinksOf(activation).some(({ at: kink }) => Math.abs(own - kink) <= reach)) {
        return `a term of z_${String(i + 2)}, which lies at a kink of ${formatActivation(activation)}, is too small`;
      }
      if (Math.abs(own) <= reach) next[k] = 1;
    }
    lost = next;
  }
  return null;
}
