/**
 * safetensors (huggingface.co/docs/safetensors): a JSON header after its length in 8 bytes, then the tensors' bytes, which cover the rest of
 * the file without a hole. As strict as the reference implementation; a tensor's numbers are decoded when they are asked for.
 */
import * as v from "valibot";
import { FormatError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import type { RawLayout } from "./array.ts";
import type { NumberType } from "./numbers.ts";
import { BYTES_OF, elementCount, readNumbers, writeNumbers } from "./numbers.ts";
import type { NamedTensor } from "./tensor.ts";

const TYPES = new Map<string, NumberType>(
  Object.entries({
    F64: "f64",
    F32: "f32",
    F16: "f16",
    BF16: "bf16",
    I64: "i64",
    I32: "i32",
    I16: "i16",
    I8: "i8",
    U64: "u64",
    U32: "u32",
    U16: "u16",
    U8: "u8",
    BOOL: "bool",
  }),
);

/** Bits a number of the types that are known but not read. */
const UNREAD = new Map<string, number>(
  Object.entries({ F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8, F6_E2M3: 6, F6_E3M2: 6, F4: 4, C64: 64 }),
);

/** The format's own limit. */
const LARGEST_HEADER = 100_000_000;

const Entry = v.object({
  dtype: v.string(),
  shape: v.array(v.number()),
  data_offsets: v.tuple([v.number(), v.number()]),
});
const Metadata = v.record(v.string(), v.string());

/** `layout` is null where the type is none that is read. */
export interface RawTensor extends NamedTensor {
  readonly layout: RawLayout | null;
}

export interface Safetensors {
  /** In the header's order. */
  readonly tensors: ReadonlyMap<string, RawTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Whether these bytes begin like a safetensors file: a header length, then "{". */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes.length > 8 && bytes[8] === 0x7b && bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0;
}

/**
 * @param bytes the file's first ones where only layouts are wanted, `size` of them in all.
 * @throws FormatError naming file and tensor. Undone by writeSafetensors.
 */
export function readSafetensors(bytes: Uint8Array, source: string, size = bytes.length): Safetensors {
  if (bytes.length < 8)
    throw new FormatError(`${source}: found ${String(bytes.length)} bytes, expected a safetensors header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8) || length > BigInt(LARGEST_HEADER)) {
    throw new FormatError(
      `${source}: found a header of ${String(length)} bytes in a file of ${String(size)}, expected it to end within`,
    );
  }
  const data = 8 + Number(length);
  const entries = parseHeader(bytes.subarray(8, data), source);
  const rawMetadata = entries.get("__metadata__") ?? null;
  entries.delete("__metadata__");
  const metadata =
    rawMetadata === null ? {} : parse(Metadata, rawMetadata, `${source}: __metadata__`, "an object of strings");
  const tensors = new Map<string, RawTensor>();
  const spans: Span[] = [];
  for (const [name, raw] of entries) {
    const where = `${source}: tensor ${printable(name)}`;
    const { dtype, shape, data_offsets } = parse(Entry, raw, where, "dtype, shape and data_offsets");
    const [begin, end] = data_offsets;
    const type = TYPES.get(dtype);
    const bits = type === undefined ? UNREAD.get(dtype) : 8 * BYTES_OF[type];
    if (bits === undefined) {
      throw new FormatError(
        `${where}: found the dtype ${printable(dtype)}, expected one of ${[...TYPES.keys(), ...UNREAD.keys()].join(" ")}`,
      );
    }
    const count = elementCount(shape, where);
    if (!(
      Number.isSafeInteger(begin) &&
      Number.isSafeInteger(end) &&
      begin >= 0 &&
      begin <= end &&
      end <= size - data
    )) {
      throw new FormatError(
        `${where}: found the offsets ${String(begin)} to ${String(end)}, expected them within the ${String(size - data)} bytes of data`,
      );
    }
    if (8 * (end - begin) !== count * bits) {
      throw new FormatError(
        `${where}: found ${String(end - begin)} bytes, expected ${String((count * bits) / 8)} for ${shape.join(" × ")} of ${dtype}`,
      );
    }
    spans.push({ name, begin, end });
    const read = (): Float64Array => {
      if (type !== undefined) return readNumbers(bytes, data + begin, count, type, true);
      throw new FormatError(`${where}: found the dtype ${dtype}, expected one of ${[...TYPES.keys()].join(" ")}`);
    };
    const layout =
      type === undefined ? null : { shape, type, isLittleEndian: true, offset: data + begin, end: data + end };
    tensors.set(name, { name, dtype, shape, read, layout });
  }
  checkCover(spans, size - data, source);
  return { tensors, metadata };
}

/** Every entry of the header, names such as "constructor" and "__proto__" too. */
function parseHeader(bytes: Uint8Array, source: string): Map<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (bytes[0] === 0x7b && typeof header === "object" && header !== null) return new Map(Object.entries(header));
  } catch (cause) {
    throw new FormatError(`${source}: found a header that is not a JSON object, expected tensors by name`, { cause });
  }
  throw new FormatError(`${source}: found a header that is not a JSON object, expected tensors by name`);
}

function parse<T>(schema: v.GenericSchema<unknown, T>, value: unknown, where: string, expected: string): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new FormatError(`${where}: found ${printable(result.issues[0].message)}, expected ${expected}`);
}

interface Span {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

/** Each byte of the data belongs to one tensor. */
function checkCover(spans: readonly Span[], length: number, source: string): void {
  const sorted = [...spans].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  let before = "the header";
  for (const { name, begin, end } of sorted) {
    if (begin < covered) {
      throw new FormatError(
        `${source}: tensor ${printable(name)}: found its bytes overlapping those of ${printable(before)}, expected each its own`,
      );
    }
    if (begin > covered) {
      throw new FormatError(
        `${source}: tensor ${printable(name)}: found it at ${String(begin)}, expected ${String(covered)}, where ${printable(before)} ends: a hole of ${String(begin - covered)} bytes belongs to no tensor`,
      );
    }
    covered = end;
    before = name;
  }
  if (covered < length) {
    throw new FormatError(
      `${source}: found ${String(length - covered)} bytes after ${printable(before)}, expected the file to end there`,
    );
  }
}

/** Undone by readSafetensors. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: ArrayLike<number> }>,
  type: "F64" | "F32" | "F16" | "BF16",
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const numberType = { F64: "f64", F32: "f32", F16: "f16", BF16: "bf16" }[type] as "f64" | "f32" | "f16" | "bf16";
  const header: Record<string, unknown> = { __metadata__: metadata };
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [name, { shape, values }] of tensors) {
    const part = writeNumbers(values, numberType);
    header[name] = { dtype: type, shape, data_offsets: [at, at + part.length] };
    parts.push(part);
    at += part.length;
  }
  const text = JSON.stringify(header);
  const head = new TextEncoder().encode(text.padEnd(8 * Math.ceil(new TextEncoder().encode(text).length / 8), " "));
  const bytes = new Uint8Array(8 + head.length + at);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(head.length), true);
  bytes.set(head, 8);
  let offset = 8 + head.length;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
