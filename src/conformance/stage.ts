/** One stored stage of a witness as a kernel call, and how a sample's vectors stand in it. */
import type { KernelCall } from "./call.ts";
import type { Deviation } from "./expected.ts";

export interface Stage {
  readonly stage: string;
  readonly call: KernelCall;
  /** What the witness says of the call's answer: a deviation from the oracle, or null. */
  readonly deviation: Deviation | null;
}

/** The sample stands in each of four columns, the least that the kernels take. */
export const COLUMNS = 4;

/** A vector in each of the columns. */
export function columns(x: Float64Array, count = COLUMNS): Float32Array<ArrayBuffer> {
  const result = new Float32Array(x.length * count);
  x.forEach((v, i) => result.fill(v, i * count, (i + 1) * count));
  return result;
}

/** Two vectors as the engine keeps the two tangents: the first in each of the columns, then the second. */
export function sideBySide(x: Float64Array, y: Float64Array): Float32Array<ArrayBuffer> {
  const result = new Float32Array(2 * COLUMNS * x.length);
  x.forEach((v, i) => {
    result.fill(v, 2 * COLUMNS * i, 2 * COLUMNS * i + COLUMNS);
    result.fill(y[i] as number, 2 * COLUMNS * i + COLUMNS, 2 * COLUMNS * (i + 1));
  });
  return result;
}
