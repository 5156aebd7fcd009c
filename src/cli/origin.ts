/**
 * What a run was given, beside its files: inputs read once more from the disk for the samples that an audit looks at, drawn weights of a
 * safetensors model, and files that must not change while the run lasts.
 */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { FormatError } from "../network/errors.ts";
import type { Layer, Network } from "../network/network.ts";
import { wordsAt } from "../sampling/philox.ts";
import { AUDIT_ENTRY_STREAM } from "../sampling/streams.ts";
import type { RawArray } from "./raw-file.ts";
import { rawArray, rawNumbers, rawTensors } from "./raw-file.ts";

/** Row `index` of a raw file's array once more; null where the file is of another kind. */
export function rowAgain(file: string, rows: number, width: number): ((index: number) => Float64Array | null) | null {
  const array = rawArray(file);
  if (array === null) return null;
  const [count, ...rest] = array.shape;
  if (count !== rows || rest.reduce((a, b) => a * b, 1) !== width) return null;
  return (index) => rawNumbers(array, index * width, width);
}

/** Entries of each weight that are read once more. */
const ENTRIES = 32;

/**
 * Drawn entries of each layer's weight against the tensor that it is called after: outputs × inputs or inputs × outputs, as the layers that
 * are not square have it.
 * @returns how many layers were looked at. @throws FormatError where none of both orders fits.
 */
export function checkWeights(file: string, { layers }: Network): number {
  const tensors = rawTensors(file);
  if (tensors === null) return 0;
  let looked = 0;
  const orders = new Set<"rows" | "columns">(["rows", "columns"]);
  layers.forEach((layer, i) => {
    const tensor = tensors.get(layer.tensor ?? "");
    if (tensor?.shape.length !== 2) return;
    looked++;
    for (const order of [...orders]) if (!fits(layer, tensor, i, order)) orders.delete(order);
    if (orders.size > 0) return;
    throw new FormatError(
      `${file}: found other numbers in ${layer.tensor ?? ""} than layer ${String(i + 1)} was made of, expected the same`,
    );
  });
  return looked;
}

function fits({ inputs, outputs, weight }: Layer, tensor: RawArray, i: number, order: "rows" | "columns"): boolean {
  const [first, second] = order === "rows" ? [outputs, inputs] : [inputs, outputs];
  if (tensor.shape[0] !== first || tensor.shape[1] !== second) return false;
  const words = wordsAt(0, AUDIT_ENTRY_STREAM, i, ENTRIES);
  for (const word of words) {
    const at = word % weight.length;
    const [row, column] = [Math.floor(at / inputs), at % inputs];
    const found = rawNumbers(tensor, order === "rows" ? at : column * outputs + row, 1)?.[0];
    if (!Object.is((found ?? NaN) + 0, (weight[at] as number) + 0)) return false;
  }
  return true;
}

/** Whether it can be read a second time. */
export function isPlainFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

/** Where inputs came from: null where they were drawn; `again` null where no row can be read by itself. */
interface InputsOrigin {
  readonly file: { readonly name: string } | null;
  readonly again: unknown;
}

/** How inputs are held against what they came from. */
export function inputsOrigin({ file, again }: InputsOrigin): string {
  if (file === null) return "inputs of audited samples are drawn again, by other means than the run's";
  const name = basename(file.name);
  if (again !== null) return `inputs of audited samples are read again from ${name} by offsets of their own`;
  if (!isPlainFile(file.name)) return `unchecked: inputs, since ${name} is no plain file`;
  return `inputs of audited samples are compared with what was parsed of ${name}, whose digest is above`;
}

/** The same of weights, which are looked at here. @throws FormatError */
export function weightsOrigin(file: string, network: Network): string {
  const layers = checkWeights(file, network);
  if (layers === 0 && !isPlainFile(file)) return `unchecked: weights, since ${basename(file)} is no plain file`;
  if (layers === 0) return "weights are compared with what was parsed of the model's file, whose digest is above";
  return `drawn weights of ${String(layers)} of ${String(network.layers.length)} layers are read again from the model's file by offsets of their own`;
}

/** A file as it was when it was first looked at. */
interface Steady {
  readonly file: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Looks at these files now; the result throws a FormatError for one of them that has changed since. Pipes and devices are left alone. */
export function steadyFiles(files: readonly (string | null)[]): () => void {
  const known = files.flatMap((file): Steady[] => {
    const found = file === null ? undefined : statSync(file, { throwIfNoEntry: false });
    return file === null || found?.isFile() !== true ? [] : [{ file, size: found.size, mtimeMs: found.mtimeMs }];
  });
  return () => {
    for (const { file, size, mtimeMs } of known) {
      const now = statSync(file, { throwIfNoEntry: false });
      if (now?.size === size && now.mtimeMs === mtimeMs) continue;
      throw new FormatError(`${file}: found it changed during the run, expected it to stay as it is`);
    }
  };
}
