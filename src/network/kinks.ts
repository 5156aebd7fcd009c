/**
 * Where an activation's slope jumps, and where it is exactly zero (activations.ts has the convention at each kink).
 *
 * WGSL may take a subnormal operand of a comparison for 0 and keep it in memory (MATH.md §5): beside a kink at 0 a device may take
 * either side for a z below the least normal number. At a kink itself no flush changes z, and the convention is asked for, but of
 * hard-swish: z ± 3 may be compared with 0 in place of z with ∓3.
 */
import type { ActivationName } from "./activations.ts";
import type { Activation, UnitActivation } from "./parametric.ts";
import { formulaOf, functionsOf, isPrelu } from "./parametric.ts";

/** A jump of g′ at z = `at`, from `below` to `beyond`. */
export interface Kink {
  readonly at: number;
  readonly below: number;
  readonly beyond: number;
}

const SELU_SCALE = 1.0507009873554805;
const SELU_STEEP = 1.0507009873554805 * 1.6732632423543772;

/** Activations that are not here have a continuous slope, but for leaky-relu and elu, whose kink the parameter makes. */
const KINKS: Readonly<Partial<Record<ActivationName, readonly Kink[]>>> = {
  relu: [{ at: 0, below: 0, beyond: 1 }],
  selu: [{ at: 0, below: SELU_STEEP, beyond: SELU_SCALE }],
  relu6: [
    { at: 0, below: 0, beyond: 1 },
    { at: 6, below: 1, beyond: 0 },
  ],
  abs: [{ at: 0, below: -1, beyond: 1 }],
  "hard-swish": [
    { at: -3, below: 0, beyond: -0.5 },
    { at: 3, below: 1.5, beyond: 1 },
  ],
};

/** A PReLU's is at 0 for all its units, unless every slope is 1; what a unit's slope jumps from is the unit's own (`atUnit`). */
export function kinksOf(activation: Activation): readonly Kink[] {
  if (isPrelu(activation)) {
    const below = activation.slopes.find((a) => a !== 1);
    return below === undefined ? [] : [{ at: 0, below, beyond: 1 }];
  }
  const { name, parameter } = formulaOf(activation);
  if (name !== "leaky-relu" && name !== "elu") return KINKS[name] ?? [];
  return parameter === 1 ? [] : [{ at: 0, below: parameter, beyond: 1 }];
}

/** The least |z − k| over the entries of z and the kinks k; Infinity where there is none. */
export function leastKinkDistance(activation: Activation, z: ArrayLike<number>): number {
  let least = Infinity;
  for (const { at } of kinksOf(activation)) {
    for (let i = 0; i < z.length; i++) least = Math.min(least, Math.abs((z[i] as number) - at));
  }
  return least;
}

/** Every slope that a device may store at z: g′(z), both sides' within `flush` of a kink, and the convention's where z flushes to 0. */
export function slopesAt(activation: UnitActivation, z: number, flush: number): readonly number[] {
  const { slope } = functionsOf(activation);
  const own = slope(z);
  for (const { at, below, beyond } of kinksOf(activation)) {
    if (z === at && activation !== "hard-swish") return [own];
    if (Math.abs(z - at) < flush) return [own, below, beyond, slope(at)];
  }
  return [own];
}

/** Activations of a kink whose slope is nowhere 0 on purpose: it runs out of the format far below the kink. */
function runsOut(activation: UnitActivation): boolean {
  const { name, parameter } = formulaOf(activation);
  return name === "selu" || (name === "elu" && parameter !== 0);
}

/**
 * Whether a stored slope of 0 at z is g′(z) = 0 by definition, and not a number too small for the format: on a constant side of a kink,
 * at a kink whose convention is 0, at hard-swish's −3/2.
 */
export function slopeIsZero(activation: UnitActivation, z: number, flush: number): boolean {
  return !runsOut(activation) && kinksOf(activation).length > 0 && slopesAt(activation, z, flush).includes(0);
}
