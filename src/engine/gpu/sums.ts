/** Sums that a device made, as f64 numbers: norms and distances, products, and whether a column is finite (column-norm.wgsl, column-dot.wgsl). */
import type { Matrix, Measure } from "../program/stage.ts";
import type { Sums } from "../program/sums.ts";

export interface SumReader {
  /** The measure of the first samples, from its first column on. */
  readonly read: (measure: Measure) => Float64Array;
  /** 1 for each column of a matrix all of whose entries are finite. */
  readonly finite: (of: Matrix) => Uint8Array;
}

/** @param words what `sums.into` held. */
export function sumReader(sums: Sums, words: ArrayBuffer, samples: number): SumReader {
  const integers = new Int32Array(words);
  const floats = new Float32Array(words);
  const norm = (at: number): number => {
    const bits = integers[at] as number;
    // The sign is never set: the largest entry's bits say whether all are finite.
    if (bits >= 0x7f800000) return NaN;
    const exponent = Math.max(-126, Math.min(126, (bits >>> 23) - 127));
    return Math.sqrt(floats[at + 1] as number) * 2 ** exponent;
  };
  const largest = (at: number): number => ((integers[at] as number) >= 0x7f800000 ? NaN : (floats[at] as number));
  const decode: Readonly<Record<Measure["kind"], (at: number) => number>> = {
    norm,
    largest,
    least: (at) => floats[at] as number,
    dot: (at) => (floats[at + 1] as number) * 2 ** (integers[at] as number),
  };
  return {
    read({ kind, of, column }) {
      const offset = sums.offsetOf(kind, of);
      if (offset === null) return new Float64Array(samples).fill(Infinity);
      return Float64Array.from({ length: samples }, (_, j) => decode[kind](2 * (offset + column + j)));
    },
    finite(of) {
      const offset = sums.offsetOf("norm", of) ?? 0;
      return Uint8Array.from({ length: of.columns }, (_, j) => (Number.isNaN(largest(2 * (offset + j))) ? 0 : 1));
    },
  };
}
