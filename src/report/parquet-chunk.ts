/**
 * A leaf of a row group → its column chunk: a dictionary and places in it where values repeat, else one plain page of the values' own bytes, compressed where
 * that makes it smaller. hyparquet-writer writes headers, levels and dictionaries, and the texts that do not repeat; its way to all others takes each value
 * by itself, five times.
 */
import type { ColumnChunk, SchemaElement, Statistics } from "hyparquet";
import { ByteWriter } from "hyparquet-writer";
import { writeColumn } from "hyparquet-writer/src/column.js";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import { writeDictionaryPage } from "hyparquet-writer/src/dictionary.js";
import { writeRleBitPackedHybrid } from "hyparquet-writer/src/encoding.js";
import { snappyCompress } from "hyparquet-writer/src/snappy.js";
import type { Leaf } from "./parquet-leaves.ts";
import { snappyValues } from "./snappy-values.ts";

/** A page of texts ends at the first row from here on; any other page is a row group's column of numbers, half of this at most. */
const PAGE_BYTES = 1 << 20;
/** Numbers that are looked at before a dictionary is made, and how many of them may differ. */
const SAMPLE = 256;
const MOST_DISTINCT = SAMPLE / 2;
/** Bytes that tell whether a page gets smaller, and what must be left of them at most. */
const TRIAL = 1 << 12;
const WORTH = 0.8;

/** Writes the chunks of one row group, in the order of the schema. @param path the schema's elements from the row down to the leaf. */
export function createChunkWriter(writer: ByteWriter): (leaf: Leaf, path: readonly SchemaElement[]) => ColumnChunk {
  const lists = new Map<string, Repetition>();
  return (leaf, path) => writeChunk(writer, leaf, path, lists);
}

/** How the entries of a list are shared out among rows: the same for all of its leaves. */
interface Repetition {
  readonly bytes: Uint8Array;
  readonly rows: number;
}

function writeChunk(
  writer: ByteWriter,
  leaf: Leaf,
  path: readonly SchemaElement[],
  lists: Map<string, Repetition>,
): ColumnChunk {
  const column = {
    columnName: leaf.path.join("."),
    element: path.at(-1) as SchemaElement,
    schemaPath: [...path] as SchemaElement[],
    codec: "SNAPPY",
    compressors: { SNAPPY: snappyCompress },
    ...{ stats: true, pageSize: PAGE_BYTES, columnIndex: false, offsetIndex: false },
  } as const;
  const start = writer.offset;
  const values = valuesOf(leaf);
  const isText = leaf.kind === "text";
  const found = isText ? dictionaryOfTexts(leaf, values) : dictionaryOf(values);
  if (found === null) {
    if (isText && values.length > 0) return writeColumn({ writer, column, pageData: textsOf(leaf) }).chunk;
    const bytes = plainBytes(leaf.kind, values);
    const own = { start, dictionary: null, bytes, compressed: shorter(bytes, leaf.kind) };
    return writePage(writer, leaf, values.length, lists, { ...own, range: rangeOf(leaf.kind, values) });
  }
  const texts = isText ? [...leaf.places.keys()] : null;
  const distinct = leaf.kind === "long" ? Array.from(found.distinct, BigInt) : [...found.distinct];
  const dictionary = writeDictionaryPage(writer, column, texts ?? distinct);
  const page = new ByteWriter();
  const bits = Math.ceil(Math.log2(distinct.length));
  page.appendUint8(bits);
  writeRleBitPackedHybrid(page, found.places, bits);
  const bytes = page.getBytes();
  const range = texts === null ? rangeOf(leaf.kind, found.distinct) : rangeOfTexts(texts);
  const own = { start, dictionary, bytes, compressed: snappyCompress(bytes), range };
  return writePage(writer, leaf, values.length, lists, own);
}

