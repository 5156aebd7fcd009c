/**
 * `--labels` → one class a sample, as a function of its index: the network's own (argmax), drawn, or from a file.
 */
import type { RowSource } from "../formats/read.ts";
import { FormatError, ModelError } from "../network/errors.ts";
import type { Head } from "../network/heads.ts";
import { labelRange, signOf } from "../network/heads.ts";
import type { Network } from "../network/network.ts";
import { outputWidth } from "../network/network.ts";
import { activated } from "../network/parametric.ts";

/** Labels of `count` samples from `first` on, whose inputs are given as rows. */
export type Labeller = ((first: number, count: number, inputs: Float64Array) => Int32Array) & {
  /** Of labels that are drawn by the seed of the inputs: how many there are. */
  readonly classes?: number;
};

/**
 * The network's own choice: the index of its largest output (the first of equals), in f64 on the host; of logistic the sign of its first
 * one.
 */
export function argmaxLabels(network: Network, head: Head): Labeller {
  return (_first, count, inputs) => {
    const labels = new Int32Array(count);
    const width = inputs.length / count;
    for (let i = 0; i < count; i++) {
      const output = forward(network, inputs.subarray(i * width, (i + 1) * width));
      if (head.kind === "logistic") labels[i] = signOf(output[0] as number);
      else labels[i] = output.reduce((best, value, k) => (value > (output[best] as number) ? k : best), 0);
    }
    return labels;
  };
}

/**
 * Labels that a file holds.
 * @param inputs the file whose rows they belong to, all of them.
 * @throws ModelError for another count than its rows; FormatError for a value that is no class of the network.
 */
export function fileLabels(
  data: RowSource & { readonly file: string },
  inputs: { readonly name: string; readonly rows: number },
  network: Network,
  head: Head,
): Labeller {
  const { least, most } = labelRange(head, outputWidth(network));
  const { file, rows, columns } = data;
  const count = rows * columns;
  if (count !== inputs.rows || (rows !== 1 && columns !== 1)) {
    throw new ModelError(
      `${file}: found ${columns === 1 || rows === 1 ? String(count) : data.shape.join(" × ")} labels, expected ${String(inputs.rows)}, one for each sample of ${inputs.name}${labelHint(data, inputs)}`,
    );
  }
  const values = data.read(0, rows);
  const bad = values.findIndex((value) => !(Number.isInteger(value) && value >= least && value <= most));
  if (bad >= 0) {
    throw new FormatError(
      `${file}: label ${String(bad)} is ${String(values[bad])}, expected an integer from ${String(least)} to ${String(most)}`,
    );
  }
  const labels = Int32Array.from(values);
  return (first, count) => labels.slice(first, first + count);
}

/** What the wrong number of labels may come from. */
function labelHint({ rows, columns }: RowSource, inputs: { readonly rows: number }): string {
  if (rows === inputs.rows && columns > 1) return ": rows of a one-hot code? a label is the place of its 1";
  if (columns === 1 && Math.abs(rows - inputs.rows) === 1) {
    return `: one ${rows > inputs.rows ? "more" : "less"}, as where the first row of one of them is a header (--header yes or --header no)`;
  }
  return "";
}

/** h_{l+1}, in f64. */
function forward(network: Network, input: Float64Array): Float64Array {
  let hidden = input;
  for (const { weight, bias, inputs, outputs, activation } of network.layers) {
    const next = new Float64Array(outputs);
    for (let i = 0; i < outputs; i++) {
      let sum = bias[i] as number;
      for (let k = 0; k < inputs; k++) sum += (weight[i * inputs + k] as number) * (hidden[k] as number);
      next[i] = sum;
    }
    hidden = activated(activation, next, 1).value;
  }
  return hidden;
}
