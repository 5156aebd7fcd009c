/** Sums that a device made, as f64 numbers: norms and distances, and products (column-norm.wgsl, column-dot.wgsl; packed by pack.wgsl). */
import type { Packed } from "../program/packed.ts";
import type { Measure } from "../program/stage.ts";
import type { Sums } from "../program/sums.ts";

export interface SumReader {
  /** The measure of the first samples, from its first column on. */
  readonly read: (measure: Measure) => Float64Array;
}

export interface PackedReader extends SumReader {
  /** 1 for each of the first samples of which all is finite. */
  readonly finite: () => Uint8Array<ArrayBuffer>;
}

/** @param words what `sums.into` held. */
export function sumReader(sums: Sums, words: ArrayBuffer, samples: number): SumReader {
  const integers = new Int32Array(words);
  const floats = new Float32Array(words);
  const norm = (at: number): number => {
    const bits = integers[at] as number;
    if (bits >= NOT_FINITE) return NaN;
    const exponent = Math.max(-126, Math.min(126, (bits >>> 23) - 127));
    return Math.sqrt(floats[at + 1] as number) * 2 ** exponent;
  };
  const largest = (at: number): number => ((integers[at] as number) >= NOT_FINITE ? NaN : (floats[at] as number));
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
      const own = decode[kind];
      return filled(samples, (j) => own(2 * (offset + column + j)));
    },
  };
}

/** @param words what `packed.into` held. */
export function packedReader(packed: Packed, words: ArrayBuffer, samples: number): PackedReader {
  const { columns } = packed.into;
  const integers = new Int32Array(words);
  const floats = new Float32Array(words);
  const halves = new Int16Array(words);
  return {
    read(measure) {
      const place = packed.placeOf(measure);
      if (place === null) return new Float64Array(samples).fill(Infinity);
      const { row, exponent } = place;
      const from = row * columns;
      // Where it has no exponent it is a number as it stands, and of the largest NaN where it is not finite.
      if (exponent === null) {
        const isLargest = measure.kind === "largest";
        return filled(samples, (j) =>
          isLargest && (integers[from + j] as number) >= NOT_FINITE ? NaN : (floats[from + j] as number),
        );
      }
      const first = 2 * (packed.exponents + (exponent >>> 1)) * columns + (exponent & 1);
      if (measure.kind === "dot")
        return filled(samples, (j) => (floats[from + j] as number) * 2 ** (halves[first + 2 * j] as number));
      return filled(samples, (j) => {
        const e = halves[first + 2 * j] as number;
        return e === NO_EXPONENT ? NaN : Math.sqrt(floats[from + j] as number) * 2 ** e;
      });
    },
    finite() {
      const result = new Uint8Array(samples);
      for (let j = 0; j < samples; j++) result[j] = (integers[j] as number) >= NOT_FINITE ? 0 : 1;
      return result;
    },
  };
}

function filled(samples: number, number: (j: number) => number): Float64Array {
  const result = new Float64Array(samples);
  for (let j = 0; j < samples; j++) result[j] = number(j);
  return result;
}

/** Bits of infinity; NaN's are above. The sign is never set. */
const NOT_FINITE = 0x7f800000;

/** The packed exponent of a norm that is not finite. */
const NO_EXPONENT = 128;
