/** An array of a data file: its shape and type at once, its numbers when they are asked for. */
import type { NumberType } from "./numbers.ts";
import { BYTES_OF, readNumbers } from "./numbers.ts";

export interface NumericArray {
  readonly shape: readonly number[];
  readonly type: NumberType;
  /** `count` numbers from `first` on, in C order. */
  readonly decode: (first: number, count: number) => Float64Array;
  /** All of them, decoded at each call. */
  readonly values: Float64Array;
}

/** An array from its numbers, each piece decoded alone. */
export function lazyArray(shape: readonly number[], type: NumberType, decode: NumericArray["decode"]): NumericArray {
  return {
    shape,
    type,
    decode,
    get values() {
      return decode(
        0,
        shape.reduce((product, n) => product * n, 1),
      );
    },
  };
}

/** An array whose numbers are known. */
export function heldArray(shape: readonly number[], type: NumberType, values: Float64Array): NumericArray {
  return { shape, type, values, decode: (first, count) => values.slice(first, first + count) };
}

/** An array in bytes, from `offset` on in C order; the caller has checked that the bytes are there. */
export function arrayInBytes(
  bytes: Uint8Array,
  offset: number,
  shape: readonly number[],
  type: NumberType,
  littleEndian: boolean,
): NumericArray {
  return lazyArray(shape, type, (first, count) =>
    readNumbers(bytes, offset + first * BYTES_OF[type], count, type, littleEndian),
  );
}
