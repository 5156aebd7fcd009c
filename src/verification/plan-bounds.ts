/** All that verification works out of a plan beforehand, for samples measured in one arithmetic. */
import type { Arithmetic } from "../engine/engine.ts";
import { IEEE_F64 } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import type { CutRounding } from "./cut.ts";
import { cutRounding, suspicionThreshold } from "./cut.ts";
import type { KinkBounds } from "./kinks.ts";
import { kinkBounds } from "./kinks.ts";
import type { LengthCheck } from "./lengths.ts";
import { createLengthCheck } from "./lengths.ts";
import type { JudgeBounds, LayerBounds } from "./rounding.ts";
import { judgeBounds } from "./rounding.ts";
import type { LeastNorms } from "./underflow.ts";
import { leastNorms } from "./underflow.ts";
import { weightError } from "./weights.ts";

export interface PlanBounds {
  readonly plan: Plan;
  readonly arithmetic: Arithmetic;
  readonly layers: readonly LayerBounds[];
  readonly judge: JudgeBounds;
  /** The same layers in f64's arithmetic: for refinements. */
  readonly refined: JudgeBounds;
  readonly cuts: readonly CutRounding[];
  /** From which residual of the cut test on a sample is suspected, by layer. */
  readonly suspicions: readonly number[];
  readonly kinks: readonly KinkBounds[];
  readonly least: readonly LeastNorms[];
  readonly weightError: number;
  readonly lengths: LengthCheck;
  readonly scaleExponents: readonly number[];
}

export function planBounds(plan: Plan, layers: readonly LayerBounds[], arithmetic: Arithmetic): PlanBounds {
  return {
    ...{ plan, arithmetic, layers },
    judge: judgeBounds(layers, plan.norm, arithmetic),
    refined: judgeBounds(layers, plan.norm, IEEE_F64),
    cuts: cutRounding(layers, arithmetic),
    suspicions: layers.map(suspicionThreshold),
    kinks: kinkBounds(plan, arithmetic),
    least: leastNorms(layers, plan.network.layers, arithmetic),
    weightError: weightError(layers, arithmetic),
    lengths: createLengthCheck(plan, layers, arithmetic),
    scaleExponents: plan.layers.map((l) => l.scaleExponent),
  };
}
