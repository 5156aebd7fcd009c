/** NumPy's .npy, versions 1 to 3 (numpy.lib.format): any rank, C and Fortran order, both endians, headers as Python 2 wrote them too. */
import { FormatError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import { arrayInBytes, checkEnd, checkRest, heldArray } from "./array.ts";
import type { NumericArray, RawLayout } from "./array.ts";
import type { Budget } from "./budget.ts";
import type { NumberType } from "./numbers.ts";
import { BYTES_OF, elementCount, readNumbers, writeNumbers } from "./numbers.ts";

const TYPES = new Map<string, NumberType>(
  Object.entries({
    ...{ f2: "f16", f4: "f32", f8: "f64", b1: "bool" },
    ...{ i1: "i8", u1: "u8", i2: "i16", u2: "u16", i4: "i32", u4: "u32", i8: "i64", u8: "u64" },
  }),
);

/** What the other letters of a type stand for (numpy.dtype.kind). */
const OTHER_KINDS = new Map([
  ["O", "Python objects, pickled"],
  ["S", "byte strings"],
  ["a", "byte strings"],
  ["U", "strings"],
  ["V", "raw records"],
  ["c", "complex numbers"],
  ["M", "dates"],
  ["m", "time spans"],
]);

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((v, i) => bytes[i] === v);
}

/** @throws FormatError naming the file, what was found and what was expected; BudgetError. Undone by writeNpy. */
export function readNpy(bytes: Uint8Array, source: string, budget?: Budget): NumericArray {
  const layout = npyLayout(bytes, bytes.length, source);
  checkRest(bytes, layout, source, ": a file of one array (several are an .npz)");
  const { shape, type, isLittleEndian, isFortran, offset } = layout;
  if (!isFortran) return arrayInBytes(bytes, layout);
  const count = elementCount(shape, source);
  // The numbers in both orders.
  budget?.claim(16 * count, source);
  return heldArray(shape, type, fromFortran(readNumbers(bytes, offset, count, type, isLittleEndian), shape));
}

/** @param head the first bytes of a file of `size`, the header among them. @throws FormatError */
export function npyLayout(
  bytes: Uint8Array,
  size: number,
  source: string,
): RawLayout & { readonly isFortran: boolean } {
  if (!isNpy(bytes)) throw new FormatError(`${source}: found no NumPy magic, expected a .npy file`);
  if (bytes.length < 12) throw new FormatError(`${source}: found ${String(bytes.length)} bytes, expected a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6] as number;
  if (version < 1 || version > 3)
    throw new FormatError(`${source}: found .npy version ${String(version)}, expected 1, 2 or 3`);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const offset = start + length;
  if (offset > bytes.length) {
    throw new FormatError(
      `${source}: found a header of ${String(length)} bytes in a file of ${String(size)}, expected it to end within`,
    );
  }
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(bytes.subarray(start, offset));
  const { type, isLittleEndian, isFortran, shape } = parseHeader(text, source);
  const layout = {
    ...{ shape, type, isLittleEndian, offset },
    // Along one axis both orders are the same.
    isFortran: isFortran && shape.filter((n) => n > 1).length > 1,
    end: offset + elementCount(shape, source) * BYTES_OF[type],
  };
  checkEnd(layout, size, source);
  return layout;
}

interface Header {
  readonly type: NumberType;
  readonly isLittleEndian: boolean;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
}

/** The header is a Python dictionary of three keys, in any order. Python 2 wrote a count as 10L. */
function parseHeader(text: string, source: string): Header {
  const value = (key: string, pattern: string): string | undefined =>
    new RegExp(`^\\s*\\{(?:.*,)?\\s*(['"])${key}\\1\\s*:\\s*(${pattern})\\s*(?:,.*)?\\}\\s*$`, "s").exec(text)?.[2];
  const shown = printable(text.trim());
  const descr = value("descr", `'[^']*'|"[^"]*"|\\[.*\\]`);
  const order = value("fortran_order", "True|False");
  const dims = value("shape", "\\([^()]*(?:\\([^()]*\\)[^()]*)*\\)");
  if (descr === undefined || order === undefined || dims === undefined) {
    throw new FormatError(
      `${source}: found the header "${shown}", expected descr, fortran_order and shape of a plain number type`,
    );
  }
  if (descr.startsWith("[")) {
    throw new FormatError(
      `${source}: found a structured type ${printable(descr)}, expected rows of one number type, as numpy.lib.recfunctions.structured_to_unstructured gives them`,
    );
  }
  const [, endian, name = ""] = /^([<>|=]?)(.*)$/s.exec(descr.slice(1, -1)) ?? [];
  const type = TYPES.get(name);
  if (type === undefined) {
    const kind = OTHER_KINDS.get(name.charAt(0));
    throw new FormatError(
      `${source}: found the type ${printable(name)}${kind === undefined ? "" : ` (${kind})`}, expected one of ${[...TYPES.keys()].join(" ")}`,
    );
  }
  const inner = dims.slice(1, -1).trim();
  const one = "(?:0|[1-9]\\d*)L?";
  if (!new RegExp(`^(?:|${one}\\s*,|${one}(?:\\s*,\\s*${one})+\\s*,?)$`).test(inner)) {
    throw new FormatError(`${source}: found the shape ${printable(dims)}, expected counts, as in (10, 4)`);
  }
  const shape = inner.split(",").flatMap((s) => (s.trim() === "" ? [] : [Number.parseInt(s, 10)]));
  return { type, isLittleEndian: endian !== ">", isFortran: order === "True", shape };
}

/** C order from Fortran order. */
function fromFortran(values: Float64Array, shape: readonly number[]): Float64Array {
  const rank = shape.length;
  // The step in Fortran order along each axis, and back over the whole of it.
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, n) => product * n, 1));
  const index = new Int32Array(rank);
  const result = new Float64Array(values.length);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = values[from] as number;
    for (let axis = rank - 1; axis >= 0; axis--) {
      const length = shape[axis] as number;
      const next = (index[axis] as number) + 1;
      from += strides[axis] as number;
      if (next < length) {
        index[axis] = next;
        break;
      }
      from -= length * (strides[axis] as number);
      index[axis] = 0;
    }
  }
  return result;
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
