/** The audit's own scaling by powers of two, and its arithmetic: nothing here is the engine's. */
import type { Arithmetic } from "../../engine/engine.ts";

/** IEEE double precision, round to nearest: what the audit computes in. */
export const HOST: Arithmetic = { unitRoundoff: 2 ** -53, flush: 2 ** -1022, largest: Number.MAX_VALUE };

/** ⌊log₂|x|⌋ of a finite nonzero x: the logarithm's own guess, put right by comparison, which is exact. */
export function exponentOf(x: number): number {
  const size = Math.abs(x);
  if (size < 2 ** -1000) return exponentOf(size * 2 ** 200) - 200;
  let guess = Math.min(Math.floor(Math.log2(size)), 1023);
  while (2 ** guess > size) guess--;
  while (guess < 1023 && 2 ** (guess + 1) <= size) guess++;
  return guess;
}

/** x·2^k: one rounding where the result is subnormal, none elsewhere. */
export function timesPowerOfTwo(x: number, k: number): number {
  if (k >= -1000 && k <= 1000) {
    const product = x * 2 ** k;
    if (Math.abs(product) >= 2 ** -1021 || x === 0) return product;
  }
  // In thirds, so that only the last of them may leave the normal numbers; from 2^±2200 on nothing is left of any number.
  const whole = Math.max(-2200, Math.min(2200, k));
  const third = Math.trunc(whole / 3);
  return x * 2 ** third * 2 ** third * 2 ** (whole - 2 * third);
}

/** x·2^k for x ≥ 0, one of the smallest numbers more where it is subnormal: an upper bound. */
export function raisedPowerOfTwo(x: number, k: number): number {
  const product = timesPowerOfTwo(x, k);
  return x > 0 && product < HOST.flush ? product + Number.MIN_VALUE : product;
}

/** x·2^k for x ≥ 0, one of the smallest numbers less where it is subnormal, and finite where x is: a lower bound. */
export function loweredPowerOfTwo(x: number, k: number): number {
  const product = timesPowerOfTwo(x, k);
  if (product === Infinity) return x === Infinity ? Infinity : Number.MAX_VALUE;
  return x > 0 && product < HOST.flush ? Math.max(0, product - Number.MIN_VALUE) : product;
}
