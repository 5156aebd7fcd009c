/** Any file that the program reads: which format it is, by its first bytes and its name. Gzip is taken off first, whatever it holds. */
import { FormatError, ModelError, UsageError } from "../network/errors.ts";
import type { Network } from "../network/network.ts";
import { printable } from "../network/printable.ts";
import { refuseOtherActivations } from "./activation-list.ts";
import { heldArray } from "./array.ts";
import type { NumericArray } from "./array.ts";
import { readContext } from "./budget.ts";
import type { ReadContext } from "./budget.ts";
import { tableBlocks } from "./csv-blocks.ts";
import type { TableBlocks } from "./csv-blocks.ts";
import { readCsv } from "./csv.ts";
import type { CsvOptions } from "./csv.ts";
import { refuseForeign, UnknownFormatError } from "./foreign-files.ts";
import { gunzip, isGzip } from "./gzip.ts";
import { isIdx, readIdx } from "./idx.ts";
import { readModelJson } from "./model-json.ts";
import type { ModelOptions } from "./model-tensors.ts";
import { listed, networkFromTensors } from "./model-tensors.ts";
import { isNpy, readNpy } from "./npy.ts";
import { BYTES_OF, elementCount, readNumbers } from "./numbers.ts";
import { openNpz } from "./npz.ts";
import { rawLayout } from "./raw-layout.ts";
import { isSafetensors, readSafetensors } from "./safetensors.ts";
import { isOldTorch, isOnnx } from "./signatures.ts";
import type { NamedTensor } from "./tensor.ts";
import { isZip } from "./zip.ts";

/** rows × columns, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** A matrix whose rows are decoded when they are asked for. */
export interface RowSource {
  readonly rows: number;
  readonly columns: number;
  /** As the file has it, before the flattening: of a 1-D array one number. */
  readonly shape: readonly number[];
  /** Rows first … first + count − 1. */
  readonly read: (first: number, count: number) => Float64Array;
}

export interface DataOptions extends CsvOptions {
  /** `--array`, or what stands behind "#": which array of a file that holds several. */
  readonly array?: string | undefined;
}

/** A file of several arrays, of which one is wanted. */
export class ArrayWantedError extends UsageError {
  readonly arrays: readonly string[];
  constructor(name: string, arrays: readonly string[]) {
    super(`${name}: found ${String(arrays.length)} arrays (${listed(arrays)}), expected --array NAME or FILE#NAME`);
    this.arrays = arrays;
  }
}

const DATA = "data as .npy, .npz, .safetensors, .csv, .parquet or IDX";
const MODELS = ".safetensors, .pt (.pth, .bin, .ckpt), .onnx or .json";

/** Bytes that a character of JSON becomes. */
const JSON_FACTOR = 6;

/**
 * A network from .safetensors, PyTorch's files, .onnx or .json, told apart by their first bytes, then by their names.
 * @throws FormatError, ModelError, UsageError
 */
export async function readModel(bytes: Uint8Array, name: string, given: ModelOptions = {}): Promise<Network> {
  const context = readContext(given);
  const options = { ...given, ...context };
  const plain = await unpacked(bytes, name, context);
  refuseForeign(plain.bytes, plain.name, `a model as ${MODELS}`);
  if (/\.json$/i.test(plain.name) || (plain.bytes[0] === 0x7b && !isSafetensors(plain.bytes))) {
    // The text, the numbers as lists, and as the network's.
    context.budget.claim(JSON_FACTOR * plain.bytes.length, name);
    return readModelJson(new TextDecoder().decode(plain.bytes), name, options);
  }
  if (isSafetensors(plain.bytes) || /\.safetensors$/i.test(plain.name)) {
    refuseShard(plain.name);
    const { tensors, metadata } = readSafetensors(plain.bytes, name);
    return networkFromTensors([...tensors.values()], metadata, name, options);
  }
  if (isZip(plain.bytes) || isOldTorch(plain.bytes) || /\.(pt|pth|bin|ckpt|pkl)$/i.test(plain.name)) {
    return networkFromPytorch(plain.bytes, name, options);
  }
  if (isOnnx(plain.bytes) || /\.onnx$/i.test(plain.name)) {
    // The most numbers that its bytes can be, of 4 bytes each.
    context.budget.claim(2 * plain.bytes.length, name);
    return networkFromOnnx(plain.bytes, name, options);
  }
  throw new UnknownFormatError(`${name}: found none of the known formats, expected a model as ${MODELS}`);
}

