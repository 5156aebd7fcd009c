/** 2^k from a table of its own bits: a power by ** or Math.pow costs as much as twenty products. */

/** The powers of two that are normal numbers have exponents from −LEAST to MOST. */
const LEAST = 1022;
const MOST = 1023;

/** 2^k at k + 1022, every power of two that is a normal number. */
const POWERS = Float64Array.from({ length: LEAST + MOST + 1 }, (_, i) => 2 ** (i - LEAST));

/** 2^k, −1022 ≤ k ≤ 1023; 0 beyond. */
export function powerOfTwo(k: number): number {
  // Never past the table's end: what may be undefined is a number on the heap.
  return k >= -LEAST && k <= MOST ? (POWERS[k + LEAST] as number) : 0;
}
