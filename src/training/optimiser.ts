/**
 * The optimiser's stage: gradient → update. As PyTorch's SGD and Adam with their defaults, weight decay added to the gradient:
 *
 *     g ← g + w θ
 *     sgd     v ← μ v + g,  θ ← θ − η v
 *     adam    m ← β₁ m + (1 − β₁) g,  s ← β₂ s + (1 − β₂) g²,  θ ← θ − η (m/(1 − β₁ᵏ)) / (√(s/(1 − β₂ᵏ)) + ε),  k = 1, 2, …
 */
import type { TrainingFault } from "./faults.ts";
import type { ParameterVector } from "./parameters.ts";
import { combined, plus, times } from "./parameters.ts";
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
  const { optimiser, momentum, weightDecay } = settings;
  const g = weightDecay === 0 ? gradient : plus(gradient, weightDecay, parameters);
  const signed = fault === "update-sign" ? -rate : rate;
  const [first, second] = moments as readonly [ParameterVector, ParameterVector];
  if (optimiser === "sgd") {
    const kept = fault === "momentum-forgotten" ? 0 : momentum;
    const v = kept === 0 ? g : plus(g, kept, first);
    return { parameters: plus(parameters, -signed, v), moments: [v] };
  }
  const decay = fault === "momentum-forgotten" ? 0 : FIRST_DECAY;
  const m = combined(first, g, (a, b) => decay * a + (1 - decay) * b);
  const s = combined(second, g, (a, b) => SECOND_DECAY * a + (1 - SECOND_DECAY) * (b * b));
  const corrected = times(1 / (1 - power(decay, step + 1)), m);
  const factor = 1 / (1 - power(SECOND_DECAY, step + 1));
  const change = combined(corrected, s, (a, b) => a / (Math.sqrt(b * factor) + EPSILON));
  return { parameters: plus(parameters, -signed, change), moments: [m, s] };
}

/** xᵏ by squaring, the same bits everywhere (Math.pow's differ). */
function power(x: number, k: number): number {
  let result = 1;
  for (let base = x, rest = k; rest > 0; base *= base, rest = Math.floor(rest / 2)) if (rest % 2 === 1) result *= base;
  return result;
}
