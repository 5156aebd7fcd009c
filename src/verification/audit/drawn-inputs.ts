/**
 * Random inputs and labels once more, from their addresses (seed, stream, index): Philox-4×32-10 in double-precision products, where
 * sampling/philox.ts has products of 32-bit integers, and normals by Newton's step at the number that was found, on the audit's own Φ, where
 * sampling/normal.ts has a rational approximation of its inverse.
 */
import type { InputDistribution } from "../../sampling/inputs.ts";
import { normalDensity, normalDistribution } from "./activation-formulas.ts";

/** How the inputs of a source are drawn: sample i has the draw's number first + i, and is (x − mean)/std of what is drawn. */
export interface DrawnInputs {
  readonly inputs: InputDistribution;
  readonly first: number;
  readonly mean: number;
  readonly std: number;
  /** Of random labels, by the same seed; null where labels come from elsewhere, or there are none. */
  readonly classes: number | null;
  /** What the source rounded them by, relative. */
  readonly error?: number;
}

/** A number that is not the one of its address. */
export interface InputDifference {
  /** "input 3", "the label". */
  readonly what: string;
  readonly left: number;
  readonly right: number;
}

/** Entries of one sample that are drawn again, at most: over some samples all of a wide one. */
const ENTRIES = 32;
/** Of a standard normal: Φ is within 2⁻⁴⁴ of itself (activation-formulas.ts), and Φ/φ < 1.3 in the tail that is taken. */
const NORMAL_ERROR = 2 ** -40;
const INPUT_STREAM = 1;
const LABEL_STREAM = 2;

/** What of sample `index` of the source is not as it is drawn; null where all that was looked at is. */
export function drawnDifference(
  drawn: DrawnInputs,
  index: number,
  row: Float64Array,
  label: number | null,
): InputDifference | null {
  const { inputs, first, mean, std, classes, error = 0 } = drawn;
  const number = first + index;
  const width = row.length;
  const stride = Math.max(1, Math.floor(width / ENTRIES));
  // As they were drawn, in units of the scale; and how far rounding may have moved them.
  const found = row.map((x) => (x * std + mean) / inputs.scale);
  const slack = (x: number): number =>
    (error + 2 ** -50) * Math.abs(x) + (2 ** -50 * Math.abs(mean)) / Math.abs(inputs.scale);
  const expected = expectedOf(inputs, number, found);
  for (let k = number % stride; k < width; k += stride) {
    const x = found[k] as number;
    const right = expected(k);
    if (Math.abs(x - right) <= slack(x) + NORMAL_ERROR * (1 + Math.abs(x))) continue;
    return { what: `input ${String(k)}`, left: row[k] as number, right: (right * inputs.scale - mean) / std };
  }
  if (classes === null || label === null) return null;
  const word = words(inputs.seed, LABEL_STREAM, number, 0, new Float64Array(4))[0] as number;
  const right = (word * classes - ((word * classes) % 2 ** 32)) / 2 ** 32;
  return label === right ? null : { what: "the label", left: label, right };
}

/** Entry k of what is drawn at `number`, in units of the scale. */
function expectedOf(
  { distribution, seed }: InputDistribution,
  number: number,
  found: Float64Array,
): (k: number) => number {
  // A block's words are two normals.
  let block = -1;
  const all = new Float64Array(4);
  const normal = (k: number, near: number): number => {
    const own = k >> 1;
    if (own !== block) words(seed, INPUT_STREAM, number, own, all);
    block = own;
    return normalAt(all[(2 * k) % 4] as number, all[(2 * k + 1) % 4] as number, near);
  };
  switch (distribution) {
    case "uniform":
      return (k) => {
        const word = words(seed, INPUT_STREAM, number, Math.floor(k / 4), all)[k % 4] as number;
        return (word - (word % 256)) / 2 ** 31 - 1;
      };
    case "normal":
      return (k) => normal(k, found[k] as number);
    case "sphere": {
      // All of them are one factor away from normals, which the largest gives.
      let at = 0;
      for (let k = 1; k < found.length; k++) if (Math.abs(found[k] as number) > Math.abs(found[at] as number)) at = k;
      let square = 0;
      for (const x of found) square += x * x;
      const length = Math.sqrt(square);
      const factor = normal(at, NaN) / (found[at] as number);
      return (k) => normal(k, factor * (found[k] as number)) / factor / length;
    }
  }
}

/** Φ⁻¹((k + ½)2⁻⁵²), k the upper 52 of 64 bits; `near` itself, but for one step of Newton's, where that is it. */
function normalAt(high: number, low: number, near: number): number {
  const p = (high * 2 ** 20 + Math.floor(low / 2 ** 12) + 0.5) / 2 ** 52;
  const [tail, sign] = p < 0.5 ? [p, -1] : [1 - p, 1];
  /** One step for the z ≥ 0 with Φ(−z) = tail. */
  const step = (z: number): number => (normalDistribution(-z) - tail) / normalDensity(z);
  const guess = sign * near;
  if (guess > -0.25 && guess < 12) {
    const change = step(guess);
    if (Math.abs(change) < 2 ** -20) return sign * (guess + change);
  }
  // Abramowitz and Stegun 26.2.23 is within 4.5e-4.
  const t = Math.sqrt(-2 * Math.log(tail));
  let z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (let k = 0; k < 4; k++) z += step(z);
  return sign * z;
}

const WEYL_0 = 2_654_435_769;
const WEYL_1 = 3_144_134_277;

/** The multipliers 3,528,531,795 and 3,449,720,151 by their halves. */
const HIGH_0 = 53_841;
const LOW_0 = 8_019;
const HIGH_1 = 52_638;
const LOW_1 = 36_183;

const HALF = 2 ** 16;
const WHOLE = 2 ** 32;

/** The four words of a block of an address, Philox-4×32-10: numbers below 2³². Every number on the way is below 2⁵³. */
function words(seed: number, stream: number, index: number, block: number, into: Float64Array): Float64Array {
  let c0 = block;
  let c1 = index % WHOLE;
  let c2 = Math.floor(index / WHOLE);
  let c3 = stream;
  let k0 = seed % WHOLE;
  let k1 = Math.floor(seed / WHOLE);
  for (let round = 0; round < 10; round++) {
    // A product's high word is ⌊(high·b + ⌊low·b/2¹⁶⌋)/2¹⁶⌋, and what that leaves of the product its low word.
    const carried0 = HIGH_0 * c0 + Math.floor((LOW_0 * c0) / HALF);
    const over0 = Math.floor(carried0 / HALF);
    const low0 = (carried0 - over0 * HALF) * HALF + lowHalf(LOW_0 * c0);
    const carried1 = HIGH_1 * c2 + Math.floor((LOW_1 * c2) / HALF);
    const over1 = Math.floor(carried1 / HALF);
    const low1 = (carried1 - over1 * HALF) * HALF + lowHalf(LOW_1 * c2);
    c0 = (over1 ^ c1 ^ k0) >>> 0;
    c2 = (over0 ^ c3 ^ k1) >>> 0;
    c1 = low1;
    c3 = low0;
    k0 += k0 + WEYL_0 >= WHOLE ? WEYL_0 - WHOLE : WEYL_0;
    k1 += k1 + WEYL_1 >= WHOLE ? WEYL_1 - WHOLE : WEYL_1;
  }
  into[0] = c0;
  into[1] = c1;
  into[2] = c2;
  into[3] = c3;
  return into;
}

function lowHalf(x: number): number {
  return x - Math.floor(x / HALF) * HALF;
}
