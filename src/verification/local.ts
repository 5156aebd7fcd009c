/**
 * The local check of a replay: each stored adjoint against the product that it was made of, in f64 from the stored values.
 * δ̂_{t−1} = D̂_{t−1}W′_tᵀδ̂_t within one backward step's rounding: a fault of the backward pass at that layer otherwise.
 */
import type { Refinement } from "../engine/cpu/refine.ts";
import type { Arithmetic } from "../engine/engine.ts";
import { IEEE_F64 } from "../engine/engine.ts";
import { normUpper } from "./bounds.ts";
import type { LayerBounds } from "./rounding.ts";
import { backwardStepError, UP } from "./rounding.ts";
import type { Verdict } from "./verdict.ts";

/** @param at the sample's place in the refinement. @returns the first layer at fault, or null. */
export function localFault(
  layers: readonly LayerBounds[],
  arithmetic: Arithmetic,
  refinement: Refinement,
  at: number,
): (Verdict & { kind: "violated" }) | null {
  for (const [i, layer] of refinement.layers.entries()) {
    if (layer === null) continue;
    const bounds = layers[i] as LayerBounds;
    const delta = normUpper(layer.adjointNorm[at] as number, bounds.outputs, arithmetic);
    const slope = i === 0 ? 1 : ((refinement.slopeMax[i - 1] as Float64Array)[at] as number);
    const step = backwardStepError(bounds, delta, arithmetic) + backwardStepError(bounds, delta, IEEE_F64);
    // The stored product D·a may itself be flushed, entry by entry.
    const bound = (slope * step + Math.sqrt(bounds.inputs) * (arithmetic.flush + IEEE_F64.flush)) * UP;
    const residual = layer.localResidual[at] as number;
    if (!(residual <= bound)) {
      const detail = `the stored adjoint differs from its product by ${residual.toPrecision(3)}, rounding explains ${bound.toPrecision(3)}`;
      // The difference's norm, which should be 0.
      const numbers = { found: residual, right: 0, bound };
      return { kind: "violated", check: "local", layer: i + 1, detail, numbers };
    }
  }
  return null;
}
