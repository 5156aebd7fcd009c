/** How far rounding may take a pullback from its exact value (bounds.ts, `pullbackError`), with what a plan's layers need worked out once. */
import type { Arithmetic } from "../../engine/engine.ts";
import type { CutRounding } from "../cut.ts";
import { cutRounding } from "../cut.ts";
import type { LayerBounds, NormRounding, StepRounding } from "../rounding.ts";
import { backwardStepError, normRounding, raisedNorm, roundedUp, stepError, stepRounding } from "../rounding.ts";

export interface StepErrors {
  readonly arithmetic: Arithmetic;
  readonly layers: readonly LayerBounds[];
  readonly steps: readonly StepRounding[];
  /** Norms over n_{t+1} numbers. */
  readonly norms: readonly NormRounding[];
  readonly cuts: readonly CutRounding[];
}

export function stepErrors(layers: readonly LayerBounds[], arithmetic: Arithmetic): StepErrors {
  return {
    ...{ arithmetic, layers },
    steps: layers.map((layer) => stepRounding(layer, arithmetic)),
    norms: layers.map((layer) => normRounding(layer.outputs, arithmetic)),
    cuts: cutRounding(layers, arithmetic),
  };
}

/** Σ_{s≤last} U(J_s) ε_s, ε_s the error of W′_sᵀ on a vector of norm `stages[s − 1]`; on `rows` vectors of that Frobenius norm. */
export function errorSum(
  { arithmetic, layers, steps, norms }: StepErrors,
  jacobianUpper: readonly number[],
  stages: readonly number[],
  last: number,
  rows = 1,
): number {
  let error = 0;
  for (let i = 0; i < last; i++) {
    const layer = layers[i] as LayerBounds;
    const stage = stages[i] as number;
    const step =
      rows === 1
        ? stepError(steps[i] as StepRounding, raisedNorm(norms[i] as NormRounding, stage))
        : backwardStepError(layer, raisedNorm(normRounding(layer.outputs * rows, arithmetic), stage), arithmetic, rows);
    error += (jacobianUpper[i] as number) * step;
  }
  // A product, its rounding, and the additions of all layers.
  return roundedUp(error, last + 2);
}
