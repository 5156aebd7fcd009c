/**
 * Numbers ≥ 0 of which an interval is known. A formula of MATH.md §1 is evaluated on the intervals of the norms in it, and what a row
 * reports must lie in the result: each norm's error reaches the number exactly as far as the formula carries it.
 *
 * Each operation is widened by 2⁻⁵⁰ of its result, which covers its own rounding, 2⁻⁵³, and that of up to three operations by which the row
 * was made in its place; and by 2⁻¹⁰⁷⁰, as many roundings at the lower end of f64. A factor that is exactly 0 stays so.
 */
import type { Interval } from "../../engine/interval.ts";
import { timesPowerOfTwo } from "./scaling.ts";

const WIDER = 2 ** -50;
const LEAST = 2 ** -1070;
/** What is above it has left the range of f64: a row has no number there. */
const LARGEST = Number.MAX_VALUE;

export const ZERO: Interval = { lower: 0, upper: 0 };
export const ONE: Interval = { lower: 1, upper: 1 };

/** A number that was copied. Infinity or NaN: above every number. */
export function exactly(value: number): Interval {
  return Number.isFinite(value) ? { lower: value, upper: value } : { lower: LARGEST, upper: Infinity };
}

/** A number with a relative and an absolute error; 0 has none. */
export function around(value: number, relative: number, absolute = 0): Interval {
  if (!(value > 0)) return exactly(value);
  return widened(value * (1 - relative) - absolute, value * (1 + relative) + absolute);
}

function widened(lower: number, upper: number): Interval {
  return {
    lower: Math.min(Math.max(0, lower * (1 - WIDER) - LEAST), LARGEST),
    upper: upper * (1 + WIDER) + LEAST,
  };
}

export function times(a: Interval, b: Interval): Interval {
  return a.upper === 0 || b.upper === 0 ? ZERO : widened(a.lower * b.lower, a.upper * b.upper);
}

/** a/b; 0 where a is 0, whatever b is: the terms of a dead factor count as 0 (MATH.md §1). */
export function over(a: Interval, b: Interval): Interval {
  if (a.upper === 0) return ZERO;
  if (b.upper === 0) return exactly(Infinity);
  const lower = b.upper === Infinity ? 0 : a.lower / b.upper;
  return widened(lower, b.lower > 0 && a.upper < Infinity ? a.upper / b.lower : Infinity);
}

export function plus(a: Interval, b: Interval): Interval {
  if (a.upper === 0) return b;
  return b.upper === 0 ? a : widened(a.lower + b.lower, a.upper + b.upper);
}

/** max(0, a − b). */
export function less(a: Interval, b: Interval): Interval {
  const upper = a.upper - b.lower;
  return upper <= 0 ? ZERO : widened(b.upper === Infinity ? 0 : a.lower - b.upper, upper);
}

export function square(a: Interval): Interval {
  return times(a, a);
}

export function root(a: Interval): Interval {
  return a.upper === 0 ? ZERO : widened(Math.sqrt(a.lower), Math.sqrt(a.upper));
}

/** a·2^k. */
export function shifted(a: Interval, k: number): Interval {
  return a.upper === 0 ? ZERO : widened(timesPowerOfTwo(a.lower, k), timesPowerOfTwo(a.upper, k));
}

export function larger(a: Interval, b: Interval): Interval {
  return { lower: Math.max(a.lower, b.lower), upper: Math.max(a.upper, b.upper) };
}

/** The smallest interval that holds both: one number by two formulas, of which either may lose digits at the lower end of f64. */
export function hull(a: Interval, b: Interval): Interval {
  return { lower: Math.min(a.lower, b.lower), upper: Math.max(a.upper, b.upper) };
}
