/**
 * The activations once more, by formulas that are not the engine's (network/activations.ts, shaders/lib/activations.wgsl): the runtime's
 * own exponential, hyperbolic and circular functions in place of theirs, Φ by a series and a continued fraction in place of polynomials.
 *
 * With each number comes its *size*, the sum of the magnitudes of the terms that it is added up from, 0 where no rounding enters. It is
 * within `OWN_ERROR` of its size: the runtime's functions are within 1 ulp, no formula has more than forty roundings beside its exponentials,
 * and an exponential whose argument x was rounded k times is k|x| units off, which the size contains as a factor.
 */
import type { ActivationName } from "../../network/activations.ts";
import type { Activation, UnitActivation } from "../../network/parametric.ts";

/** Relative error of a formula below, of its size: 512 units. */
export const OWN_ERROR = 2 ** -44;

/** An activation of one unit and its parameter, where it has one. */
export interface OwnActivation {
  readonly name: ActivationName;
  /** leaky-relu's slope for z ≤ 0, elu's α, softplus's β; 1 for all others. */
  readonly parameter: number;
}

/** What a bare name means. */
const USUAL: Readonly<Partial<Record<ActivationName, number>>> = { "leaky-relu": 0.01 };

/** A unit's activation as the audit reads it: here a parameter is taken out of what a layer holds. */
export function ownActivation(activation: UnitActivation): OwnActivation {
  return typeof activation === "string" ? { name: activation, parameter: USUAL[activation] ?? 1 } : activation;
}

/** Those of a layer's units: one for all of them, or one for each. */
export function unitActivations(activation: Activation): readonly UnitActivation[] {
  if (typeof activation === "string" || activation.name !== "prelu") return [activation];
  return Array.from(activation.slopes, (parameter) => ({ name: "leaky-relu", parameter }) as const);
}

/** g(z) and g′(z) with their sizes; written anew by every call. */
export interface OwnValues {
  value: number;
  slope: number;
  valueSize: number;
  slopeSize: number;
}

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;
const ROOT_TWO_PI = 2.5066282746310002;
const GELU_ROOT = 0.7978845608028654; // √(2/π)
const GELU_CUBE = 0.044715;

/** Writes g(z) and g′(z). */
export function evaluateActivation({ name, parameter }: OwnActivation, z: number, out: OwnValues): OwnValues {
  switch (name) {
    case "identity":
      return exactly(out, z, Number.isNaN(z) ? NaN : 1);
    case "relu":
      return exactly(out, Math.max(z, 0), z > 0 ? 1 : 0);
    case "abs":
      return exactly(out, Math.abs(z), Math.sign(z));
    case "relu6":
      return exactly(out, Math.min(Math.max(z, 0), 6), z > 0 && z < 6 ? 1 : 0);
    case "leaky-relu":
      if (z > 0) return exactly(out, z, 1);
      return single(out, parameter * z, parameter);
    case "elu":
      return exponentialUnit(out, z, 1, parameter);
    case "selu":
      return exponentialUnit(out, z, SELU_SCALE, SELU_SCALE * SELU_ALPHA);
    case "gelu": {
      const p = normalDistribution(z);
      const zd = z === 0 || p === 0 ? 0 : z * normalDensity(z);
      return put(out, p === 0 ? 0 : z * p, p + zd, Math.abs(z * p), p + Math.abs(zd));
    }
    case "gelu-tanh":
      return geluTanh(out, z);
    case "silu": {
      const s = 1 / (1 + Math.exp(-z));
      const c = 1 / (1 + Math.exp(z));
      return put(out, s === 0 ? 0 : z * s, s === 0 ? 0 : s + z * s * c, Math.abs(z * s), s + Math.abs(z) * s * c);
    }
    case "mish": {
      const soft = z > 40 ? z : Math.log1p(Math.exp(z));
      const t = Math.tanh(soft);
      const cosh = soft > 300 ? Infinity : Math.cosh(soft);
      const steep = t === 0 || cosh === Infinity ? 0 : z / (cosh * cosh) / (1 + Math.exp(-z));
      return put(out, t === 0 ? 0 : z * t, t + steep, Math.abs(z * t), t + Math.abs(steep));
    }
    case "softplus": {
      const x = parameter * z;
      const value = (x > 40 ? x : Math.log1p(Math.exp(x))) / parameter;
      const slope = 1 / (1 + Math.exp(-x));
      const more = parameter === 1 ? 1 : 1 + Math.abs(x) / 32;
      return put(out, value, slope, value * (x > 40 ? 1 : more), slope * (x > 0 ? 1 : more));
    }
    case "sigmoid": {
      const s = 1 / (1 + Math.exp(-z));
      return single(out, s, s / (1 + Math.exp(z)));
    }
    case "tanh": {
      const cosh = Math.cosh(z);
      return single(out, Math.tanh(z), 1 / cosh / cosh);
    }
    case "sin":
      return single(out, Math.sin(z), Math.cos(z));
    case "softsign": {
      const size = Math.abs(z);
      const q = 1 / (1 + size);
      return single(out, Math.sign(z) / (1 / size + 1), q * q);
    }
    case "hard-swish": {
      const gate = Math.max(0, Math.min(6, z + 3)) / 6;
      const value = gate === 0 ? 0 : z * gate;
      if (z <= -3 || z >= 3) return exactly(out, value, z >= 3 ? 1 : 0);
      return put(out, value, z / 3 + 0.5, Math.abs(value), Math.abs(z) / 3 + 0.5);
    }
  }
}

