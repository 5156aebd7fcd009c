/** One run of grids B and C: quantities at equal training loss (docs/experiments/protocol.md, claim 3). */
import type { Dataset } from "../../../src/training/data.ts";
import { lossHead } from "../../../src/training/data.ts";
import { evaluate, geometricComplexity, passes } from "../../../src/training/evaluate.ts";
import { hessianProduct, topEigenvalue } from "../../../src/training/curvature.ts";
import { PARAMETER_SPACE, rungeKuttaStep, wholeObjective } from "../../../src/training/experiments/flow.ts";
import type { Crossing } from "../../../src/training/experiments/matched.ts";
import { between, crossings } from "../../../src/training/experiments/matched.ts";
import { average } from "../../../src/training/experiments/statistics.ts";
import { inputSquares, meanGradient, parameterSquares } from "../../../src/training/gradient.ts";
import type { ParameterVector } from "../../../src/training/parameters.ts";
import { innerProduct, parametersOf, squaredLength, withParameters } from "../../../src/training/parameters.ts";
import { createTrainer, halfPenaltyGradient, initialNetwork } from "../../../src/training/trainer.ts";
import type { Arm, Task } from "./sets.ts";
import { lossOf, settingsOf } from "./sets.ts";

/** Of the loss, over the whole training set. */
export interface Complexity {
  /** P_x. */
  readonly energy: number;
  readonly geometric: number;
  /** P_θ. */
  readonly each: number;
  /** G_N. */
  readonly full: number;
  /** cos(∇P_θ, ∇P_x) and cos(∇G_N, ∇P_x). */
  readonly cosEach: number;
  readonly cosFull: number;
}

export interface LevelFound extends Complexity {
  readonly level: number;
  /** rate × steps, of the look after. */
  readonly time: number;
  readonly lambda: number;
}

export interface ComplexityRun {
  readonly levels: readonly LevelFound[];
  readonly diverged: boolean;
}

/** rate × steps between two looks, and where a run is given up. */
const [BETWEEN_LOOKS, LAST_TIME] = [0.5, 120];
/** Of Adam, whose rate is no time. */
const [ADAM_LOOK, ADAM_LAST] = [5, 4000];

interface State {
  readonly theta: ParameterVector;
  readonly time: number;
}

export function trainToLevels(
  task: Task,
  data: Dataset,
  arm: Arm,
  levels: readonly number[],
  seed: number,
): ComplexityRun {
  const loss = lossOf(task);
  const settings = settingsOf(task, data, arm, Infinity, seed);
  const shape = initialNetwork(settings);
  const isAdam = arm.optimiser === "adam";
  const every = isAdam ? ADAM_LOOK : Math.max(1, Math.floor(BETWEEN_LOOKS / arm.rate + 1e-9));
  const last = isAdam ? ADAM_LAST : Math.ceil(LAST_TIME / arm.rate);
  const walk = arm.optimiser === "flow" ? flowOf(shape, task, data, arm.rate) : descentOf(settings, data);
  const passed = crossings<State>(levels);
  const found: LevelFound[] = [];
  for (let step = 0; step <= last && found.length < levels.length; step += every) {
    const theta = walk.theta();
    const now = evaluate(withParameters(shape, theta), loss, data).loss;
    for (const crossing of passed({ loss: now, state: { theta, time: step * arm.rate } })) {
      found.push(atLevel(shape, loss, data, crossing));
    }
    for (let i = 0; i < every; i++) if (!walk.step()) return { levels: found, diverged: true };
  }
  return { levels: found, diverged: false };
}

interface Walk {
  /** A copy. */
  readonly theta: () => ParameterVector;
  /** False where numbers stop being finite. */
  readonly step: () => boolean;
}

function flowOf(shape: ReturnType<typeof initialNetwork>, task: Task, data: Dataset, step: number): Walk {
  const objective = wholeObjective(shape, lossOf(task), data, [], task.weightDecay);
  let theta = parametersOf(shape);
  return {
    theta: () => theta,
    step: () => {
      theta = rungeKuttaStep(PARAMETER_SPACE, (x) => objective(x).gradient, theta, step);
      return Number.isFinite(squaredLength(theta));
    },
  };
}

function descentOf(settings: ReturnType<typeof settingsOf>, data: Dataset): Walk {
  const trainer = createTrainer(settings, data);
  return {
    theta: () => trainer.state().parameters.map(({ weight, bias }) => ({ weight: weight.slice(), bias: bias.slice() })),
    step: () => trainer.step().kind === "made",
  };
}

function atLevel(
  shape: ReturnType<typeof initialNetwork>,
  loss: ReturnType<typeof lossOf>,
  data: Dataset,
  { level, before, after, weight }: Crossing<State>,
): LevelFound {
  const [low, high] = [before, after].map(({ state }) => complexityOf(shape, loss, data, state.theta)) as [
    Complexity,
    Complexity,
  ];
  const positive = (name: "energy" | "geometric" | "each" | "full"): number => between(low[name], high[name], weight);
  const linear = (name: "cosEach" | "cosFull"): number => (1 - weight) * low[name] + weight * high[name];
  const network = withParameters(shape, after.state.theta);
  const whole = [...passes(network, data, (piece) => lossHead(loss, piece), false)];
  return {
    ...{ level, time: after.state.time },
    ...{ energy: positive("energy"), geometric: positive("geometric") },
    ...{ each: positive("each"), full: positive("full"), cosEach: linear("cosEach"), cosFull: linear("cosFull") },
    lambda: topEigenvalue(network, (v) => hessianProduct(whole, data.samples, v)).largest,
  };
}

/** @param data at most 256 samples, so that one pass has them all. */
function complexityOf(
  shape: ReturnType<typeof initialNetwork>,
  loss: ReturnType<typeof lossOf>,
  data: Dataset,
  theta: ParameterVector,
): Complexity {
  const network = withParameters(shape, theta);
  const [pass, ...more] = [...passes(network, data, (piece) => lossHead(loss, piece), true)];
  if (pass === undefined || more.length > 0) throw new RangeError("expected a set of one pass");
  const gradient = meanGradient(pass);
  const [byInput, byEach, byFull] = (["input", "parameter-each", "parameter"] as const).map((kind) =>
    halfPenaltyGradient(pass, kind, gradient),
  ) as [ParameterVector, ParameterVector, ParameterVector];
  return {
    ...{ energy: average([...inputSquares(pass)]), geometric: geometricComplexity(network, data) },
    ...{ each: average([...parameterSquares(pass)]), full: squaredLength(gradient) },
    ...{ cosEach: cosine(byEach, byInput), cosFull: cosine(byFull, byInput) },
  };
}

function cosine(x: ParameterVector, y: ParameterVector): number {
  return innerProduct(x, y) / Math.sqrt(squaredLength(x) * squaredLength(y));
}
