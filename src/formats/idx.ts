/** IDX, the format of the MNIST files (yann.lecun.com/exdb/mnist): big-endian, any of its types, plain or gzip. */
import { FormatError } from "../network/errors.ts";
import { inflate, LARGEST_UNPACKED } from "./inflate.ts";
import type { NumericArray } from "./npy.ts";
import type { NumberType } from "./numbers.ts";
import { BYTES_OF, elementCount, readNumbers } from "./numbers.ts";

const TYPES: Readonly<Record<number, NumberType>> = { 8: "u8", 9: "i8", 11: "i16", 12: "i32", 13: "f32", 14: "f64" };

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

export function isIdx(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0 && TYPES[bytes[2] ?? 0] !== undefined && (bytes[3] ?? 0) > 0;
}

/** @throws FormatError */
export async function readIdx(bytes: Uint8Array, source: string): Promise<NumericArray> {
  const plain = isGzip(bytes) ? await inflate(bytes, "gzip", LARGEST_UNPACKED, source) : bytes;
  const type = TYPES[plain[2] ?? 0];
  if (!isIdx(plain) || type === undefined) {
    throw new FormatError(
      `${source}: found the first bytes ${[...plain.subarray(0, 4)].join(" ")}, expected an IDX header 0 0 TYPE RANK`,
    );
  }
  const rank = plain[3] as number;
  const start = 4 + 4 * rank;
  if (plain.length < start) {
    throw new FormatError(
      `${source}: found ${String(plain.length)} bytes, expected ${String(start)} for a header of rank ${String(rank)}`,
    );
  }
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const count = elementCount(shape, source);
  if (plain.length - start < count * BYTES_OF[type]) {
    throw new FormatError(
      `${source}: found ${String(plain.length - start)} bytes of data, expected ${String(count * BYTES_OF[type])} for the shape ${shape.join(" × ")}`,
    );
  }
  return { shape, type, values: readNumbers(plain, start, count, type, false) };
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
