/** How fast each activation can grow: |g(z)| ≤ |g(0)| + L|z| with L ≥ sup|g′|; what is not exact is rounded up. */
import type { ActivationName } from "./activations.ts";

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

/** L ≥ sup|g′|. */
export function steepestSlope(name: ActivationName): number {
  return STEEPEST[name] ?? 1;
}

/** |g(0)|, rounded up: ½ for sigmoid, log 2 for softplus, else 0. */
export function valueAtZero(name: ActivationName): number {
  return name === "sigmoid" ? 0.5 : name === "softplus" ? 0.69314719 : 0;
}

/** ‖g(z)‖ ≤ √n |g(0)| + L‖z‖ for z of n entries. */
export function outputBound(name: ActivationName, norm: number, n: number): number {
  return Math.sqrt(n) * valueAtZero(name) + steepestSlope(name) * norm;
}
