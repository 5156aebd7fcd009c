/** Exact scaling by powers of two, and the exponent of a number, from its bits: the same on every runtime. */

const view = new DataView(new ArrayBuffer(8));

/** ⌊log₂|x|⌋ of a finite nonzero x, subnormal numbers included. */
export function exponentOf(x: number): number {
  view.setFloat64(0, x);
  const biased = (view.getUint32(0) >>> 20) & 0x7ff;
  if (biased !== 0) return biased - 1023;
  return exponentOf(x * 2 ** 54) - 54;
}

/** x·2^k for |k| ≤ 2000, exact wherever the result is a normal number; applied in parts so that no factor overflows. */
export function timesPowerOfTwo(x: number, k: number): number {
  const half = Math.trunc(k / 2);
  return x * 2 ** half * 2 ** (k - half);
}
