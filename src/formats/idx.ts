/** IDX, the format of the MNIST files (yann.lecun.com/exdb/mnist): big-endian, any of its types. */
import { FormatError } from "../network/errors.ts";
import { arrayInBytes } from "./array.ts";
import type { NumericArray } from "./array.ts";
import type { NumberType } from "./numbers.ts";
import { BYTES_OF, elementCount } from "./numbers.ts";

const TYPES: Readonly<Record<number, NumberType>> = { 8: "u8", 9: "i8", 11: "i16", 12: "i32", 13: "f32", 14: "f64" };

export function isIdx(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0 && TYPES[bytes[2] ?? 0] !== undefined && (bytes[3] ?? 0) > 0;
}

/** Zeros behind the array are padding. @throws FormatError */
export function readIdx(bytes: Uint8Array, source: string): NumericArray {
  const type = TYPES[bytes[2] ?? 0];
  if (!isIdx(bytes) || type === undefined) {
    throw new FormatError(
      `${source}: found the first bytes ${[...bytes.subarray(0, 4)].join(" ")}, expected an IDX header 0 0 TYPE RANK`,
    );
  }
  const rank = bytes[3] as number;
  const start = 4 + 4 * rank;
  if (bytes.length < start) {
    throw new FormatError(
      `${source}: found ${String(bytes.length)} bytes, expected ${String(start)} for a header of rank ${String(rank)}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const end = start + elementCount(shape, source) * BYTES_OF[type];
  if (bytes.length < end) {
    throw new FormatError(
      `${source}: found ${String(bytes.length - start)} bytes of data, expected ${String(end - start)} for the shape ${shape.join(" × ")}`,
    );
  }
  if (bytes.subarray(end).some((byte) => byte !== 0)) {
    throw new FormatError(
      `${source}: found ${String(bytes.length - end)} bytes after the array of ${shape.join(" × ")}, expected the file to end there`,
    );
  }
  return arrayInBytes(bytes, start, shape, type, false);
}

/** An IDX file of bytes. Undone by readIdx. */
export function writeIdx(shape: readonly number[], values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, 8, shape.length]);
  shape.forEach((n, i) => {
    view.setUint32(4 + 4 * i, n);
  });
  bytes.set(Array.from(values), 4 + 4 * shape.length);
  return bytes;
}
