/**
 * The activations g, each with its value and slope g′ in f64, from + − × ÷ √ (elementary.ts), arranged so that nothing cancels
 * or overflows for finite z (MATH.md §5). NaN gives NaN.
 *
 * Slopes at kinks: relu 0 at 0; relu6 0 at 0 and at 6; abs 0 at 0; leaky-relu its negative side's 0.01 at 0; hard-swish 0 at −3 and
 * 1 at 3 (the constant sides'); elu and selu are smooth at 0 or take the negative side's limit there.
 *
 * Bare names have the usual parameter: leaky-relu 0.01, elu 1, softplus 1. Others: parametric.ts.
 */
import { cos, erf, erfc, exp, expm1, expMinusSquare, log1p, sigmoid, sin, tanh, tanhFrom } from "./elementary.ts";

export const ACTIVATION_NAMES = [
  "identity",
  "relu",
  "leaky-relu",
  "elu",
  "selu",
  "gelu",
  "gelu-tanh",
  "silu",
  "mish",
  "softplus",
  "sigmoid",
  "tanh",
  "sin",
  "softsign",
  "hard-swish",
  "relu6",
  "abs",
] as const;

export type ActivationName = (typeof ACTIVATION_NAMES)[number];

/** g(z) and g′(z) of one activation. */
export interface ActivationFunctions {
  readonly value: (z: number) => number;
  readonly slope: (z: number) => number;
}

/** Klambauer et al., Self-Normalizing Neural Networks (2017). */
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

const ROOT_HALF = 0.7071067811865476;
const INVERSE_ROOT_TWO_PI = 0.3989422804014327;
const ROOT_TWO_OVER_PI = 0.7978845608028654;
const GELU_CUBIC = 0.044715;

/** Φ(z), the normal distribution function, relative accuracy kept in the left tail. */
function normalDistribution(z: number): number {
  return z < 0 ? 0.5 * erfc(-z * ROOT_HALF) : 0.5 + 0.5 * erf(z * ROOT_HALF);
}

/** φ(z). */
function normalDensity(z: number): number {
  return INVERSE_ROOT_TWO_PI * expMinusSquare(z * ROOT_HALF);
}

/** z·p where p is 0 for very negative z, so that −1e308·0 and −∞·0 are 0. */
function gated(z: number, p: number): number {
  return p === 0 ? 0 : z * p;
}

/** sech²(z) = 4e/(1 + e)², e = e^(−2|z|): 1 − tanh² would cancel. */
function sechSquared(z: number): number {
  return sechSquaredFrom(exp(-2 * Math.abs(z)));
}

function sechSquaredFrom(e: number): number {
  const inverse = 1 / (1 + e);
  return 4 * e * (inverse * inverse);
}

/** tanh and its slope at once: the same bits from one exponential. */
export function tanhWithSlope(z: Float64Array): { readonly value: Float64Array; readonly slope: Float64Array } {
  const value = new Float64Array(z.length);
  const slope = new Float64Array(z.length);
  for (let i = 0; i < z.length; i++) {
    const x = z[i] as number;
    const e = exp(-2 * Math.abs(x));
    value[i] = tanhFrom(e, x);
    slope[i] = sechSquaredFrom(e);
  }
  return { value, slope };
}

function softplus(z: number): number {
  return Math.max(z, 0) + log1p(exp(-Math.abs(z)));
}

/** The inner function √(2/π)(z + 0.044715 z³) of gelu-tanh, and its slope; both clamped where tanh has long been ±1. */
function geluInner(z: number): { value: number; slope: number } {
  const c = Math.abs(z) > 1e3 ? Math.sign(z) * 1e3 : z;
  return {
    value: ROOT_TWO_OVER_PI * (c + GELU_CUBIC * c * c * c),
    slope: ROOT_TWO_OVER_PI * (1 + 3 * GELU_CUBIC * c * c),
  };
}

/** ½(1 + tanh y) = sigmoid(2y), without cancellation for y < 0. */
function geluTanhGate(z: number): number {
  return sigmoid(2 * geluInner(z).value);
}

/**
 * tanh(softplus z) = n/(n + 2) with n = e^z(e^z + 2) for z ≤ 0, and (1 + 2e)/(1 + 2e + 2e²) with e = e^(−z) beyond:
 * exact rewritings that neither overflow nor cancel.
 */
