/**
 * What is verified: a multilayer perceptron h_{t+1} = g_t(W_t h_t + b_t), t = 1…l, h_1 = x (MATH.md §1).
 *
 * Values are held in f64 whatever the file's type; an engine that computes in f32 rounds them when it plans.
 */
import { ModelError } from "./errors.ts";
import type { Activation } from "./parametric.ts";
import { isPrelu } from "./parametric.ts";

/** One layer: z = W h + b, next h = g(z). */
export interface Layer {
  /** n_t, the width of h_t. */
  readonly inputs: number;
  /** n_{t+1}, the width of h_{t+1}. */
  readonly outputs: number;
  /** W_t, outputs × inputs, row-major. */
  readonly weight: Float64Array;
  /** b_t, length outputs. */
  readonly bias: Float64Array;
  /** false: b_t is no parameter (its entries are 0), so that the layer has the weight's term alone. Left out: there is a bias. */
  readonly biased?: false;
  readonly activation: Activation;
  /** What W_t is called in the file that it was read from, fit to be printed. */
  readonly tensor?: string;
}

export interface Network {
  readonly layers: readonly Layer[];
}

/** β_t: what a layer adds to ‖h_t‖² on both sides, 1 for its bias and 0 without one. */
export function biasTerm({ biased }: Pick<Layer, "biased">): 0 | 1 {
  return biased === false ? 0 : 1;
}

/** Numbers in θ. */
export function parameterCount(layers: readonly Pick<Layer, "inputs" | "outputs" | "biased">[]): number {
  return layers.reduce((sum, layer) => sum + layer.outputs * (layer.inputs + biasTerm(layer)), 0);
}

/** √(β_t + ‖h_t‖²) from ‖h_t‖. Beyond 1e100 the 1 is no digit, and the square may overflow; without it there is no square to underflow. */
export function lengthened(layer: Pick<Layer, "biased">, hidden: number): number {
  return biasTerm(layer) === 0 || hidden > 1e100 ? hidden : Math.sqrt(1 + hidden * hidden);
}

/** n_1, the width of the network's input. */
export function inputWidth(network: Network): number {
  return layerAt(network, 1).inputs;
}

/** n_{l+1}, the width of the network's output. */
export function outputWidth(network: Network): number {
  return layerAt(network, network.layers.length).outputs;
}

/** Layer t, counted from 1 as in the formulas. */
export function layerAt(network: Network, t: number): Layer {
  const layer = network.layers[t - 1];
  if (layer === undefined) {
    throw new RangeError(`layer ${String(t)} of a network with ${String(network.layers.length)} layers`);
  }
  return layer;
}

/**
 * Throws unless the layers chain and every array has its declared length and finite values.
 * @param source names the file or address in the message.
 * @throws ModelError
 */
export function checkNetwork(network: Network, source: string): void {
  if (network.layers.length === 0) throw new ModelError(`${source}: found no layer, expected at least one`);
  network.layers.forEach((layer, i) => {
    const where = `${source}: layer ${String(i + 1)}`;
    if (!(
      Number.isInteger(layer.inputs) &&
      layer.inputs >= 1 &&
      Number.isInteger(layer.outputs) &&
      layer.outputs >= 1
    )) {
      throw new ModelError(
        `${where}: found ${String(layer.outputs)} outputs and ${String(layer.inputs)} inputs, expected whole numbers ≥ 1`,
      );
    }
    if (layer.weight.length !== layer.inputs * layer.outputs) {
      throw new ModelError(
        `${where}: found ${String(layer.weight.length)} weights, expected ${String(layer.outputs)} × ${String(layer.inputs)}`,
      );
    }
    if (layer.bias.length !== layer.outputs) {
      throw new ModelError(
        `${where}: found ${String(layer.bias.length)} biases, expected ${String(layer.outputs)}, one for each output`,
      );
    }
    if (layer.biased === false && layer.bias.some((b) => b !== 0)) {
      throw new ModelError(`${where}: found a bias that is not 0 in a layer without one, expected zeros`);
    }
    const { activation } = layer;
    if (isPrelu(activation) && activation.slopes.length !== 1 && activation.slopes.length !== layer.outputs) {
      throw new ModelError(
        `${where}: found ${String(activation.slopes.length)} slopes of a PReLU, expected 1 or ${String(layer.outputs)}, one for each output`,
      );
    }
    const previous = network.layers[i - 1];
    if (previous !== undefined && previous.outputs !== layer.inputs) {
      throw new ModelError(
        `${where}: found ${String(layer.inputs)} inputs, expected ${String(previous.outputs)}, the outputs of layer ${String(i)}; name the layers in order with --layers`,
      );
    }
    for (const [name, values] of [
      ["weight", layer.weight],
      ["bias", layer.bias],
    ] as const) {
      const bad = values.findIndex((v) => !Number.isFinite(v));
      if (bad >= 0) {
        throw new ModelError(`${where}: ${name}[${String(bad)}] is ${String(values[bad])}, expected finite numbers`);
      }
    }
  });
}
