/** Inputs and labels as a caller has them → the samples of a run, by index. */
import type { RowSource } from "../formats/read.ts";
import { ModelError, UsageError } from "../network/errors.ts";
import type { Head } from "../network/heads.ts";
import { labelRange } from "../network/heads.ts";
import type { Network } from "../network/network.ts";
import { inputWidth, outputWidth } from "../network/network.ts";
import type { SampleSource } from "../pipeline/verify.ts";
import type { Distribution, InputDistribution } from "../sampling/inputs.ts";
import { drawnDifference } from "../verification/audit/drawn-inputs.ts";
import { fillInputs, fillLabels } from "../sampling/inputs.ts";
import type { Labeller } from "./labels.ts";
import { argmaxLabels } from "./labels.ts";

/** A list of numbers: an array, or a typed one. */
export type Numbers = ArrayLike<number>;

/** Samples, each a row of as many numbers as the network has inputs. */
export type Inputs =
  /** A row a sample. */
  | readonly Numbers[]
  /** rows × columns, row-major: what readMatrix gives. */
  | { readonly rows: number; readonly columns: number; readonly values: Numbers }
  /** Rows that are decoded when they are asked for: what openRows gives. */
  | RowSource
  /** Drawn by address: sample i is a function of seed and i alone. Normal: σ = scale; uniform: [−scale, scale]; sphere: radius scale. */
  | { readonly random: number; readonly distribution?: Distribution; readonly scale?: number };

/** A class for each sample, the network's own choice, or drawn. */
export type Labels = Numbers | "argmax" | "random";

/** @throws ModelError for inputs or labels that do not suit the network, UsageError for a number of samples that is none. */
export function samplesOf(
  network: Network,
  inputs: Inputs,
  labels: Labels | null,
  head: Head,
  seed: number,
): SampleSource {
  const width = inputWidth(network);
  const { samples, columns, read, drawn } = rowsOf(inputs, width, seed);
  if (!(Number.isSafeInteger(samples) && samples >= 1)) {
    throw new UsageError(`inputs: found ${String(samples)} samples, expected a whole number ≥ 1`);
  }
  if (columns !== width) {
    throw new ModelError(
      `inputs: found ${String(columns)} values a sample, expected ${String(width)}, the inputs of layer 1`,
    );
  }
  const labeller = labels === null ? null : labellerOf(network, labels, head, samples, seed);
  const classes = labeller?.classes ?? null;
  const address = drawn === null ? null : { inputs: drawn, first: 0, mean: 0, std: 1, classes };
  return {
    samples,
    width,
    drawn: labeller === null ? drawn : null,
    drawnAgain: address === null ? null : (index, row, label) => drawnDifference(address, index, row, label),
    read: (first, count) => {
      const rows = read(first, count);
      return { inputs: rows, labels: labeller === null ? null : labeller(first, count, rows) };
    },
  };
}

interface Rows {
  readonly samples: number;
  readonly columns: number;
  readonly read: (first: number, count: number) => Float64Array;
  /** How they are drawn, where they are (SampleSource). */
  readonly drawn: InputDistribution | null;
}

function rowsOf(inputs: Inputs, width: number, seed: number): Rows {
  if ("random" in inputs) {
    const { random, distribution = "normal", scale = 1 } = inputs;
    const drawn = { distribution, scale, seed };
    const read: Rows["read"] = (first, count) => fillInputs(drawn, first, count, width);
    return { samples: random, columns: width, read, drawn };
  }
  if ("read" in inputs) return { samples: inputs.rows, columns: inputs.columns, read: inputs.read, drawn: null };
  if ("columns" in inputs) {
    const { rows, columns, values } = inputs;
    if (values.length !== rows * columns) {
      throw new ModelError(
        `inputs: found ${String(values.length)} values, expected ${String(rows)} × ${String(columns)}`,
      );
    }
    const all = Float64Array.from(values);
    const read: Rows["read"] = (first, count) => all.slice(first * columns, (first + count) * columns);
    return { samples: rows, columns, read, drawn: null };
  }
  const columns = inputs[0]?.length ?? 0;
  const ragged = inputs.findIndex((row) => row.length !== columns);
  if (ragged >= 0) {
    throw new ModelError(
      `inputs: row ${String(ragged)}: found ${String(inputs[ragged]?.length)} values, expected ${String(columns)} as in row 0`,
    );
  }
  const read: Rows["read"] = (first, count) => {
    const rows = new Float64Array(count * columns);
    for (let i = 0; i < count; i++) rows.set(inputs[first + i] as Numbers, i * columns);
    return rows;
  };
  return { samples: inputs.length, columns, read, drawn: null };
}

function labellerOf(network: Network, labels: Labels, head: Head, samples: number, seed: number): Labeller {
  const { least, most } = labelRange(head, outputWidth(network));
  if (labels === "argmax") return argmaxLabels(network, head);
  if (labels === "random") {
    const drawn: Labeller = (first, count) => fillLabels(seed, first, count, most + 1);
    return Object.assign(drawn, { classes: most + 1 });
  }
  if (labels.length !== samples) {
    throw new ModelError(`labels: found ${String(labels.length)}, expected ${String(samples)}, one for each sample`);
  }
  const all = Array.from(labels as Numbers);
  const bad = all.findIndex((label) => !(Number.isInteger(label) && label >= least && label <= most));
  if (bad >= 0) {
    throw new ModelError(
      `labels: label ${String(bad)} is ${String(all[bad])}, expected an integer from ${String(least)} to ${String(most)}`,
    );
  }
  return (first, count) => Int32Array.from(all.slice(first, first + count));
}