function put(out: OwnValues, value: number, slope: number, valueSize: number, slopeSize: number): OwnValues {
  out.value = value;
  out.slope = slope;
  out.valueSize = valueSize;
  out.slopeSize = slopeSize;
  return out;
}

/** No rounding at all. */
function exactly(out: OwnValues, value: number, slope: number): OwnValues {
  return put(out, value, slope, 0, 0);
}

/** Nothing is added up. */
function single(out: OwnValues, value: number, slope: number): OwnValues {
  return put(out, value, slope, Math.abs(value), Math.abs(slope));
}

/** scale·z for z > 0, else α(e^z − 1). */
function exponentialUnit(out: OwnValues, z: number, scale: number, alpha: number): OwnValues {
  if (z > 0) return scale === 1 ? exactly(out, z, 1) : single(out, scale * z, scale);
  return single(out, alpha * Math.expm1(z), alpha / Math.exp(-z));
}

/** z/(1 + e^(−2y)), y = √(2/π)(z + 0.044715z³): ½(1 + tanh y) written as a logistic function, and its derivative as that one's. */
function geluTanh(out: OwnValues, z: number): OwnValues {
  const y = 2 * GELU_ROOT * (z + GELU_CUBE * z * z * z);
  const gate = 1 / (1 + Math.exp(-y));
  const other = 1 / (1 + Math.exp(y));
  // From |z| = 1000 on the gate is 0 or 1 to all digits, and the derivative of y need not be finite.
  const rest = Math.abs(z) > 1000 ? 0 : gate * other;
  const steep = rest === 0 ? 0 : z * rest * 2 * GELU_ROOT * (1 + 3 * GELU_CUBE * z * z);
  const more = 1 + (Math.min(Math.abs(y), 800) * Math.max(other, rest > 0 ? 1 / 32 : 0)) / 32;
  const value = gate === 0 ? 0 : z * gate;
  return put(out, value, gate + steep, Math.abs(value) * more, (gate + Math.abs(steep)) * more);
}

/** φ(z), z²/2 in two parts of which the larger is exact. */
export function normalDensity(z: number): number {
  const x = Math.abs(z);
  if (x > 40) return 0;
  const near = Math.round(x * 16) / 16;
  return (Math.exp((-near * near) / 2) * Math.exp((-(x - near) * (x + near)) / 2)) / ROOT_TWO_PI;
}

