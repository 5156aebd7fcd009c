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

/** The numbers of one step's update. */
export type UpdateRule =
  | { readonly kind: "sgd"; readonly momentum: number; readonly rate: number }
  | {
      readonly kind: "adam";
      /** β₁ and β₂. */
      readonly first: number;
      readonly second: number;
      /** 1/(1 − βᵏ). */
      readonly firstCorrection: number;
      readonly secondCorrection: number;
      readonly epsilon: number;
      readonly rate: number;
    };

/** @param step 0 for the first. @param rate η of this step. */
export function ruleOf(
  { optimiser, momentum }: Settings,
  step: number,
  rate: number,
  fault: TrainingFault | null,
): UpdateRule {
  const isForgotten = fault === "momentum-forgotten";
  const signed = fault === "update-sign" ? -rate : rate;
  if (optimiser === "sgd") return { kind: "sgd", momentum: isForgotten ? 0 : momentum, rate: signed };
  const [first, second] = [isForgotten ? 0 : FIRST_DECAY, SECOND_DECAY];
  return {
    ...{ kind: "adam", first, second, epsilon: EPSILON, rate: signed },
    firstCorrection: 1 / (1 - power(first, step + 1)),
    secondCorrection: 1 / (1 - power(second, step + 1)),
  };
}

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
  const numbers = ruleOf(settings, step, rate, fault);
  const rule = numbers.kind === "sgd" ? sgd(numbers, settings.weightDecay) : adam(numbers, settings.weightDecay);
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

function sgd({ momentum, rate }: Extract<UpdateRule, { kind: "sgd" }>, weightDecay: number): Rule {
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

function adam(rule: Extract<UpdateRule, { kind: "adam" }>, weightDecay: number): Rule {
  const { first, second, firstCorrection, secondCorrection, epsilon, rate } = rule;
  return (theta, gradient, moments, into) => {
    const [m0, s0] = moments as readonly [Float64Array, Float64Array];
    const [next, m, s] = into as readonly [Float64Array, Float64Array, Float64Array];
    for (let i = 0; i < theta.length; i++) {
      const x = theta[i] as number;
      const g = (gradient[i] as number) + weightDecay * x;
      const mean = first * (m0[i] as number) + (1 - first) * g;
      const square = second * (s0[i] as number) + (1 - second) * (g * g);
      m[i] = mean;
      s[i] = square;
      next[i] = x - rate * ((mean * firstCorrection) / (Math.sqrt(square * secondCorrection) + epsilon));
    }
  };
}

/** xᵏ by squaring, the same bits everywhere (Math.pow's differ). */
function power(x: number, k: number): number {
  let result = 1;
  for (let base = x, rest = k; rest > 0; base *= base, rest = Math.floor(rest / 2)) if (rest % 2 === 1) result *= base;
  return result;
}
