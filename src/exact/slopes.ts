/**
 * The piecewise-linear activations in exact arithmetic: value and slope of each, with the rules at the kinks of
 * network/activations.ts (relu 0 at 0; relu6 0 at 0 and at 6; abs 0 at 0; leaky-relu and a PReLU's units their negative side at 0).
 */
import type { ActivationName } from "../network/activations.ts";
import { ModelError } from "../network/errors.ts";
import type { UnitActivation } from "../network/parametric.ts";
import { formatActivation, formulaOf } from "../network/parametric.ts";
import type { Dyadic } from "./dyadic.ts";
import { compare, dyadic, fromNumber, multiply, ONE, sign, ZERO } from "./dyadic.ts";

/** g(z) and g′(z). */
export interface ExactActivation {
  readonly value: (z: Dyadic) => Dyadic;
  readonly slope: (z: Dyadic) => Dyadic;
}

const SIX = dyadic(6n);
const MINUS_ONE = dyadic(-1n);

/** The slope is the double itself: that of 0.01 is not 1/100. */
function leakyRelu(parameter: number): ExactActivation {
  const a = fromNumber(parameter);
  return { value: (z) => (sign(z) > 0 ? z : multiply(a, z)), slope: (z) => (sign(z) > 0 ? ONE : a) };
}

const EXACT_ACTIVATIONS: Readonly<Partial<Record<ActivationName, ExactActivation>>> = {
  identity: { value: (z) => z, slope: () => ONE },
  relu: { value: (z) => (sign(z) > 0 ? z : ZERO), slope: (z) => (sign(z) > 0 ? ONE : ZERO) },
  "leaky-relu": leakyRelu(0.01),
  relu6: {
    value: (z) => (sign(z) <= 0 ? ZERO : compare(z, SIX) < 0 ? z : SIX),
    slope: (z) => (sign(z) > 0 && compare(z, SIX) < 0 ? ONE : ZERO),
  },
  abs: {
    value: (z) => (sign(z) < 0 ? multiply(MINUS_ONE, z) : z),
    slope: (z) => [MINUS_ONE, ZERO, ONE][sign(z) + 1] as Dyadic,
  },
};

/** The activations that exact arithmetic knows. */
export const EXACT_ACTIVATION_NAMES = Object.keys(EXACT_ACTIVATIONS) as ActivationName[];

/**
 * The activation of a unit of layer t.
 * @throws ModelError if it is not piecewise linear.
 */
export function exactActivation(activation: UnitActivation, t: number): ExactActivation {
  const { name, parameter } = formulaOf(activation);
  const found = name === "leaky-relu" ? leakyRelu(parameter) : EXACT_ACTIVATIONS[name];
  if (found === undefined) {
    throw new ModelError(
      `layer ${String(t)}: activation ${formatActivation(activation)} is not piecewise linear; exact arithmetic knows ${EXACT_ACTIVATION_NAMES.join(", ")}`,
    );
  }
  return found;
}
