/**
 * How far a stored g(z) and g′(z) may be from the exact ones, for every activation.
 *
 * u is the engine's unit roundoff; a division counts 3u (2.5 ulp in WGSL). The exponential of the engine has relative error
 * E(x) = (8 + 2|x|)u (its argument's reduction may be reassociated); the other elementary functions as shaders/lib/elementary.wgsl
 * states. Each bound counts the roundings on the way of the formula in shaders/lib/activations.wgsl: k factors 1 + δ, |δ| ≤ u, are together
 * within γ_k = ku/(1 − ku) ≤ ku(1 + 2⁻⁷) while ku ≤ 2⁻⁸, and no count below exceeds 2¹⁵ where the number is above the flush (`HIGHER`).
 * Engine cpu's formulas (network/activations.ts) are the same ones with better functions, so the bounds hold
 * there with its u, but for the left tail of gelu (below). Held against the kernels by test/engine-gpu/activations.test.ts.
 */
import type { Arithmetic } from "../../engine/engine.ts";
import type { ActivationName } from "../../network/activations.ts";
import type { Activation, UnitActivation } from "../../network/parametric.ts";
import { ownActivation, unitActivations } from "./activation-formulas.ts";

/** Absolute bounds of value and slope at z, given the exact ones, in multiples of u. */
type Bound = (z: number, value: number, slope: number) => readonly [value: number, slope: number];

/** E(x)/u. */
const exponential = (x: number): number => 8 + 2 * Math.abs(x);

/** σ(x): exp's error enters numerator and denominator. */
const sigmoid = (x: number): number => 2 * exponential(x) + 5;

const relative =
  (v: number, s: number): Bound =>
  (_, value, slope) => [v * Math.abs(value), s * Math.abs(slope)];

/**
 * e^(−x²), x = z/√2 of one product with a rounded constant: x is off by a relative 1.14u, x² by 2.28u, and with x² = z²/2 the value by 1.14z²u;
 * two exponentials of parts of z²/2 add (16 + z² + 1)u, their products 3u.
 */
const normalDensity = (z: number): number => 24 + 2.2 * z * z;
/**
 * Φ: within one standard deviation ½ + ½ erf, whose polynomial's terms add up to 1.65 with 14 roundings, over Φ ≥ 0.078; beyond, a
 * polynomial whose terms add up to 8 times its value with 17 roundings, times e^(−x²) and a quotient.
 */
const normal = (z: number): number => 200 + 2.2 * z * z;
const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

const inner = (z: number): number => Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3);

/** |g(z)/z|, and its limit at 0. */
const quotient = (z: number, value: number, limit: number): number => (z === 0 ? limit : Math.abs(value / z));

/** Beyond this the reduction by π/2 of the f32 sine is not bounded. */
const SINE_RANGE = 8000;

const BOUNDS: Readonly<Record<ActivationName, Bound>> = {
  identity: relative(0, 0),
  relu: relative(0, 0),
  abs: relative(0, 0),
  relu6: relative(0, 0),
  "leaky-relu": relative(2, 1),
  elu: (z, value, slope) => [16 * Math.abs(value), (z > 0 ? 0 : exponential(z)) * slope],
  selu: (z, value, slope) => [20 * Math.abs(value), (z > 0 ? 3 : exponential(z) + 4) * slope],
  gelu: (z, value) => [
    (normal(z) + 2) * Math.abs(value),
    (normal(z) + 2) * quotient(z, value, 0.5) + (normalDensity(z) + 4) * Math.abs(z) * density(z),
  ],
  "gelu-tanh": (z, value) => {
    const y = 2 * inner(z);
    const gate = sigmoid(y) + 8 * Math.abs(y) + 2;
    const steep = 2 * Math.exp(-Math.abs(y)) * Math.sqrt(2 / Math.PI) * (1 + 0.134145 * z * z) * Math.abs(z);
    // 0·∞: far out the gate is 0 or 1 to all digits.
    const tail = steep > 0 ? steep * (3 * exponential(y) + 24 + 8 * Math.abs(y)) : 0;
    return [value === 0 ? 0 : gate * Math.abs(value), (value === 0 ? 0 : gate) * quotient(z, value, 0.5) + tail];
  },
  silu: (z, value) => {
    const s = 1 / (1 + Math.exp(-z));
    const slope = s * (1 + Math.abs(z) * (1 - s));
    return [(sigmoid(z) + 1) * Math.abs(value), slope === 0 ? 0 : slope * (2 * sigmoid(z) + 4)];
  },
  mish: (z, value) => {
    const gate = 4 * exponential(z) + 11;
    const tail = Math.abs(z) * (1 / Math.cosh(Math.log1p(Math.exp(Math.min(z, 700)))) ** 2) * (1 / (1 + Math.exp(-z)));
    return [
      gate * Math.abs(value),
      gate * quotient(z, value, 0.6) + (Number.isFinite(tail) ? tail : 0) * (10 * exponential(z) + 32),
    ];
  },
  softplus: (z, value, slope) => {
    const e = Math.exp(-Math.abs(z));
    return [2 * value + (e === 0 ? 0 : (18 + exponential(z)) * e), sigmoid(z) * slope];
  },
  sigmoid: (z, value, slope) => [sigmoid(z) * value, (3 * exponential(z) + 8) * slope],
  tanh: (z, value, slope) => [16 * Math.abs(value), (3 * exponential(2 * z) + 8) * slope],
  sin: (z) => (Math.abs(z) < SINE_RANGE ? [exponential(z), exponential(z)] : [Infinity, Infinity]),
  softsign: relative(6, 10),
  "hard-swish": (z, value) => [6 * Math.abs(value), Math.abs(z) < 3 ? 2 * Math.abs(z) + 3 : 0],
};

