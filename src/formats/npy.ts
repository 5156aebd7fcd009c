/** NumPy's .npy, versions 1 to 3 (numpy.lib.format): any rank, C and Fortran order, both endians. */
import { FormatError } from "../network/errors.ts";
import type { NumberType } from "./numbers.ts";
import { BYTES_OF, elementCount, readNumbers, writeNumbers } from "./numbers.ts";

export interface NumericArray {
  readonly shape: readonly number[];
  /** In C order. */
  readonly values: Float64Array;
  readonly type: NumberType;
}

const TYPES: Readonly<Record<string, NumberType>> = {
  f2: "f16",
  f4: "f32",
  f8: "f64",
  i1: "i8",
  u1: "u8",
  i2: "i16",
  u2: "u16",
  i4: "i32",
  u4: "u32",
  i8: "i64",
  u8: "u64",
  b1: "bool",
};

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((v, i) => bytes[i] === v);
}

/** @throws FormatError naming the file, what was found and what was expected. Undone by writeNpy. */
export function readNpy(bytes: Uint8Array, source: string): NumericArray {
  if (!isNpy(bytes)) throw new FormatError(`${source}: found no NumPy magic, expected a .npy file`);
  if (bytes.length < 12) throw new FormatError(`${source}: found ${String(bytes.length)} bytes, expected a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6] as number;
  if (version < 1 || version > 3)
    throw new FormatError(`${source}: found .npy version ${String(version)}, expected 1, 2 or 3`);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > bytes.length) {
    throw new FormatError(
      `${source}: found a header of ${String(length)} bytes in a file of ${String(bytes.length)}, expected it to end within`,
    );
  }
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const descr = /'descr'\s*:\s*'([<>|=]?)([a-z]\d+)'/.exec(header);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header);
  const dims = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(header);
  if (descr === null || order === null || dims === null) {
    throw new FormatError(
      `${source}: found the header "${header.trim().slice(0, 60)}", expected descr, fortran_order and shape of a plain number type`,
    );
  }
  const type = TYPES[descr[2] ?? ""];
  if (type === undefined) {
    throw new FormatError(
      `${source}: found the type ${descr[2] ?? ""}, expected one of ${Object.keys(TYPES).join(" ")}`,
    );
  }
  const shape = (dims[1] ?? "")
    .split(",")
    .map((s) => s.trim())
    .filter((s) => s !== "")
    .map(Number);
  const count = elementCount(shape, source);
  const needed = count * BYTES_OF[type];
  const data = start + length;
  if (needed > bytes.length - data) {
    throw new FormatError(
      `${source}: found ${String(bytes.length - data)} bytes of data, expected ${String(needed)} for the shape ${shape.join(" × ")}`,
    );
  }
  const values = readNumbers(bytes, data, count, type, descr[1] !== ">");
  return { shape, type, values: order[1] === "True" ? fromFortran(values, shape) : values };
}

/** C order from Fortran order. */
function fromFortran(values: Float64Array, shape: readonly number[]): Float64Array {
  const strides: number[] = [];
  let stride = 1;
  for (const n of shape) {
    strides.push(stride);
    stride *= n;
  }
  const index = shape.map(() => 0);
  return values.map(() => {
    let at = 0;
    index.forEach((v, axis) => (at += v * (strides[axis] as number)));
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      index[axis] = 0;
    }
    return values[at] as number;
  });
}

/** Undone by readNpy. */
export function writeNpy(
  shape: readonly number[],
  values: ArrayLike<number>,
  type: "f32" | "f64" | "u8" | "i32",
): Uint8Array {
  const descr = { f32: "<f4", f64: "<f8", u8: "|u1", i32: "<i4" }[type];
  const dims = shape.length === 1 ? `${String(shape[0])},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dims}), }`;
  const padded = text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11, " ") + "\n";
  const data = writeNumbers(values, type);
  const bytes = new Uint8Array(10 + padded.length + data.length);
  bytes.set([...MAGIC, 1, 0, padded.length & 255, padded.length >>> 8]);
  bytes.set(new TextEncoder().encode(padded), 10);
  bytes.set(data, 10 + padded.length);
  return bytes;
}