function mishGate(z: number): number {
  if (z <= 0) {
    const w = exp(z);
    const n = w * (w + 2);
    return n / (n + 2);
  }
  const e = exp(-z);
  return (1 + 2 * e) / (1 + 2 * e + 2 * e * e);
}

/** 1 − tanh²(softplus z), from the same rewriting. */
function mishGateComplement(z: number): number {
  if (z <= 0) {
    const w = exp(z);
    const n = w * (w + 2);
    return (4 * n + 4) / ((n + 2) * (n + 2));
  }
  const e = exp(-z);
  const d = 1 + 2 * e + 2 * e * e;
  return (4 * e * e * (1 + 2 * e + e * e)) / (d * d);
}

function piecewise(z: number, at: number, below: number, beyond: number): number {
  if (Number.isNaN(z)) return NaN;
  return z > at ? beyond : below;
}

/** z for z > 0, else az. The slope at 0 is a. */
export function leakyRelu(a: number): ActivationFunctions {
  return { value: (z) => (z > 0 ? z : a * z), slope: (z) => piecewise(z, 0, a, 1) };
}

/** z for z > 0, else α(e^z − 1). The slope at 0 is α. */
export function elu(alpha: number): ActivationFunctions {
  return { value: (z) => (z > 0 ? z : alpha * expm1(z)), slope: (z) => (z > 0 ? 1 : alpha * exp(z)) };
}

/** log(1 + e^(βz))/β, β > 0. */
export function softplusOf(beta: number): ActivationFunctions {
  return { value: (z) => softplus(beta * z) / beta, slope: (z) => sigmoid(beta * z) };
}

export const ACTIVATIONS: Readonly<Record<ActivationName, ActivationFunctions>> = {
  identity: { value: (z) => z, slope: (z) => (Number.isNaN(z) ? NaN : 1) },
  relu: { value: (z) => (Number.isNaN(z) ? NaN : z > 0 ? z : 0), slope: (z) => piecewise(z, 0, 0, 1) },
  "leaky-relu": leakyRelu(0.01),
  elu: elu(1),
  selu: {
    value: (z) => SELU_SCALE * (z > 0 ? z : SELU_ALPHA * expm1(z)),
    slope: (z) => SELU_SCALE * (z > 0 ? 1 : SELU_ALPHA * exp(z)),
  },
  gelu: {
    value: (z) => gated(z, normalDistribution(z)),
    slope: (z) => normalDistribution(z) + gated(z, normalDensity(z)),
  },
  "gelu-tanh": {
    value: (z) => gated(z, geluTanhGate(z)),
    slope: (z) => {
      const inner = geluInner(z);
      return geluTanhGate(z) + gated(z, 0.5 * sechSquared(inner.value) * inner.slope);
    },
  },
  silu: {
    value: (z) => gated(z, sigmoid(z)),
    // σ(z)(1 + zσ(−z)): σ(−z) is 1 − σ(z) without its cancellation.
    slope: (z) => gated(1 + gated(z, sigmoid(-z)), sigmoid(z)),
  },
  mish: {
    value: (z) => gated(z, mishGate(z)),
    slope: (z) => mishGate(z) + gated(z, mishGateComplement(z) * sigmoid(z)),
  },
  softplus: { value: softplus, slope: sigmoid },
  sigmoid: {
    value: sigmoid,
    slope: (z) => {
      const e = exp(-Math.abs(z));
      return e / ((1 + e) * (1 + e));
    },
  },
  tanh: { value: tanh, slope: sechSquared },
  sin: { value: sin, slope: cos },
  softsign: {
    value: (z) => (Math.abs(z) === Infinity ? Math.sign(z) : z / (1 + Math.abs(z))),
    slope: (z) => 1 / (1 + Math.abs(z)) / (1 + Math.abs(z)),
  },
  "hard-swish": {
    value: (z) => (z <= -3 ? 0 : z >= 3 ? z : (z * (z + 3)) / 6),
    slope: (z) => (z <= -3 ? 0 : z >= 3 ? 1 : (2 * z + 3) / 6),
  },
  relu6: {
    value: (z) => (Number.isNaN(z) ? NaN : Math.min(Math.max(z, 0), 6)),
    slope: (z) => (Number.isNaN(z) ? NaN : z > 0 && z < 6 ? 1 : 0),
  },
  abs: { value: (z) => Math.abs(z), slope: (z) => (Number.isNaN(z) ? NaN : Math.sign(z)) },
};
