/**
 * `--inputs` or `--random`, with `--rows`, `--mean`, `--std` and `--labels` → the samples of a run, by index.
 */
import type { SampleSource } from "../pipeline/verify.ts";
import { ModelError, UsageError } from "../network/errors.ts";
import type { Head } from "../network/heads.ts";
import { labelRange } from "../network/heads.ts";
import type { Network } from "../network/network.ts";
import { inputWidth, outputWidth } from "../network/network.ts";
import type { InputDistribution } from "../sampling/inputs.ts";
import { fillInputs, fillLabels } from "../sampling/inputs.ts";
import type { Arguments } from "./arguments.ts";
import type { DrawnInputs } from "../verification/audit/drawn-inputs.ts";
import { drawnDifference } from "../verification/audit/drawn-inputs.ts";
import { openData } from "./data-files.ts";
import type { Reading } from "./files.ts";
import { rowAgain } from "./origin.ts";
import { argmaxLabels, fileLabels } from "../library/labels.ts";
import type { Labeller } from "../library/labels.ts";

export interface Inputs {
  readonly samples: number;
  readonly width: number;
  /** "digits.idx3-ubyte" or "normal, σ = 1", for the report. */
  readonly describe: string;
  /** Null where the inputs are drawn. */
  readonly sha256: string | null;
  /** The whole file, of which `--rows` may have taken a part, from row `start` on; null where the inputs are drawn. */
  readonly file: InputsFile | null;
  /** Rows first … first + count − 1. */
  readonly read: (first: number, count: number) => Float64Array;
  /** Row `index` once more, from the file's own bytes, where it is a raw one (raw-file.ts); null where it is not. */
  readonly again: ((index: number) => Float64Array | null) | null;
  /** How they are drawn, where they are (SampleSource). */
  readonly drawn: InputDistribution | null;
  readonly address: Omit<DrawnInputs, "classes"> | null;
}

export interface InputsFile {
  readonly name: string;
  readonly rows: number;
  readonly start: number;
  readonly shape: readonly number[];
}

/** @throws UsageError unless exactly one of --inputs and --random is given, and the options that belong to each. */
export function checkInputOptions({ values, given }: Arguments): void {
  if (values.inputs === null && values.random === null) {
    throw new UsageError("Found neither --inputs nor --random: expected --inputs FILE or --random N");
  }
  if (values.inputs !== null && values.random !== null) {
    throw new UsageError("Found both --inputs and --random: expected one of them");
  }
  for (const key of ["distribution", "scale"] as const) {
    if (given.has(key) && values.random === null)
      throw new UsageError(`Found --${key} without --random: expected both`);
  }
  for (const key of ["array", "rows"] as const) {
    if (given.has(key) && values.inputs === null) {
      throw new UsageError(`Found --${key} without --inputs: expected both`);
    }
  }
}

/** Opens the inputs. @throws FormatError, UsageError, ModelError where they are not as wide as the network. */
export async function openInputs(args: Arguments, network: Network, own: Reading): Promise<Inputs> {
  const { values } = args;
  const { mean, std } = values;
  const width = inputWidth(network);
  const inputs = values.inputs === null ? drawn(values, width) : await fromFile(args, values.inputs, own);
  if (inputs.width !== width) {
    const { length, 0: count = 0 } = inputs.file?.shape ?? [];
    const hint =
      length === 1
        ? `: a 1-D array of ${String(count)} is ${String(count)} samples of one value; one sample of ${String(width)} values has the shape 1 × ${String(width)}`
        : "";
    throw new ModelError(
      `${values.inputs ?? "--random"}: found ${valuesOf(inputs.width)} a sample, expected ${String(width)}, the inputs of layer 1 of ${values.model ?? ""}${hint}`,
    );
  }
  if (mean === 0 && std === 1) return inputs;
  const { again } = inputs;
  return {
    ...inputs,
    again: again === null ? null : (index) => again(index)?.map((x) => (x - mean) / std) ?? null,
    describe: `${inputs.describe}, ${mean === 0 ? "x" : `(x − ${String(mean)})`}/${String(std)}`,
    read: (first, count) => inputs.read(first, count).map((x) => (x - mean) / std),
    drawn: null,
    address: inputs.address === null ? null : { ...inputs.address, mean, std },
  };
}