async function networkFromPytorch(bytes: Uint8Array, name: string, options: ModelOptions): Promise<Network> {
  const { readPytorch } = await import("./pytorch/read.ts");
  const { tensors, activations, notes } = await readPytorch(bytes, name, options);
  if (activations === null || options.layers !== undefined) {
    const network = await networkFromTensors(tensors, activations === null ? {} : { activations }, name, options);
    for (const line of notes) options.note?.(line);
    return network;
  }
  // A module that was pickled whole says its activations itself; options may only repeat them.
  const network = await networkFromTensors(tensors, { activations }, name, { ...options, activation: undefined });
  refuseOtherActivations(options.activation, network.layers, name);
  for (const line of notes) options.note?.(line);
  return network;
}

/** The graph says the layers' order and activations; options may only repeat them. */
async function networkFromOnnx(bytes: Uint8Array, name: string, options: ModelOptions): Promise<Network> {
  for (const option of ["layers", "layout"] as const) {
    if (options[option] !== undefined) {
      throw new UsageError(`--${option}: ${name} is an ONNX graph, which says it itself, expected no --${option}`);
    }
  }
  const { readOnnx } = await import("./onnx/read.ts");
  const { network, notes } = await readOnnx(bytes, name, options);
  refuseOtherActivations(options.activation, network.layers, name);
  for (const line of notes) options.note?.(line);
  return network;
}

/** Samples as rows, flattened. A 1-D array is one column. @throws FormatError, UsageError */
export async function readMatrix(bytes: Uint8Array, name: string, options: DataOptions = {}): Promise<Matrix> {
  const { rows, columns, read } = await openRows(bytes, name, options);
  return { rows, columns, values: read(0, rows) };
}

/** As readMatrix, each row decoded when it is asked for. @throws FormatError, UsageError */
export async function openRows(bytes: Uint8Array, name: string, options: DataOptions = {}): Promise<RowSource> {
  return rowsOf(await openArray(bytes, name, options), name);
}

/** Bytes `offset` … `offset + count − 1` of a file. @throws FormatError where they are not there any more. */
export type BytesAt = (offset: number, count: number) => Uint8Array;

/**
 * As openRows, of a file that is not read whole: its rows are fetched when they are asked for.
 * @param head its first bytes, `size` of them in all. @returns null where it has to be read whole (raw-layout.ts).
 * @throws FormatError, UsageError
 */
export function openLargeRows(
  head: Uint8Array,
  size: number,
  name: string,
  { array }: DataOptions,
  bytesAt: BytesAt,
): RowSource | null {
  if (isGzip(head) || isZip(head)) return null;
  refuseForeign(head, name, DATA);
  refuseModels(name);
  const layout = rawLayout(head, size, name, array);
  if (layout === null) return null;
  const { shape, type, isLittleEndian, offset } = layout;
  const bytes = BYTES_OF[type];
  const decode = (first: number, count: number): Float64Array =>
    readNumbers(bytesAt(offset + first * bytes, count * bytes), 0, count, type, isLittleEndian);
  return rowsOf({ shape, decode }, name);
}

/** As openLargeRows, of a table: null where it is none, or has to be read whole (csv-blocks.ts). @throws FormatError, UsageError */
export function openLargeTable(head: Uint8Array, name: string, options: DataOptions): TableBlocks | null {
  const isOther = isGzip(head) || isZip(head) || isSafetensors(head) || isNpy(head) || !isTableName(name);
  return isOther || options.array !== undefined
    ? null
    : tableBlocks(head, name, { ...options, ...readContext(options) });
}

/** An array's samples. @throws FormatError where it has none. */
export function rowsOf({ shape, decode }: Pick<NumericArray, "shape" | "decode">, name: string): RowSource {
  const [rows, ...rest] = shape;
  if (rows === undefined) throw new FormatError(`${name}: found a single number, expected rows of samples`);
  const columns = rest.reduce((product, n) => product * n, 1);
  if (rows === 0 || columns === 0) {
    throw new FormatError(`${name}: found the shape ${shape.join(" × ")}, expected at least one sample and one value`);
  }
  return { rows, columns, shape, read: (first, count) => decode(first * columns, count * columns) };
}

