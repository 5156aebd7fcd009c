/** Activations with their slopes in f64, two numbers at a time: the bits of src/network/activations.ts. */
export { tanhWithSlope } from "./elementary";

/** z itself, with slope 1. @param bytes a multiple of 16. */
export function identity(z: usize, value: usize, slope: usize, bytes: usize): void {
  const one = f64x2.splat(1);
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(z + at);
    v128.store(value + at, x);
    v128.store(slope + at, v128.bitselect(one, x, f64x2.eq(x, x)));
  }
}

/** relu: z, or 0 for z ≤ 0, with slope 1 or 0. NaN gives NaN. @param bytes a multiple of 16. */
export function relu(z: usize, value: usize, slope: usize, bytes: usize): void {
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(z + at);
    const isNumber = f64x2.eq(x, x);
    const above = f64x2.gt(x, zero);
    // A NaN keeps its own bits.
    v128.store(value + at, v128.bitselect(v128.and(x, above), x, isNumber));
    v128.store(slope + at, v128.bitselect(v128.and(one, above), x, isNumber));
  }
}
