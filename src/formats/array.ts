/** An array of a data file: its shape and type at once, its numbers when they are asked for. */
import { FormatError } from "../network/errors.ts";
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

/** Numbers of one type, in C order, from `offset` bytes on; `end` is where they end. */
export interface RawLayout {
  readonly shape: readonly number[];
  readonly type: NumberType;
  readonly isLittleEndian: boolean;
  readonly offset: number;
  readonly end: number;
}

/** An array in bytes; the caller has checked that the bytes are there. */
export function arrayInBytes(bytes: Uint8Array, { offset, shape, type, isLittleEndian }: RawLayout): NumericArray {
  return lazyArray(shape, type, (first, count) =>
    readNumbers(bytes, offset + first * BYTES_OF[type], count, type, isLittleEndian),
  );
}

/** @throws FormatError where a file of `size` bytes ends within the array. */
export function checkEnd({ shape, offset, end }: RawLayout, size: number, source: string): void {
  if (end <= size) return;
  throw new FormatError(
    `${source}: found ${String(size - offset)} bytes of data, expected ${String(end - offset)} for the shape ${shape.join(" × ")}`,
  );
}

/** @throws FormatError where more than zeros stands behind the array. */
export function checkRest(bytes: Uint8Array, { shape, end }: RawLayout, source: string, hint = ""): void {
  if (!bytes.subarray(end).some((byte) => byte !== 0)) return;
  throw new FormatError(
    `${source}: found ${String(bytes.length - end)} bytes after the array of ${shape.join(" × ")}, expected the file to end there${hint}`,
  );
}
