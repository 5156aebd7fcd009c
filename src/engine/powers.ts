/** Exact scaling by powers of two, and the exponent of a number, from its bits: the same on every runtime. */
import { powerOfTwo } from "../network/powers-of-two.ts";

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
/** Which of the two words holds sign and exponent: a matter of the machine's byte order. */
export const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** ⌊log₂|x|⌋ of a finite nonzero x, subnormal numbers included. */
export function exponentOf(x: number): number {
  double[0] = x;
  const biased = ((words[HIGH] as number) >>> 20) & 0x7ff;
  if (biased !== 0) return biased - 1023;
  return exponentOf(x * 2 ** 54) - 54;
}

/** x·2^k, exact wherever the result is a normal number; applied in parts where one factor would overflow, or leave a subnormal number. */
export function timesPowerOfTwo(x: number, k: number): number {
  if (k === 0) return x;
  const factor = powerOfTwo(k);
  if (factor > 0) {
    const product = x * factor;
    const size = Math.abs(product);
    if ((size >= LEAST_NORMAL && size < Infinity) || x === 0) return product;
  }
  // From 2^±2200 on every number but 0 is out of range, and 0 stays 0.
  const within = Math.max(-2200, Math.min(2200, k));
  const part = Math.trunc(within / 3);
  return x * 2 ** part * 2 ** part * 2 ** (within - 2 * part);
}

/**
 * Whether a product ≥ 0 is a normal number: then x · powerOfTwo(k) is what the functions here give of x·2^k, and a loop need not call them (a result
 * that comes from a call stands on the heap).
 */
export function isNormal(product: number): boolean {
  return product >= LEAST_NORMAL && product < Infinity;
}

/** An upper bound of x·2^k for x ≥ 0: rounded up where the product is no normal number, Infinity beyond the range. */
export function raisedPowerOfTwo(x: number, k: number): number {
  const product = timesPowerOfTwo(x, k);
  return x > 0 && product < LEAST_NORMAL ? product + Number.MIN_VALUE : product;
}

/** A lower bound of x·2^k for x ≥ 0: rounded down where the product is no normal number, the largest number beyond the range. */
export function loweredPowerOfTwo(x: number, k: number): number {
  const product = timesPowerOfTwo(x, k);
  if (product === Infinity) return x === Infinity ? Infinity : Number.MAX_VALUE;
  return x > 0 && product < LEAST_NORMAL ? Math.max(0, product - Number.MIN_VALUE) : product;
}

const LEAST_NORMAL = 2 ** -1022;
