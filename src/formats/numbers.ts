/** Number types of files → f64, and back where a type is written. Sizes are believed only after they were held against the bytes. */
import { FormatError } from "../network/errors.ts";

export const NUMBER_TYPES = [
  "f16",
  "bf16",
  "f32",
  "f64",
  "i8",
  "u8",
  "i16",
  "u16",
  "i32",
  "u32",
  "i64",
  "u64",
  "bool",
] as const;
export type NumberType = (typeof NUMBER_TYPES)[number];

export const BYTES_OF: Readonly<Record<NumberType, number>> = {
  f16: 2,
  bf16: 2,
  f32: 4,
  f64: 8,
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  u32: 4,
  i64: 8,
  u64: 8,
  bool: 1,
};

/** IEEE binary16 → number. */
export function halfToNumber(bits: number): number {
  const sign = bits >>> 15 === 1 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const scratch = new DataView(new ArrayBuffer(4));

/** Upper half of an f32 → number. */
export function bfloatToNumber(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/** Number → binary16, to nearest, ties to even. */
export function numberToHalf(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const a = Math.abs(x);
  if (Number.isNaN(x)) return 0x7e00;
  if (a >= 65520) return sign | 0x7c00;
  // Spacing of the binade, at least that of the subnormals.
  scratch.setFloat32(0, Math.fround(a));
  const exponent = Math.max(-14, a < 2 ** -14 ? -14 : Math.floor(Math.log2(a)));
  const units = roundHalfEven(a / 2 ** (exponent - 10));
  return sign | (units < 1024 ? units : units + 1024 * (exponent + 14));
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** Number → bfloat16, to nearest, ties to even, through f32. */
export function numberToBfloat(x: number): number {
  if (Number.isNaN(x)) return 0x7fc0;
  scratch.setFloat32(0, x);
  const bits = scratch.getUint32(0);
  const rounded = bits + 0x7fff + ((bits >>> 16) & 1);
  return (rounded >>> 16) & 0xffff;
}

/** `count` numbers from `offset` on; the caller has checked that the bytes are there. */
export function readNumbers(
  bytes: Uint8Array,
  offset: number,
  count: number,
  type: NumberType,
  littleEndian: boolean,
): Float64Array {
  const size = BYTES_OF[type];
  const Native = NATIVE[type as keyof typeof NATIVE] as (typeof NATIVE)[keyof typeof NATIVE] | undefined;
  if (Native !== undefined && littleEndian === HOST_IS_LITTLE_ENDIAN) {
    // Ten times as fast as a DataView; a typed array must begin at a multiple of its element.
    const start = bytes.byteOffset + offset;
    const isAligned = start % size === 0;
    const aligned = isAligned ? (bytes.buffer as ArrayBuffer) : bytes.slice(offset, offset + count * size).buffer;
    return new Float64Array(new Native(aligned, isAligned ? start : 0, count));
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const result = new Float64Array(count);
  for (let i = 0; i < count; i++) result[i] = readOne(view, offset + i * size, type, littleEndian);
  return result;
}

const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The types that the host has itself. */
const NATIVE = {
  f32: Float32Array,
  f64: Float64Array,
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
} as const satisfies Partial<Record<NumberType, unknown>>;

function readOne(view: DataView, at: number, type: NumberType, le: boolean): number {
  switch (type) {
    case "f16":
      return halfToNumber(view.getUint16(at, le));
    case "bf16":
      return bfloatToNumber(view.getUint16(at, le));
    case "f32":
      return view.getFloat32(at, le);
    case "f64":
      return view.getFloat64(at, le);
    case "i8":
      return view.getInt8(at);
    case "u8":
    case "bool":
      return view.getUint8(at);
    case "i16":
      return view.getInt16(at, le);
    case "u16":
      return view.getUint16(at, le);
    case "i32":
      return view.getInt32(at, le);
    case "u32":
      return view.getUint32(at, le);
    case "i64":
      return Number(view.getBigInt64(at, le));
    case "u64":
      return Number(view.getBigUint64(at, le));
  }
}

/** Little-endian bytes of these numbers, rounded to the type. */
export function writeNumbers(
  values: ArrayLike<number>,
  type: "f16" | "bf16" | "f32" | "f64" | "u8" | "i32",
): Uint8Array {
  const size = BYTES_OF[type];
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as number;
    const at = i * size;
    if (type === "f64") view.setFloat64(at, v, true);
    else if (type === "f32") view.setFloat32(at, v, true);
    else if (type === "f16") view.setUint16(at, numberToHalf(v), true);
    else if (type === "bf16") view.setUint16(at, numberToBfloat(v), true);
    else if (type === "i32") view.setInt32(at, v, true);
    else view.setUint8(at, v);
  }
  return bytes;
}

/** Product of a shape's dimensions. @throws FormatError where a dimension is no count or the product is beyond 2⁵³. */
export function elementCount(shape: readonly number[], where: string): number {
  let count = 1;
  for (const n of shape) {
    if (!Number.isSafeInteger(n) || n < 0)
      throw new FormatError(`${where}: found the dimension ${String(n)}, expected a whole number ≥ 0`);
    count *= n;
  }
  if (!Number.isSafeInteger(count)) {
    throw new FormatError(`${where}: found the shape ${shape.join(" × ")}, which holds more numbers than any file can`);
  }
  return count;
}