/**
 * A parameter of one's own is rounded and multiplied by, 2u: α in elu's value and slope. In softplus y = βz is off by 2u|y|, which
 * max(y, 0) hands on, e^(−|y|) as a relative 2|y|u and σ(y) as at most that, little where y > 0; the quotient by the rounded β adds 4u.
 */
const PARAMETRIC: Readonly<Partial<Record<ActivationName, (parameter: number) => Bound>>> = {
  elu: () => (z, value, slope) => [18 * Math.abs(value), (z > 0 ? 0 : exponential(z) + 2) * Math.abs(slope)],
  softplus: (beta) => (z, value, slope) => {
    const y = beta * z;
    const e = Math.exp(-Math.abs(y));
    return [8 * value + (e === 0 ? 0 : ((18 + softplusExponent(y)) * e) / beta), softplusSlope(y) * slope];
  },
};

/** The exponential's own error and that of its argument. */
const softplusExponent = (y: number): number => exponential(y) + 2 * Math.abs(y);
const softplusSlope = (y: number): number => sigmoid(y) + (y > 0 ? 1 : 2 * -y);

function boundOf(activation: UnitActivation): Bound {
  const { name, parameter } = ownActivation(activation);
  return (typeof activation === "string" ? undefined : PARAMETRIC[name]?.(parameter)) ?? BOUNDS[name];
}

/** Beyond these |z| the exponential in g is above or below f32's range, and the count with z has no meaning: g is z, 0 or a constant. */
const SPENT: Readonly<Partial<Record<ActivationName, number>>> = { gelu: 15, "gelu-tanh": 11 };

/**
 * k with |ĝ − g(z)| ≤ k·u·|g(z)| + flushes for |z| ≤ `most`, as counted above at its largest (softplus: e ≤ 1.45 log(1 + e) for e ≤ 1);
 * Infinity for sin, whose bound is absolute. In f64 the product βz is off by a part of |βz|, up to where e^(−|βz|) leaves the format.
 */
export function relativeValueError(layer: Activation, most: number): number {
  const units = unitActivations(layer);
  const activation = units.reduce((a, b) => (steepness(b) > steepness(a) ? b : a));
  const { name, parameter } = ownActivation(activation);
  if (name === "softplus" && activation !== name) {
    return HIGHER * (8 + 1.45 * (18 + softplusExponent(Math.min(parameter * most, 750))));
  }
  const z = Math.min(most, SPENT[name] ?? 90);
  if (name === "softplus") return HIGHER * (2 + 1.45 * (18 + exponential(z)));
  if (name === "sin") return Infinity;
  return Math.max(...[-z, z].map((end) => boundOf(activation)(end, 1, 1)[0])) * HIGHER;
}

/** |the parameter|: of a PReLU's units the largest slope bounds all. */
const steepness = (activation: UnitActivation): number => Math.abs(ownActivation(activation).parameter);

/** What the products of roundings add to their sum. */
const HIGHER = 1 + 2 ** -7;

/**
 * Absolute bounds of |ĝ − g(z)| and |ĝ′ − g′(z)| for a stored z, where `value` and `slope` are exact to a few units of f64.
 * What may be flushed: each product below the format's least number, times what it is multiplied by (z, and in gelu-tanh's slope the
 * inner function's slope too, the parameter, in softplus 1/β); a slope below it is stored as 0.
 */
export function activationError(
  activation: UnitActivation,
  z: number,
  value: number,
  slope: number,
  arithmetic: Arithmetic,
): { value: number; slope: number } {
  const { name, parameter } = ownActivation(activation);
  const [v, s] = boundOf(activation)(z, value, slope);
  const u = arithmetic.unitRoundoff;
  const size = Math.max(1, Math.abs(parameter), name === "softplus" ? 1 / parameter : 0);
  const steep = name === "gelu-tanh" ? 1 + Math.min(z * z, 1e6) : size;
  const flushed = 4 * arithmetic.flush * (1 + Math.abs(z)) * steep;
  const own = 2 ** -44;
  // Engine cpu's erfc between ½ and 2.5 is 1 − erf, 8 ulp of erf (network/elementary.ts): absolute, and nothing beside f32's u.
  const tail = name === "gelu" && z < 0 && z > -3.6 ? 8 * 2 ** -53 : 0;
  return {
    value: HIGHER * u * v + flushed + tail * Math.abs(z) + own * (v > 0 ? Math.abs(value) : 0),
    slope: HIGHER * u * s + flushed + tail + own * (s > 0 ? Math.abs(slope) : 0),
  };
}