async function fromFile(args: Arguments, name: string, own: Reading): Promise<Inputs> {
  const { rows: range } = args.values;
  const data = await openData(name, args.values, own);
  const { start, end } = { start: range?.start ?? 0, end: range?.end ?? data.rows };
  if (start >= data.rows || end > data.rows) {
    throw new UsageError(
      `--rows ${String(start)}:${String(range?.end ?? "")}: found ${String(data.rows)} rows in ${data.file}, expected a part of 0:${String(data.rows)}`,
    );
  }
  const again = rowAgain(data.file, data.rows, data.columns);
  return {
    samples: end - start,
    width: data.columns,
    describe: `${baseName(name)}${range === null ? "" : `, rows ${String(start)} to ${String(end - 1)}`}`,
    sha256: data.sha256,
    file: { name: data.file, rows: data.rows, start, shape: data.shape },
    read: (first, count) => data.read(start + first, count),
    again: again === null ? null : (index) => again(start + index),
    ...{ drawn: null, address: null },
  };
}

function drawn(values: Arguments["values"], width: number): Inputs {
  const { distribution, scale, seed } = values;
  const how = { normal: "normal, σ =", uniform: "uniform, within ±", sphere: "sphere, radius" }[distribution];
  return {
    samples: values.random ?? 0,
    width,
    describe: `${how} ${String(scale)}`,
    sha256: null,
    file: null,
    read: (first, count) => fillInputs({ distribution, scale, seed }, first, count, width),
    again: null,
    drawn: { distribution, scale, seed },
    address: { inputs: { distribution, scale, seed }, first: 0, mean: 0, std: 1 },
  };
}

function valuesOf(count: number): string {
  return count === 1 ? "1 value" : `${String(count)} values`;
}

/** The labels that `--labels` names; null where it is not given. @throws FormatError, ModelError */
export async function openLabels(
  args: Arguments,
  network: Network,
  inputs: Inputs,
  head: Head,
  own: Reading,
): Promise<Labeller | null> {
  const { values } = args;
  const choice = values.labels;
  if (choice === null) return null;
  if (choice === "argmax") return argmaxLabels(network, head);
  if (choice === "random") {
    const { most } = labelRange(head, outputWidth(network));
    const random: Labeller = (first, count) => fillLabels(values.seed, first, count, most + 1);
    return Object.assign(random, { classes: most + 1 });
  }
  const data = await openData(choice, { ...values, array: null }, own);
  const of = inputs.file ?? { name: "--random", rows: inputs.samples, start: 0 };
  const all = fileLabels(data, of, network, head);
  return (first, count, rows) => all(of.start + first, count, rows);
}

/** What the pipeline reads: rows and their labels. */
export function sampleSource(inputs: Inputs, labeller: Labeller | null): SampleSource {
  const address = inputs.address === null ? null : { ...inputs.address, classes: labeller?.classes ?? null };
  return {
    samples: inputs.samples,
    width: inputs.width,
    drawn: labeller === null ? inputs.drawn : null,
    drawnAgain: address === null ? null : (index, row, label) => drawnDifference(address, index, row, label),
    again: (index) => {
      const row = inputs.again?.(index) ?? null;
      return row === null ? null : { inputs: row, labels: labeller === null ? null : labeller(index, 1, row) };
    },
    read: (first, count) => {
      const rows = inputs.read(first, count);
      return { inputs: rows, labels: labeller === null ? null : labeller(first, count, rows) };
    },
  };
}

/** The last part of a path. */
export function baseName(file: string): string {
  return file.split(/[\\/]/).at(-1) ?? file;
}