/** Those that are not null. */
function valuesOf({ numbers, count }: Leaf): Float64Array {
  const all = numbers.subarray(0, count);
  let nulls = 0;
  for (let at = 0; at < count; at++) nulls += Number.isNaN(all[at]) ? 1 : 0;
  return nulls === 0 ? all : all.filter((x) => !Number.isNaN(x));
}

interface Dictionary {
  readonly distinct: Float64Array;
  /** Of each value in `distinct`. */
  readonly places: Float64Array;
}

/** Null where it would not halve the values, or there are none. */
function dictionaryOf(values: Float64Array): Dictionary | null {
  if (areDistinct(values)) return null;
  const known = new Map<number, number>();
  const places = new Float64Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    // A map takes −0 for 0.
    if (Object.is(value, -0)) return null;
    let place = known.get(value);
    if (place === undefined) {
      if (4 * known.size > values.length) return null;
      place = known.size;
      known.set(value, place);
    }
    places[at] = place;
  }
  return { distinct: Float64Array.from(known.keys()), places };
}

function areDistinct(values: Float64Array): boolean {
  const seen = new Set<number>();
  const step = Math.max(1, values.length / SAMPLE);
  for (let at = 0; at < values.length; at += step) seen.add(values[Math.floor(at)] as number);
  return seen.size >= Math.min(MOST_DISTINCT, values.length / 2);
}

/** The same of texts, whose places are known. */
function dictionaryOfTexts({ places }: Leaf, values: Float64Array): Dictionary | null {
  const bytes = Float64Array.from(places.keys(), (text) => text.length + 4);
  let all = 0;
  for (const place of values) all += bytes[place] as number;
  const own = bytes.reduce((sum, more) => sum + more, 0) + (values.length * Math.log2(bytes.length)) / 8;
  return all > 0 && 2 * own <= all ? { distinct: bytes, places: values } : null;
}

/** As the library takes them. */
function textsOf({ places, numbers, count, most, definition, repetition, isRepeated }: Leaf): {
  values: (string | null)[];
  definitionLevels: number[];
  repetitionLevels: number[];
  maxDefinitionLevel: number;
} {
  const texts = [...places.keys()];
  return {
    values: Array.from(numbers.subarray(0, count), (place) => (Number.isNaN(place) ? null : (texts[place] as string))),
    definitionLevels: most === 0 ? [] : Array.from(definition.subarray(0, count)),
    repetitionLevels: isRepeated ? Array.from(repetition.subarray(0, count)) : [],
    maxDefinitionLevel: most,
  };
}

/** What a plain page holds; no text. */
function plainBytes(kind: Leaf["kind"], values: Float64Array): Uint8Array {
  if (kind === "number" && IS_LITTLE_ENDIAN) {
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
  const size = kind === "integer" ? 4 : 8;
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    if (kind === "number") view.setFloat64(size * at, value, true);
    else view.setInt32(size * at, value % 2 ** 32, true);
    if (kind === "long") view.setInt32(size * at + 4, Math.floor(value / 2 ** 32), true);
  }
  return bytes;
}

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

type Range = Pick<Statistics, "min_value" | "max_value">;

/** Of numbers: the smallest and the largest, −0 below +0, as the format wants it. */
function rangeOf(kind: Leaf["kind"], values: Float64Array): Range {
  if (values.length === 0) return {};
  let [lower, upper] = [Infinity, -Infinity];
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    if (value < lower) lower = value;
    if (value > upper) upper = value;
  }
  if (kind === "long") return { min_value: BigInt(lower), max_value: BigInt(upper) };
  return { min_value: lower === 0 ? -0 : lower, max_value: upper === 0 ? 0 : upper };
}