/**
 * Φ(z): ½ ± φ(z) Σ_k |z|^(2k+1)/(2k+1)!! where |z| ≤ 1.5 or z > 0 (all terms positive; the difference is at least 0.066); in the left tail
 * φ(z)/(x + 1/(x + 2/(x + 3/…))), x = −z, by its convergents, whose recurrence adds positive terms alone. What the n-th leaves is about
 * e^(−2x√n), below 2⁻⁶⁰ for n ≥ 530/x².
 */
export function normalDistribution(z: number): number {
  const x = Math.abs(z);
  if (x > 40) return z > 0 ? 1 : 0;
  if (z > 0 && x > 9) return 1;
  if (x <= 1.5 || z > 0) {
    let term = x;
    let sum = 0;
    for (let k = 3; term > sum * 2 ** -56; k += 2) {
      sum += term;
      term *= (x * x) / k;
    }
    const half = normalDensity(z) * sum;
    return z > 0 ? 0.5 + half : 0.5 - half;
  }
  const depth = Math.ceil(530 / (x * x)) + 8;
  let above = x;
  let aboveBefore = 1;
  let below = 1;
  let belowBefore = 0;
  for (let k = 1; k <= depth; k++) {
    const nextAbove = x * above + k * aboveBefore;
    const nextBelow = x * below + k * belowBefore;
    aboveBefore = above;
    belowBefore = below;
    above = nextAbove;
    below = nextBelow;
    if (above > 2 ** 300) {
      above *= 2 ** -300;
      aboveBefore *= 2 ** -300;
      below *= 2 ** -300;
      belowBefore *= 2 ** -300;
    }
  }
  return normalDensity(z) * (below / above);
}

/** A jump of g′ at `at`. */
interface OwnKink {
  readonly at: number;
  readonly below: number;
  readonly beyond: number;
}

/** Where g′ jumps. */
function kinks({ name, parameter }: OwnActivation): readonly OwnKink[] {
  switch (name) {
    case "relu":
      return [{ at: 0, below: 0, beyond: 1 }];
    // With the parameter 1 there is no jump, or none that shows.
    case "leaky-relu":
    case "elu":
      return parameter === 1 ? [] : [{ at: 0, below: parameter, beyond: 1 }];
    case "selu":
      return [{ at: 0, below: SELU_SCALE * SELU_ALPHA, beyond: SELU_SCALE }];
    case "abs":
      return [{ at: 0, below: -1, beyond: 1 }];
    case "relu6":
      return [
        { at: 0, below: 0, beyond: 1 },
        { at: 6, below: 1, beyond: 0 },
      ];
    case "hard-swish":
      return [
        { at: -3, below: 0, beyond: -0.5 },
        { at: 3, below: 1.5, beyond: 1 },
      ];
    default:
      return [];
  }
}

/** Places of the jumps. */
export function kinkPlaces(activation: OwnActivation): readonly number[] {
  return kinks(activation).map((kink) => kink.at);
}

const AT_KINK: OwnValues = { value: 0, slope: 0, valueSize: 0, slopeSize: 0 };

/**
 * Of the slopes that a device may store at z, the one nearest to `found`: `own` = g′(z); and where z is not a kink but nearer to one than the
 * least number that may be flushed, both sides' and the convention's there. hard-swish may compare z ± 3 with 0 at the kink itself too.
 */
export function allowedSlope(activation: OwnActivation, z: number, own: number, flush: number, found: number): number {
  if (found === own) return own;
  let nearest = own;
  for (const { at, below, beyond } of kinks(activation)) {
    if (!(Math.abs(z - at) < flush) || (z === at && activation.name !== "hard-swish")) continue;
    for (const slope of [below, beyond, evaluateActivation(activation, at, AT_KINK).slope])
      if (Math.abs(slope - found) < Math.abs(nearest - found)) nearest = slope;
  }
  return nearest;
}
