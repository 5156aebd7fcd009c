/** 2^k from a table of its own bits: a power by ** or Math.pow costs as much as twenty products. */

/** The exponent of the least power of two that is a normal number is −LEAST. */
const LEAST = 1022;

/** 2^k at k + 1022, every power of two that is a normal number. */
const POWERS = Float64Array.from({ length: LEAST + 1024 }, (_, i) => 2 ** (i - LEAST));

/** 2^k, −1022 ≤ k ≤ 1023; undefined beyond. */
export function powerOfTwo(k: number): number | undefined {
  return POWERS[k + LEAST];
}
