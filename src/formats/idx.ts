/** IDX, the format of the MNIST files (yann.lecun.com/exdb/mnist): big-endian, any of its types. */
import { FormatError } from "../network/errors.ts";
import { arrayInBytes, checkEnd, checkRest } from "./array.ts";
import type { NumericArray, RawLayout } from "./array.ts";
import type { NumberType } from "./numbers.ts";
import { BYTES_OF, elementCount } from "./numbers.ts";

const TYPES: Readonly<Record<number, NumberType>> = { 8: "u8", 9: "i8", 11: "i16", 12: "i32", 13: "f32", 14: "f64" };

export function isIdx(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0 && TYPES[bytes[2] ?? 0] !== undefined && (bytes[3] ?? 0) > 0;
}

/** Zeros behind the array are padding. @throws FormatError */
export function readIdx(bytes: Uint8Array, source: string): NumericArray {
  const layout = idxLayout(bytes, bytes.length, source);
  checkRest(bytes, layout, source);
  return arrayInBytes(bytes, layout);
}

/** @param bytes the first ones of a file of `size`, the header among them. @throws FormatError */
export function idxLayout(bytes: Uint8Array, size: number, source: string): RawLayout {
  const type = TYPES[bytes[2] ?? 0];
  if (!isIdx(bytes) || type === undefined) {
    throw new FormatError(
      `${source}: found the first bytes ${[...bytes.subarray(0, 4)].join(" ")}, expected an IDX header 0 0 TYPE RANK`,
    );
  }
  const rank = bytes[3] as number;
  const offset = 4 + 4 * rank;
  if (bytes.length < offset) {
    throw new FormatError(
      `${source}: found ${String(size)} bytes, expected ${String(offset)} for a header of rank ${String(rank)}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const end = offset + elementCount(shape, source) * BYTES_OF[type];
  const layout = { shape, type, isLittleEndian: false, offset, end };
  checkEnd(layout, size, source);
  return layout;
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
