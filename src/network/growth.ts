/** How fast each activation can grow: |g(z)| ≤ |g(0)| + L|z| with L ≥ sup|g′|; what is not exact is rounded up. */
import type { ActivationName } from "./activations.ts";
import type { Activation } from "./parametric.ts";
import { formulaOf, steepestUnit } from "./parametric.ts";

const STEEPEST: Readonly<Partial<Record<ActivationName, number>>> = {
  // λα, on the left of 0.
  selu: 1.7580994,
  // Φ(√2) + √2 φ(√2): g″ = (2 − z²)φ.
  gelu: 1.1289042,
  // Where g″ = 0 (network/curvature.ts): z = 1.4185, 2.3994, 1.4906.
  "gelu-tanh": 1.1289931,
  silu: 1.0998394,
  mish: 1.0884982,
  // At 3 from the left.
  "hard-swish": 1.5,
  sigmoid: 0.25,
};

/** L ≥ sup|g′|: of leaky-relu and elu the larger of 1 and |parameter|, of a PReLU its steepest unit's. */
export function steepestSlope(activation: Activation): number {
  const { name, parameter } = formulaOf(steepestUnit(activation));
  return name === "leaky-relu" || name === "elu" ? Math.max(1, Math.abs(parameter)) : (STEEPEST[name] ?? 1);
}

/** |g(0)|, rounded up: ½ for sigmoid, log 2/β for softplus, else 0. */
export function valueAtZero(activation: Activation): number {
  const { name, parameter } = formulaOf(steepestUnit(activation));
  return name === "sigmoid" ? 0.5 : name === "softplus" ? 0.69314719 / parameter : 0;
}

/** ‖g(z)‖ ≤ √n |g(0)| + L‖z‖ for z of n entries. */
export function outputBound(activation: Activation, norm: number, n: number): number {
  return Math.sqrt(n) * valueAtZero(activation) + steepestSlope(activation) * norm;
}

/** How much larger than z a number on the way to g(z) may be, next to what an activation without a parameter makes: L, or β, above 2. */
export function innerGrowth(activation: Activation): number {
  const { name, parameter } = formulaOf(steepestUnit(activation));
  return Math.max(1, steepestSlope(activation) / 2, name === "softplus" ? parameter : 1);
}
