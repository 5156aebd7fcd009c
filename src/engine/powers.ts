/** Exact scaling by powers of two, and the exponent of a number, from its bits: the same on every runtime. */

const view = new DataView(new ArrayBuffer(8));

/** ⌊log₂|x|⌋ of a finite nonzero x, subnormal numbers included. */
export function exponentOf(x: number): number {
  view.setFloat64(0, x);
  const biased = (view.getUint32(0) >>> 20) & 0x7ff;
  if (biased !== 0) return biased - 1023;
  return exponentOf(x * 2 ** 54) - 54;
}

/** x·2^k, exact wherever the result is a normal number; applied in parts so that no factor overflows. */
export function timesPowerOfTwo(x: number, k: number): number {
  // From 2^±2200 on every number but 0 is out of range, and 0 stays 0.
  const within = Math.max(-2200, Math.min(2200, k));
  const part = Math.trunc(within / 3);
  return x * 2 ** part * 2 ** part * 2 ** (within - 2 * part);
}
