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

/** @param step 0 for the first. @param rate η of this step. @param into memory for θ and the moments after it. */
export function update(
  settings: Settings,
  parameters: ParameterVector,
  moments: readonly ParameterVector[],
  gradient: ParameterVector,
  step: number,
  rate: number,
  into: readonly ParameterVector[],
  fault: TrainingFault | null,
): Updated {
  const isForgotten = fault === "momentum-forgotten";
  const signed = fault === "update-sign" ? -rate : rate;
  const { weightDecay } = settings;
  const rule =
    settings.optimiser === "sgd"
      ? sgd(isForgotten ? 0 : settings.momentum, weightDecay, signed)
      : adam(isForgotten ? 0 : FIRST_DECAY, weightDecay, signed, step + 1);
  parameters.forEach((layer, i) => {
    for (const name of ["weight", "bias"] as const) {
      const own = (vector: ParameterVector): Float64Array => (vector[i] as LayerParameters)[name];
      rule(layer[name], own(gradient), moments.map(own), into.map(own));
    }
  });
  const [next, ...kept] = into as readonly [ParameterVector, ...ParameterVector[]];
  return { parameters: next, moments: kept };
}

/** One array: θ, its gradient and its moments → θ and the moments after the step. */
type Rule = (
  theta: Float64Array,
  gradient: Float64Array,
  moments: readonly Float64Array[],
  into: readonly Float64Array[],
) => void;

function sgd(momentum: number, weightDecay: number, rate: number): Rule {
  return (theta, gradient, moments, into) => {
    const before = moments[0] as Float64Array;
    const [next, velocity] = into as readonly [Float64Array, Float64Array];
    for (let i = 0; i < theta.length; i++) {
      const x = theta[i] as number;
      const v = (gradient[i] as number) + weightDecay * x + momentum * (before[i] as number);
      velocity[i] = v;
      next[i] = x - rate * v;
    }
  };
}

function adam(firstDecay: number, weightDecay: number, rate: number, steps: number): Rule {
  const first = 1 / (1 - power(firstDecay, steps));
  const second = 1 / (1 - power(SECOND_DECAY, steps));
  return (theta, gradient, moments, into) => {
    const [m0, s0] = moments as readonly [Float64Array, Float64Array];
    const [next, m, s] = into as readonly [Float64Array, Float64Array, Float64Array];
    for (let i = 0; i < theta.length; i++) {
      const x = theta[i] as number;
      const g = (gradient[i] as number) + weightDecay * x;
      const mean = firstDecay * (m0[i] as number) + (1 - firstDecay) * g;
      const square = SECOND_DECAY * (s0[i] as number) + (1 - SECOND_DECAY) * (g * g);
      m[i] = mean;
      s[i] = square;
      next[i] = x - rate * ((mean * first) / (Math.sqrt(square * second) + EPSILON));
    }
  };
}

/** xᵏ by squaring, the same bits everywhere (Math.pow's differ). */
function power(x: number, k: number): number {
  let result = 1;
  for (let base = x, rest = k; rest > 0; base *= base, rest = Math.floor(rest / 2)) if (rest % 2 === 1) result *= base;
  return result;
}
