/**
 * The optimiser's stage: gradient → update. As PyTorch's SGD and Adam with their defaults, weight decay added to the gradient:
 *
 *     g ← g + w θ
 *     sgd     v ← μ v + g,  θ ← θ − η v
 *     adam    m ← β₁ m + (1 − β₁) g,  s ← β₂ s + (1 − β₂) g²,  θ ← θ − η (m/(1 − β₁ᵏ)) / (√(s/(1 − β₂ᵏ)) + ε),  k = 1, 2, …
 */
import type { TrainingFault } from "./faults.ts";
import type { LayerParameters, ParameterVector } from "./parameters.ts";
import type { TrainingSettings } from "./settings.ts";

const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-8;

type Settings = Pick<TrainingSettings, "optimiser" | "momentum" | "weightDecay">;

/** How many vectors of θ's shape an optimiser keeps: v, or m and s. */
export function momentCount({ optimiser }: Pick<Settings, "optimiser">): 1 | 2 {
  return optimiser === "adam" ? 2 : 1;
}

export interface Updated {
  readonly parameters: ParameterVector;
  readonly moments: readonly ParameterVector[];
}

/** @param step 0 for the first. @param rate η of this step. */
export function update(
  settings: Settings,
  parameters: ParameterVector,
  moments: readonly ParameterVector[],
  gradient: ParameterVector,
  step: number,
  rate: number,
  fault: TrainingFault | null,
): Updated {
  const isForgotten = fault === "momentum-forgotten";
  const signed = fault === "update-sign" ? -rate : rate;
  const { weightDecay } = settings;
  const rule =
    settings.optimiser === "sgd"
      ? sgd(isForgotten ? 0 : settings.momentum, weightDecay, signed)
      : adam(isForgotten ? 0 : FIRST_DECAY, weightDecay, signed, step + 1);
  const made = parameters.map((layer, i) => {
    const own = (name: keyof LayerParameters): Float64Array[] =>
      rule(
        layer[name],
        (gradient[i] as LayerParameters)[name],
        moments.map((moment) => (moment[i] as LayerParameters)[name]),
      );
    return { weight: own("weight"), bias: own("bias") };
  });
  const [next, ...kept] = Array.from({ length: moments.length + 1 }, (_, k) =>
    made.map(({ weight, bias }) => ({ weight: weight[k] as Float64Array, bias: bias[k] as Float64Array })),
  ) as unknown as [ParameterVector, ...ParameterVector[]];
  return { parameters: next, moments: kept };
}

/** One array: θ, its gradient and its moments → θ and the moments after the step, into new arrays. */
type Rule = (theta: Float64Array, gradient: Float64Array, moments: readonly Float64Array[]) => Float64Array[];

function sgd(momentum: number, weightDecay: number, rate: number): Rule {
  return (theta, gradient, moments) => {
    const before = moments[0] as Float64Array;
    const [next, velocity] = [new Float64Array(theta.length), new Float64Array(theta.length)];
    for (let i = 0; i < theta.length; i++) {
      const x = theta[i] as number;
      const v = (gradient[i] as number) + weightDecay * x + momentum * (before[i] as number);
      velocity[i] = v;
      next[i] = x - rate * v;
    }
    return [next, velocity];
  };
}

function adam(firstDecay: number, weightDecay: number, rate: number, steps: number): Rule {
  const first = 1 / (1 - power(firstDecay, steps));
  const second = 1 / (1 - power(SECOND_DECAY, steps));
  return (theta, gradient, moments) => {
    const [m0, s0] = moments as [Float64Array, Float64Array];
    const { length } = theta;
    const [next, m, s] = [new Float64Array(length), new Float64Array(length), new Float64Array(length)];
    for (let i = 0; i < length; i++) {
      const x = theta[i] as number;
      const g = (gradient[i] as number) + weightDecay * x;
      const mean = firstDecay * (m0[i] as number) + (1 - firstDecay) * g;
      const square = SECOND_DECAY * (s0[i] as number) + (1 - SECOND_DECAY) * (g * g);
      m[i] = mean;
      s[i] = square;
      next[i] = x - rate * ((mean * first) / (Math.sqrt(square * second) + EPSILON));
    }
    return [next, m, s];
  };
}

/** xᵏ by squaring, the same bits everywhere (Math.pow's differ). */
function power(x: number, k: number): number {
  let result = 1;
  for (let base = x, rest = k; rest > 0; base *= base, rest = Math.floor(rest / 2)) if (rest % 2 === 1) result *= base;
  return result;
}