async function openArray(packed: Uint8Array, file: string, given: DataOptions): Promise<NumericArray> {
  const context = readContext(given);
  const options = { ...given, ...context };
  const { bytes, name } = await unpacked(packed, file, context);
  refuseForeign(bytes, name, DATA);
  refuseModels(name);
  const { array } = options;
  if (isZip(bytes)) return pickFromNpz(bytes, file, array, context);
  if (/\.safetensors$/i.test(name) || isSafetensors(bytes))
    return pickTensor(readSafetensors(bytes, file).tensors, file, array, context);
  if (isParquetFile(bytes, name)) return (await import("./parquet.ts")).readParquet(bytes, file, array, context);
  const isTable = !isNpy(bytes) && isTableName(name);
  if (array !== undefined) {
    throw new UsageError(
      `--array ${printable(array)}: ${file} is one ${isTable ? "table" : "array"}, expected no --array`,
    );
  }
  if (isNpy(bytes)) return readNpy(bytes, file, context.budget);
  // No first bytes tell a table: it goes by its name.
  if (isTable) return readCsv(bytes, file, options);
  if (isIdx(bytes)) return readIdx(bytes, file);
  throw new UnknownFormatError(
    `${file}: found none of the known formats, expected .npy, .npz, .safetensors, .csv, .parquet or IDX (plain or .gz)`,
  );
}

/** What a file holds, and its name without .gz. */
async function unpacked(
  given: Uint8Array,
  name: string,
  context: ReadContext,
): Promise<{ bytes: Uint8Array; name: string }> {
  // Node's Buffer is a Uint8Array whose slice is no copy.
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (!isGzip(bytes)) return { bytes, name };
  return { bytes: await gunzip(bytes, name, context), name: name.replace(/\.gz$/i, "") };
}

async function pickFromNpz(
  bytes: Uint8Array,
  file: string,
  wanted: string | undefined,
  context: ReadContext,
): Promise<NumericArray> {
  const { names, files, read } = openNpz(bytes, file, context);
  if (names.length === 0) {
    const isTorch = files.some((name) => /(^|\/)data\.pkl$/.test(name));
    throw new FormatError(
      `${file}: found ${isTorch ? "a PyTorch file, which is a model" : "a ZIP archive without a .npy in it"}, expected an .npz of arrays`,
    );
  }
  if (wanted === undefined && ["data", "indices", "indptr", "shape"].every((part) => names.includes(part))) {
    throw new FormatError(
      `${file}: found a sparse matrix (scipy.sparse.save_npz), expected a dense one, as its .toarray() gives it`,
    );
  }
  return read(pick(names, wanted, file));
}

function pickTensor(
  tensors: ReadonlyMap<string, NamedTensor>,
  file: string,
  wanted: string | undefined,
  { budget }: Required<ReadContext>,
): NumericArray {
  const tensor = tensors.get(pick([...tensors.keys()], wanted, file)) as NamedTensor;
  budget.claim(8 * elementCount(tensor.shape, file), file);
  return heldArray(tensor.shape, "f64", tensor.read());
}

/** The array that is wanted, or the only one. */
function pick(names: readonly string[], wanted: string | undefined, file: string): string {
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    throw new UsageError(`--array ${printable(wanted)}: found ${listed(names)} in ${file}, expected one of them`);
  }
  const [only] = names;
  if (names.length === 1 && only !== undefined) return only;
  throw new ArrayWantedError(file, names);
}

/** By its first bytes, "PAR1", or its name. */
function isParquetFile(bytes: Uint8Array, name: string): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(0, 4)) === "PAR1" || /\.(parquet|pq)$/i.test(name);
}

function isTableName(name: string): boolean {
  return /\.(csv|tsv|txt|dat)$/i.test(name);
}

/** One file of a model that was written in several (Hugging Face's names). */
function refuseShard(name: string): void {
  const [, part = "", count = ""] = /-(\d{5})-of-(\d{5})\.safetensors$/i.exec(name) ?? [];
  if (Number(count) > 1) {
    throw new ModelError(
      `${name}: found part ${String(Number(part))} of ${String(Number(count))} of a model, expected all of it in one file`,
    );
  }
}

function refuseModels(name: string): void {
  const instead = "data are read from .npy, .npz, .safetensors, .csv, .parquet and IDX";
  if (/\.(onnx|pth?|ckpt)$/i.test(name)) throw new UsageError(`${name}: found a model's file; ${instead}`);
}
