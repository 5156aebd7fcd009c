/**
 * An activation of a layer: a bare name with its usual parameter, a name with a parameter of its own, or PReLU, whose units each have a
 * slope for z ≤ 0. Unit k of a PReLU is leaky-relu(slopes[k]), so that whatever speaks of one number z knows no PReLU (`atUnit`).
 *
 * Slopes of a PReLU are constants here, no parameters of θ: the inequality is derived for weights and biases.
 *
 * Any slope and any α is an activation, negative or above 1 too; at 0, 1 and −1 leaky-relu is relu, identity and −|z| for z ≤ 0. β is
 * positive: log(1 + e^(βz))/β. The range keeps f32 formulas of ordinary z within f32, and loses
 * no parameter that is used: 2^20.
 */
import type { ActivationFunctions, ActivationName } from "./activations.ts";
import { ACTIVATIONS, elu, leakyRelu, softplusOf, tanhWithSlope } from "./activations.ts";
import { UsageError } from "./errors.ts";

/** Activations that take a parameter, and the one that the bare name has. */
export const USUAL_PARAMETER = { "leaky-relu": 0.01, elu: 1, softplus: 1 } as const;

export type ParametricName = keyof typeof USUAL_PARAMETER;

/** g of one unit; with the usual parameter it is the bare name (`parametric`), so that equal activations are equal. */
export type UnitActivation = ActivationName | { readonly name: ParametricName; readonly parameter: number };

export interface Prelu {
  readonly name: "prelu";
  /** Slopes for z ≤ 0: one for all units, or one for each. */
  readonly slopes: Float64Array;
}

/** g_t of a layer. */
export type Activation = UnitActivation | Prelu;

/** The largest parameter in magnitude, and 1/the smallest β. */
const MOST = 2 ** 20;

export function isParametricName(name: ActivationName): name is ParametricName {
  return Object.hasOwn(USUAL_PARAMETER, name);
}

/** What a parameter may be, in words: "leaky-relu(SLOPE), SLOPE a number from -2^20 to 2^20". */
function wanted(name: ParametricName | "prelu"): string {
  const what = name === "elu" ? "ALPHA" : name === "softplus" ? "BETA" : "SLOPE";
  return `${name}(${what}), ${what} a number from ${name === "softplus" ? "2^-20" : "-2^20"} to 2^20`;
}

/** Whether there is such an activation. */
export function isAllowed(name: ParametricName | "prelu", parameter: number): boolean {
  return name === "softplus" ? parameter >= 1 / MOST && parameter <= MOST : Math.abs(parameter) <= MOST;
}

/** @throws UsageError that says what was expected. */
export function parametric(name: ParametricName, parameter: number): UnitActivation {
  if (!isAllowed(name, parameter)) throw new UsageError(`expected ${wanted(name)}`);
  if (parameter === USUAL_PARAMETER[name]) return name;
  // −0 is 0.
  return { name, parameter: parameter + 0 };
}

/** @throws UsageError for a slope that is not finite or too large. */
export function prelu(slopes: ArrayLike<number>): Prelu {
  const own = Float64Array.from(slopes, (a) => a + 0);
  if (own.length === 0 || !own.every((a) => isAllowed("prelu", a))) throw new UsageError(`expected ${wanted("prelu")}`);
  return { name: "prelu", slopes: own };
}

export function isPrelu(activation: Activation): activation is Prelu {
  return typeof activation === "object" && activation.name === "prelu";
}

/** g of unit k of a layer. */
export function atUnit(activation: Activation, k: number): UnitActivation {
  if (!isPrelu(activation)) return activation;
  const { slopes } = activation;
  return parametric("leaky-relu", slopes[slopes.length === 1 ? 0 : k] as number);
}

/** The unit whose slopes are the largest: what bounds it bounds the layer. */
export function steepestUnit(activation: Activation): UnitActivation {
  if (!isPrelu(activation)) return activation;
  return parametric(
    "leaky-relu",
    activation.slopes.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)),
  );
}

/** The name of its formula, and its parameter: 0 where it has none. */
export function formulaOf(activation: UnitActivation): { readonly name: ActivationName; readonly parameter: number } {
  if (typeof activation === "object") return activation;
  return { name: activation, parameter: isParametricName(activation) ? USUAL_PARAMETER[activation] : 0 };
}

/** g and g′. */
export function functionsOf(activation: UnitActivation): ActivationFunctions {
  if (typeof activation === "string") return ACTIVATIONS[activation];
  const { name, parameter } = activation;
  switch (name) {
    case "leaky-relu":
      return leakyRelu(parameter);
    case "elu":
      return elu(parameter);
    case "softplus":
      return softplusOf(parameter);
  }
}

/** g(z) and g′(z) of the units' numbers, row-major with `columns` numbers a unit. */
export function activated(
  activation: Activation,
  z: Float64Array,
  columns: number,
): { readonly value: Float64Array; readonly slope: Float64Array } {
  if (activation === "tanh") return tanhWithSlope(z);
  if (!isPrelu(activation)) {
    const { value, slope } = functionsOf(activation);
    return { value: z.map(value), slope: z.map(slope) };
  }
  const units = Array.from({ length: z.length / columns }, (_, k) => functionsOf(atUnit(activation, k)));
  const unit = (at: number): ActivationFunctions => units[Math.floor(at / columns)] as ActivationFunctions;
  return { value: z.map((x, at) => unit(at).value(x)), slope: z.map((x, at) => unit(at).slope(x)) };
}

/** The layer's activation where `keeps` says which units are left. */
export function keptUnits(activation: Activation, keeps: (k: number) => boolean): Activation {
  if (!isPrelu(activation) || activation.slopes.length === 1) return activation;
  return { name: "prelu", slopes: activation.slopes.filter((_, k) => keeps(k)) };
}

export function sameActivation(a: Activation, b: Activation): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  if (a.name !== b.name) return false;
  const numbers = (x: Exclude<Activation, string>): ArrayLike<number> => (isPrelu(x) ? x.slopes : [x.parameter]);
  const [p, q] = [numbers(a), numbers(b)];
  return p.length === q.length && Array.from(p).every((v, i) => v === q[i]);
}

/** "relu", "leaky-relu(0.2)", "prelu(0.25)"; "prelu" where units have slopes of their own. Read again by activationNamed. */
export function formatActivation(activation: Activation): string {
  if (typeof activation === "string") return activation;
  if (!isPrelu(activation)) return `${activation.name}(${String(activation.parameter)})`;
  return activation.slopes.length === 1 ? `prelu(${String(activation.slopes[0])})` : "prelu";
}