/** Of texts: the first and the last by their bytes in UTF-8. */
function rangeOfTexts(texts: readonly string[]): Range {
  const encoder = new TextEncoder();
  const sorted = texts.map((text) => encoder.encode(text)).sort(compareBytes);
  return { min_value: sorted[0] as Uint8Array, max_value: sorted.at(-1) as Uint8Array };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Null where the first of them say that it is not worth it. */
function shorter(bytes: Uint8Array, kind: Leaf["kind"]): Uint8Array | null {
  const compress = kind === "number" ? snappyValues : snappyCompress;
  const trial = bytes.subarray(0, TRIAL);
  return compress(trial).length > WORTH * trial.length ? null : compress(bytes);
}

interface Page {
  /** Where the chunk begins, in the file. */
  readonly start: number;
  /** Bytes of the dictionary's page, before it was compressed; null: there is none, the page is plain. */
  readonly dictionary: number | null;
  readonly bytes: Uint8Array;
  /** Null where that would not be shorter. */
  readonly compressed: Uint8Array | null;
  readonly range: Range;
}

/** The chunk's only page of data. @param values of them that are not null. */
function writePage(
  writer: ByteWriter,
  leaf: Leaf,
  values: number,
  lists: Map<string, Repetition>,
  { start, dictionary, bytes, compressed, range }: Page,
): ColumnChunk {
  const { count, most, definition } = leaf;
  const at = writer.offset;
  const encoding = dictionary === null ? "PLAIN" : "RLE_DICTIONARY";
  const repetition = repetitionOf(leaf, lists);
  const levels = new ByteWriter();
  levels.appendBytes(repetition.bytes);
  const bits = Math.ceil(Math.log2(most + 1));
  const definitionBytes = most === 0 ? 0 : writeRleBitPackedHybrid(levels, definition.subarray(0, count), bits);
  const page = compressed ?? bytes;
  writePageHeader(writer, {
    type: "DATA_PAGE_V2",
    uncompressed_page_size: levels.offset + bytes.length,
    compressed_page_size: levels.offset + page.length,
    data_page_header_v2: {
      num_values: count,
      num_nulls: count - values,
      num_rows: repetition.rows,
      encoding,
      definition_levels_byte_length: definitionBytes,
      repetition_levels_byte_length: repetition.bytes.length,
      is_compressed: compressed !== null,
    },
  });
  const header = writer.offset - at;
  writer.appendBytes(levels.getBytes());
  writer.appendBytes(page);
  const stats = { page_type: "DATA_PAGE_V2", encoding, count: 1 } as const;
  return {
    meta_data: {
      type: PHYSICAL[leaf.kind],
      encodings: dictionary === null ? ["PLAIN"] : ["PLAIN", encoding],
      path_in_schema: [...leaf.path],
      codec: compressed === null ? "UNCOMPRESSED" : "SNAPPY",
      num_values: BigInt(count),
      total_compressed_size: BigInt(writer.offset - start),
      total_uncompressed_size: BigInt((dictionary ?? 0) + header + levels.offset + bytes.length),
      data_page_offset: BigInt(at),
      ...(dictionary === null ? {} : { dictionary_page_offset: BigInt(start) }),
      statistics: { ...range, null_count: BigInt(count - values) },
      encoding_stats:
        dictionary === null ? [stats] : [{ page_type: "DICTIONARY_PAGE", encoding: "PLAIN", count: 1 }, stats],
    },
    file_offset: BigInt(start),
  };
}

/** The types that hold each kind. */
const PHYSICAL = { long: "INT64", integer: "INT32", number: "DOUBLE", text: "BYTE_ARRAY" } as const;

function repetitionOf({ path, count, repetition, isRepeated }: Leaf, lists: Map<string, Repetition>): Repetition {
  if (!isRepeated) return { bytes: new Uint8Array(0), rows: count };
  const list = path[0] ?? "";
  const known = lists.get(list);
  if (known !== undefined) return known;
  const writer = new ByteWriter();
  const levels = repetition.subarray(0, count);
  writeRleBitPackedHybrid(writer, levels, 1);
  const made = { bytes: writer.getBytes(), rows: levels.reduce((rows, level) => rows + (level === 0 ? 1 : 0), 0) };
  lists.set(list, made);
  return made;
}
