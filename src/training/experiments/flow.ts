/**
 * Gradient flow θ' = −∇L(θ), and the flow of a loss with penalties, by the classical Runge–Kutta method of order 4. With the penalty
 * `parameter: h/4` it is the modified flow, which gradient descent of rate h follows to O(h²) (Barrett and Dherin, arXiv 2009.11162).
 */
import type { Network } from "../../network/network.ts";
import type { Dataset } from "../data.ts";
import { lossHead, samplesIn } from "../data.ts";
import type { ParameterVector } from "../parameters.ts";
import { plus, withParameters } from "../parameters.ts";
import { runStages, stagesFor } from "../program.ts";
import type { LossName, Penalty } from "../settings.ts";
import type { Objective } from "../trainer.ts";
import { objectiveOf } from "../trainer.ts";

/** What is asked for to go one step on a space with x + s·y. */
export interface VectorSpace<V> {
  /** x + factor·y */
  readonly plus: (x: V, factor: number, y: V) => V;
}

/** One step of θ' = −gradient(θ). */
export function rungeKuttaStep<V>(space: VectorSpace<V>, gradient: (x: V) => V, x: V, step: number): V {
  const first = gradient(x);
  const second = gradient(space.plus(x, -step / 2, first));
  const third = gradient(space.plus(x, -step / 2, second));
  const fourth = gradient(space.plus(x, -step, third));
  const ends = space.plus(first, 1, fourth);
  const middle = space.plus(second, 1, third);
  return space.plus(x, -step / 6, space.plus(ends, 2, middle));
}

export const PARAMETER_SPACE: VectorSpace<ParameterVector> = { plus };

/** The mean loss of a whole set, its penalties and weightDecay·‖θ‖²/2 with their gradient, as a function of θ. */
export function wholeObjective(
  shape: Network,
  loss: LossName,
  data: Dataset,
  penalties: readonly Penalty[] = [],
  weightDecay = 0,
): (theta: ParameterVector) => Objective {
  const head = lossHead(loss, data);
  const stages = stagesFor(shape, head, data.samples);
  const needsInput = penalties.some(({ kind }) => kind === "input");
  return (theta) => {
    const pass = runStages(stages, withParameters(shape, theta), head, samplesIn(data), needsInput);
    const found = objectiveOf(pass, penalties);
    return weightDecay === 0 ? found : { ...found, gradient: plus(found.gradient, weightDecay, theta) };
  };
}
