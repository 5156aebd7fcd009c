/**
 * How fast each activation can grow: |g(z)| ≤ |g(0)| + L|z| with L ≥ sup|g′|, each sup rounded up in the third decimal.
 *
 * gelu: g′ is largest at z = √2 (1.1290); gelu-tanh 1.1290; silu 1.0999; mish 1.0893; selu's steepest side is 1.7581 at 0⁻;
 * hard-swish (2z + 3)/6 is 1.5 at 3⁻. The others' are 1.
 */
import type { ActivationName } from "./activations.ts";

const STEEPEST: Readonly<Partial<Record<ActivationName, number>>> = {
  gelu: 1.13,
  "gelu-tanh": 1.13,
  silu: 1.1,
  mish: 1.09,
  selu: 1.759,
  "hard-swish": 1.5,
  sigmoid: 0.25,
};

/** L ≥ sup|g′|. */
export function steepestSlope(name: ActivationName): number {
  return STEEPEST[name] ?? 1;
}

/** |g(0)|, rounded up: ½ for sigmoid, log 2 for softplus, else 0. */
export function valueAtZero(name: ActivationName): number {
  return name === "sigmoid" ? 0.5 : name === "softplus" ? 0.694 : 0;
}

/** ‖g(z)‖ ≤ √n |g(0)| + L‖z‖ for z of n entries. */
export function outputBound(name: ActivationName, norm: number, n: number): number {
  return Math.sqrt(n) * valueAtZero(name) + steepestSlope(name) * norm;
}
