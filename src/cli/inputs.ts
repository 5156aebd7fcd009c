/**
 * `--inputs` or `--random`, with `--mean`, `--std` and `--labels` → the samples of a run, by index.
 */
import { readMatrix } from "../formats/read.ts";
import type { SampleSource } from "../escalation/verify.ts";
import { UsageError } from "../network/errors.ts";
import type { Network } from "../network/network.ts";
import { inputWidth, outputWidth } from "../network/network.ts";
import { fillInputs, fillLabels } from "../sampling/inputs.ts";
import type { Arguments } from "./arguments.ts";
import { readBytes, sha256 } from "./files.ts";
import { argmaxLabels, fileLabels } from "./labels.ts";
import type { Labeller } from "./labels.ts";

export interface Inputs {
  readonly samples: number;
  readonly width: number;
  /** "digits.idx3-ubyte" or "normal, σ = 1", for the report. */
  readonly describe: string;
  /** Null where the inputs are drawn. */
  readonly sha256: string | null;
  /** Rows first … first + count − 1. */
  readonly read: (first: number, count: number) => Float64Array;
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
  if (given.has("array") && values.inputs === null) {
    throw new UsageError("Found --array without --inputs: expected both");
  }
}

/** Opens the inputs. @throws FormatError */
export async function openInputs({ values }: Arguments, network: Network): Promise<Inputs> {
  const { mean, std } = values;
  const inputs =
    values.inputs === null ? drawn(values, inputWidth(network)) : await fromFile(values.inputs, values.array);
  if (mean === 0 && std === 1) return inputs;
  return {
    ...inputs,
    describe: `${inputs.describe}, ${mean === 0 ? "x" : `(x − ${String(mean)})`}/${String(std)}`,
    read: (first, count) => inputs.read(first, count).map((x) => (x - mean) / std),
  };
}

async function fromFile(file: string, array: string | null): Promise<Inputs> {
  const bytes = readBytes(file);
  const matrix = await readMatrix(bytes, file, array === null ? {} : { array });
  const { rows, columns, values } = matrix;
  return {
    samples: rows,
    width: columns,
    describe: baseName(file),
    sha256: sha256(bytes),
    read: (first, count) => Float64Array.from(values.subarray(first * columns, (first + count) * columns)),
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
    read: (first, count) => fillInputs({ distribution, scale, seed }, first, count, width),
  };
}

/** The labels that `--labels` names; null where it is not given. @throws FormatError, ModelError */
export async function openLabels({ values }: Arguments, network: Network, samples: number): Promise<Labeller | null> {
  const choice = values.labels;
  if (choice === null) return null;
  if (choice === "argmax") return argmaxLabels(network);
  if (choice === "random") {
    const classes = outputWidth(network);
    return (first, count) => fillLabels(values.seed, first, count, classes);
  }
  const matrix = await readMatrix(readBytes(choice), choice, {});
  return fileLabels(choice, matrix.values, samples, network);
}

/** What the pipeline reads: rows and their labels. */
export function sampleSource(inputs: Inputs, labeller: Labeller | null): SampleSource {
  return {
    samples: inputs.samples,
    width: inputs.width,
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
