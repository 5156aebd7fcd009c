/** Any file that the program reads: which format it is, by its first bytes and its name. */
import { FormatError, UsageError } from "../network/errors.ts";
import type { Network } from "../network/network.ts";
import { readCsv } from "./csv.ts";
import { isGzip, isIdx, readIdx } from "./idx.ts";
import { readModelJson } from "./model-json.ts";
import type { ModelOptions } from "./model-tensors.ts";
import { networkFromTensors } from "./model-tensors.ts";
import type { NumericArray } from "./npy.ts";
import { isNpy, readNpy } from "./npy.ts";
import { readNpz } from "./npz.ts";
import { isSafetensors, readSafetensors } from "./safetensors.ts";

/** rows × columns, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** A file of several arrays, of which one is wanted. */
export class ArrayWantedError extends UsageError {
  readonly arrays: readonly string[];
  constructor(name: string, arrays: readonly string[]) {
    super(`${name}: found ${String(arrays.length)} arrays (${arrays.slice(0, 8).join(", ")}), expected --array NAME`);
    this.arrays = arrays;
  }
}

/** A network from .safetensors or .json. @throws FormatError, ModelError, UsageError */
export async function readModel(bytes: Uint8Array, name: string, options: ModelOptions = {}): Promise<Network> {
  refuseLater(name, "--model reads .safetensors and .json");
  if (/\.json$/i.test(name) || (bytes[0] === 0x7b && !isSafetensors(bytes))) {
    return readModelJson(new TextDecoder().decode(bytes), name, options);
  }
  if (/\.safetensors$/i.test(name) || isSafetensors(bytes)) {
    const { tensors, metadata } = readSafetensors(bytes, name);
    return networkFromTensors(tensors, metadata, name, options);
  }
  return Promise.reject(
    new FormatError(`${name}: found neither safetensors nor JSON, expected a model in one of them`),
  );
}

/** Samples as rows, flattened. A 1-D array is one column. @throws FormatError, UsageError */
export async function readMatrix(
  bytes: Uint8Array,
  name: string,
  options: { readonly array?: string } = {},
): Promise<Matrix> {
  refuseLater(name, "--inputs reads .npy, .npz, .safetensors, .csv and IDX");
  return asMatrix(await readArray(bytes, name, options.array), name);
}

async function readArray(bytes: Uint8Array, name: string, wanted: string | undefined): Promise<NumericArray> {
  if (wanted !== undefined && isCsv(name)) {
    throw new UsageError(`--array ${wanted}: ${name} is one table, expected no --array`);
  }
  // No first bytes tell CSV: it goes by its name.
  if (isCsv(name)) return readCsv(bytes, name);
  if (isNpy(bytes)) return readNpy(bytes, name);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return pick(await readNpz(bytes, name), wanted, name);
  if (isGzip(bytes) || isIdx(bytes)) return readIdx(bytes, name);
  if (/\.safetensors$/i.test(name) || isSafetensors(bytes))
    return pick(readSafetensors(bytes, name).tensors, wanted, name);
  throw new FormatError(
    `${name}: found none of the known formats, expected .npy, .npz, .safetensors, .csv or IDX (plain or .gz)`,
  );
}

function pick(arrays: ReadonlyMap<string, NumericArray>, wanted: string | undefined, name: string): NumericArray {
  const names = [...arrays.keys()];
  if (wanted !== undefined) {
    const found = arrays.get(wanted);
    if (found === undefined)
      throw new UsageError(`--array ${wanted}: found ${names.join(", ")} in ${name}, expected one of them`);
    return found;
  }
  const [only] = arrays.values();
  if (names.length !== 1 || only === undefined) {
    throw new ArrayWantedError(name, names);
  }
  return only;
}

function asMatrix(array: NumericArray, name: string): Matrix {
  const [rows, ...rest] = array.shape;
  if (rows === undefined) throw new FormatError(`${name}: found a single number, expected rows of samples`);
  const columns = rest.reduce((product, n) => product * n, 1);
  if (rows === 0 || columns === 0)
    throw new FormatError(
      `${name}: found the shape ${array.shape.join(" × ")}, expected at least one sample and one value`,
    );
  return { rows, columns, values: array.values };
}

function isCsv(name: string): boolean {
  return /\.csv$/i.test(name);
}

function refuseLater(name: string, instead: string): void {
  const ending = /\.(onnx|parquet)$/i.exec(name)?.[0];
  if (ending !== undefined) throw new UsageError(`${name}: ${ending} files are not read by this version; ${instead}`);
}
