/**
 * `--labels` → one class a sample, as a function of its index: the network's own (argmax), drawn, or from a file.
 */
import { ACTIVATIONS } from "../network/activations.ts";
import { FormatError, ModelError } from "../network/errors.ts";
import type { Network } from "../network/network.ts";
import { outputWidth } from "../network/network.ts";

/** Labels of `count` samples from `first` on, whose inputs are given as rows. */
export type Labeller = (first: number, count: number, inputs: Float64Array) => Int32Array;

/** The network's own choice: the index of its largest output (the first of equals), in f64 on the host. */
export function argmaxLabels(network: Network): Labeller {
  return (_first, count, inputs) => {
    const labels = new Int32Array(count);
    const width = inputs.length / count;
    for (let i = 0; i < count; i++) {
      const output = forward(network, inputs.subarray(i * width, (i + 1) * width));
      labels[i] = output.reduce((best, value, k) => (value > (output[best] as number) ? k : best), 0);
    }
    return labels;
  };
}

/**
 * Labels that a file holds.
 * @throws FormatError for another count than `samples`, or a value that is no class of the network.
 */
export function fileLabels(file: string, values: ArrayLike<number>, samples: number, network: Network): Labeller {
  const classes = outputWidth(network);
  if (values.length !== samples) {
    throw new ModelError(
      `${file}: found ${String(values.length)} labels, expected ${String(samples)}, one for each sample`,
    );
  }
  const labels = Int32Array.from(values);
  for (let i = 0; i < samples; i++) {
    const value = values[i] as number;
    if (!(Number.isInteger(value) && value >= 0 && value < classes)) {
      throw new FormatError(
        `${file}: label ${String(i)} is ${String(value)}, expected an integer from 0 to ${String(classes - 1)}`,
      );
    }
  }
  return (first, count) => labels.slice(first, first + count);
}

/** h_{l+1}, in f64. */
function forward(network: Network, input: Float64Array): Float64Array {
  let hidden = input;
  for (const { weight, bias, inputs, outputs, activation } of network.layers) {
    const g = ACTIVATIONS[activation].value;
    const next = new Float64Array(outputs);
    for (let i = 0; i < outputs; i++) {
      let sum = bias[i] as number;
      for (let k = 0; k < inputs; k++) sum += (weight[i * inputs + k] as number) * (hidden[k] as number);
      next[i] = g(sum);
    }
    hidden = next;
  }
  return hidden;
}
