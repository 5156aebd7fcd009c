/** Activations with a parameter, for the tests that take each. */
import { drawnActivation } from "../../src/network/activation-names.ts";
import type { Activation, Prelu } from "../../src/network/parametric.ts";
import { prelu } from "../../src/network/parametric.ts";

/** Slopes and curvatures of at most 2 in magnitude, as the bounds of ordinary activations assume. */
const MODEST = [
  "leaky-relu(0.2)",
  "leaky-relu(-1.5)",
  "elu(0.5)",
  "elu(-0.3)",
  "softplus(0.1)",
  "softplus(8)",
] as const;

/** A slope that is relu's; slopes and curvatures that are steep, an α that grows to the left, a β that is nearly straight. */
const WILD = ["leaky-relu(0)", "leaky-relu(30)", "elu(0)", "elu(-200)", "elu(1000)", "softplus(0.001)"] as const;

type Named = readonly [name: string, activation: Activation];

const named = (name: string): Named => [name, drawnActivation(name)];

export const MODEST_ACTIVATIONS: readonly Named[] = [...MODEST, "prelu(0.25)"].map(named);

export const PARAMETRIC_ACTIVATIONS: readonly Named[] = [...MODEST, ...WILD, "softplus(1000)", "prelu(-3)"].map(named);

/** A slope for each of n units: ordinary, negative, 0, steep, and one without a kink. */
export function preluOf(n: number): Prelu {
  return prelu(Array.from({ length: n }, (_, k) => [0.25, -0.5, 0, 2, 1, 0.01][k % 6] as number));
}
