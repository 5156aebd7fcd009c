/** safetensors (huggingface.co/docs/safetensors): a JSON header after its length in 8 bytes, then the tensors' bytes. */
import * as v from "valibot";
import { FormatError } from "../network/errors.ts";
import type { NumericArray } from "./npy.ts";
import type { NumberType } from "./numbers.ts";
import { BYTES_OF, elementCount, readNumbers, writeNumbers } from "./numbers.ts";

const TYPES: Readonly<Record<string, NumberType>> = {
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
};

/** The format's own limit. */
const LARGEST_HEADER = 100_000_000;

const Entry = v.object({
  dtype: v.string(),
  shape: v.array(v.number()),
  data_offsets: v.tuple([v.number(), v.number()]),
});
const Metadata = v.record(v.string(), v.string());

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, NumericArray>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Whether these bytes begin like a safetensors file: a header length, then "{". */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes.length > 8 && bytes[8] === 0x7b && bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0;
}

/** @throws FormatError naming file and tensor. Undone by writeSafetensors. */
export function readSafetensors(bytes: Uint8Array, source: string): Safetensors {
  if (bytes.length < 8)
    throw new FormatError(`${source}: found ${String(bytes.length)} bytes, expected a safetensors header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8) || length > BigInt(LARGEST_HEADER)) {
    throw new FormatError(
      `${source}: found a header of ${String(length)} bytes in a file of ${String(bytes.length)}, expected it to end within`,
    );
  }
  const data = 8 + Number(length);
  const header = parseHeader(bytes.subarray(8, data), source);
  const { __metadata__: rawMetadata, ...entries } = header;
  const metadata =
    rawMetadata === undefined ? {} : parse(Metadata, rawMetadata, `${source}: __metadata__`, "an object of strings");
  const tensors = new Map<string, NumericArray>();
  const spans: { name: string; begin: number; end: number }[] = [];
  for (const [name, raw] of Object.entries(entries)) {
    const where = `${source}: tensor ${name}`;
    const entry = parse(Entry, raw, where, "dtype, shape and data_offsets");
    const type = TYPES[entry.dtype];
    if (type === undefined)
      throw new FormatError(
        `${where}: found the dtype ${entry.dtype}, expected one of ${Object.keys(TYPES).join(" ")}`,
      );
    const [begin, end] = entry.data_offsets;
    const count = elementCount(entry.shape, where);
    if (!(
      Number.isSafeInteger(begin) &&
      Number.isSafeInteger(end) &&
      begin >= 0 &&
      begin <= end &&
      end <= bytes.length - data
    )) {
      throw new FormatError(
        `${where}: found the offsets ${String(begin)} to ${String(end)}, expected them within the ${String(bytes.length - data)} bytes of data`,
      );
    }
    if (end - begin !== count * BYTES_OF[type]) {
      throw new FormatError(
        `${where}: found ${String(end - begin)} bytes, expected ${String(count * BYTES_OF[type])} for ${entry.shape.join(" × ")} of ${entry.dtype}`,
      );
    }
    spans.push({ name, begin, end });
    tensors.set(name, { shape: entry.shape, type, values: new Float64Array(0) });
  }
  refuseOverlaps(spans, source);
  for (const { name, begin } of spans) {
    const { shape, type } = tensors.get(name) as NumericArray;
    tensors.set(name, {
      shape,
      type,
      values: readNumbers(bytes, data + begin, elementCount(shape, source), type, true),
    });
  }
  return { tensors, metadata };
}

function parseHeader(bytes: Uint8Array, source: string): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return v.parse(v.record(v.string(), v.unknown()), header);
  } catch (cause) {
    throw new FormatError(`${source}: found a header that is not a JSON object, expected tensors by name`, { cause });
  }
}

function parse<T>(schema: v.GenericSchema<unknown, T>, value: unknown, where: string, expected: string): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new FormatError(`${where}: found ${result.issues[0].message.replace(/\s+/g, " ")}, expected ${expected}`);
}

function refuseOverlaps(spans: { name: string; begin: number; end: number }[], source: string): void {
  const sorted = [...spans].filter((s) => s.end > s.begin).sort((a, b) => a.begin - b.begin);
  sorted.forEach((span, i) => {
    const before = sorted[i - 1];
    if (before !== undefined && span.begin < before.end) {
      throw new FormatError(
        `${source}: tensor ${span.name}: found its bytes overlapping those of ${before.name}, expected each its own`,
      );
    }
  });
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
