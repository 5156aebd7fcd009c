/**
 * g″(z) of each activation, in f64 from + − × ÷ √ (elementary.ts): what the gradient of a gradient needs. NaN gives NaN.
 *
 * At a kink, and where the slope jumps (relu6 at 6, hard-swish at ±3, selu and elu at 0), it is the side's that the slope takes there
 * (activations.ts); nothing stands for the jump itself.
 */
import type { ActivationName } from "./activations.ts";
import { ACTIVATIONS } from "./activations.ts";
import type { Activation, UnitActivation } from "./parametric.ts";
import { formulaOf, functionsOf, steepestUnit } from "./parametric.ts";
import { exp, expMinusSquare, sigmoid, tanh } from "./elementary.ts";

const SELU_SCALE_ALPHA = 1.0507009873554805 * 1.6732632423543772;
const ROOT_HALF = 0.7071067811865476;
const INVERSE_ROOT_TWO_PI = 0.3989422804014327;
const ROOT_TWO_OVER_PI = 0.7978845608028654;
const GELU_CUBIC = 0.044715;

/** p·q where p is 0 for large |z|, so that 0·∞ is 0. */
function gated(p: number, q: number): number {
  return p === 0 ? 0 : p * q;
}

/** σ′(z) = σ(z)σ(−z), which does not cancel. */
function logisticSlope(z: number): number {
  return sigmoid(z) * sigmoid(-z);
}

/** sech²(u)(u′ + z(½u″ − tanh(u) u′²)), u = √(2/π)(z + 0.044715 z³): g = z·σ(2u) twice differentiated. */
function geluTanhCurvature(z: number): number {
  if (Math.abs(z) > 1e3) return 0;
  const u = ROOT_TWO_OVER_PI * (z + GELU_CUBIC * z * z * z);
  const first = ROOT_TWO_OVER_PI * (1 + 3 * GELU_CUBIC * z * z);
  const second = ROOT_TWO_OVER_PI * 6 * GELU_CUBIC * z;
  return gated(ACTIVATIONS.tanh.slope(u), first + z * (0.5 * second - tanh(u) * first * first));
}

/** 2T′ + zT″ with T = tanh(softplus z): T′ = (1 − T²)σ, T″ = (1 − T²)(σ′ − 2Tσ²). */
function mishCurvature(z: number): number {
  // Beyond, (1 − T²) ≤ 4e^(−2z) on the right and σ ≤ e^z on the left are 0 or next to it, and z·0 must not be ∞·0.
  if (Math.abs(z) > 800) return 0;
  const s = sigmoid(z);
  const gate = z === 0 ? 0.6 : ACTIVATIONS.mish.value(z) / z;
  const e = exp(-Math.abs(z));
  const complement =
    z > 0
      ? (4 * e * e * (1 + e) * (1 + e)) / square(1 + 2 * e + 2 * e * e)
      : (4 * square(1 + e)) / square(e * (e + 2) + 2);
  return complement * (2 * s + z * (logisticSlope(z) - 2 * gate * s * s));
}

function square(x: number): number {
  return x * x;
}

const CURVATURES: Readonly<Record<ActivationName, (z: number) => number>> = {
  identity: () => 0,
  relu: () => 0,
  "leaky-relu": () => 0,
  elu: (z) => (z > 0 ? 0 : exp(z)),
  selu: (z) => (z > 0 ? 0 : SELU_SCALE_ALPHA * exp(z)),
  gelu: (z) => gated(INVERSE_ROOT_TWO_PI * expMinusSquare(z * ROOT_HALF), 2 - z * z),
  "gelu-tanh": geluTanhCurvature,
  // σ′(z)(2 + z(1 − 2σ)), 1 − 2σ(z) = −tanh(z/2).
  silu: (z) => gated(logisticSlope(z), 2 - z * tanh(z / 2)),
  mish: mishCurvature,
  softplus: logisticSlope,
  sigmoid: (z) => -logisticSlope(z) * tanh(z / 2),
  tanh: (z) => -2 * tanh(z) * ACTIVATIONS.tanh.slope(z),
  sin: (z) => -ACTIVATIONS.sin.value(z),
  softsign: (z) => (-2 * Math.sign(z)) / (1 + Math.abs(z)) / (1 + Math.abs(z)) / (1 + Math.abs(z)),
  "hard-swish": (z) => (z <= -3 || z >= 3 ? 0 : 1 / 3),
  relu6: () => 0,
  abs: () => 0,
};

/** g″(z). */
export function curvature(activation: UnitActivation, z: number): number {
  if (Number.isNaN(z)) return NaN;
  const { name, parameter } = formulaOf(activation);
  // α e^z; β σ′(βz).
  if (name === "elu") return parameter * CURVATURES.elu(z);
  if (name === "softplus") return parameter * CURVATURES.softplus(parameter * z);
  return CURVATURES[name](z);
}

const PIECEWISE_LINEAR: ReadonlySet<ActivationName> = new Set(["relu", "leaky-relu", "relu6", "abs"]);

/** Whether the slope is constant between kinks: g″ = 0 says nothing of what lies beyond one. */
export function isPiecewiseLinear(activation: Activation): boolean {
  return PIECEWISE_LINEAR.has(formulaOf(steepestUnit(activation)).name);
}

/** Value, slope and curvature of a smooth stand-in. */
export interface Jet {
  readonly value: number;
  readonly slope: number;
  readonly curvature: number;
}

/**
 * A piecewise-linear activation with each kink rounded over a width s > 0: relu becomes s·log(1 + e^(z/s)), and the others are what
 * they are in terms of relu. As s → 0 value and slope tend to the activation's own away from its kinks.
 */
export function roundedJet(activation: UnitActivation, z: number, s: number): Jet {
  const ramp = (y: number, factor: number): Jet => ({
    value: factor * s * ACTIVATIONS.softplus.value(y / s),
    slope: factor * sigmoid(y / s),
    curvature: (factor * logisticSlope(y / s)) / s,
  });
  const sum = (a: Jet, b: Jet): Jet => ({
    value: a.value + b.value,
    slope: a.slope + b.slope,
    curvature: a.curvature + b.curvature,
  });
  const line = (factor: number): Jet => ({ value: factor * z, slope: factor, curvature: 0 });
  const { name, parameter } = formulaOf(activation);
  switch (name) {
    case "relu":
      return ramp(z, 1);
    case "leaky-relu":
      return sum(line(parameter), ramp(z, 1 - parameter));
    case "relu6":
      return sum(ramp(z, 1), ramp(z - 6, -1));
    case "abs":
      return sum(line(-1), ramp(z, 2));
    default: {
      const { value, slope } = functionsOf(activation);
      return { value: value(z), slope: slope(z), curvature: curvature(activation, z) };
    }
  }
}
