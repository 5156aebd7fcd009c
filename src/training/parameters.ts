/** θ, and whatever has its shape: a gradient, a momentum, a direction. Sums go layer by layer, the weight before the bias, in one order. */
import type { Layer, Network } from "../network/network.ts";

/** Of W_t, outputs × inputs row-major, and of b_t. */
export interface LayerParameters {
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

/** Indexed t − 1. The bias of a layer without one stays 0. */
export type ParameterVector = readonly LayerParameters[];

export function parametersOf({ layers }: Network): ParameterVector {
  return layers.map(({ weight, bias }) => ({ weight, bias }));
}

/** The network with these parameters in place of its own. */
export function withParameters({ layers }: Network, parameters: ParameterVector): Network {
  return { layers: layers.map((layer, i) => ({ ...layer, ...(parameters[i] as LayerParameters) })) };
}

export function zerosLike(network: { readonly layers: readonly Pick<Layer, "weight" | "bias">[] }): ParameterVector {
  return network.layers.map(({ weight, bias }) => ({
    weight: new Float64Array(weight.length),
    bias: new Float64Array(bias.length),
  }));
}

/** x + factor·y, into new arrays: what the engine has kept of the old ones stays true (engine/cpu/product.ts). */
export function plus(x: ParameterVector, factor: number, y: ParameterVector): ParameterVector {
  return x.map((layer, i) => {
    const other = y[i] as LayerParameters;
    return { weight: sum(layer.weight, factor, other.weight), bias: sum(layer.bias, factor, other.bias) };
  });
}

function sum(x: Float64Array, factor: number, y: Float64Array): Float64Array {
  const result = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) result[i] = (x[i] as number) + factor * (y[i] as number);
  return result;
}

export function times(factor: number, x: ParameterVector): ParameterVector {
  return x.map(({ weight, bias }) => ({ weight: weight.map((v) => factor * v), bias: bias.map((v) => factor * v) }));
}

/** ⟨x, y⟩. */
export function innerProduct(x: ParameterVector, y: ParameterVector): number {
  let total = 0;
  const add = (a: Float64Array, b: Float64Array): void => {
    for (let i = 0; i < a.length; i++) total += (a[i] as number) * (b[i] as number);
  };
  x.forEach((layer, i) => {
    const other = y[i] as LayerParameters;
    add(layer.weight, other.weight);
    add(layer.bias, other.bias);
  });
  return total;
}

/** ‖x‖². */
export function squaredLength(x: ParameterVector): number {
  return innerProduct(x, x);
}

export function isFinite(x: ParameterVector): boolean {
  return x.every(({ weight, bias }) => allFinite(weight) && allFinite(bias));
}

/** 0·x is 0 for what is finite, and NaN otherwise. */
function allFinite(x: Float64Array): boolean {
  let zero = 0;
  for (let i = 0; i < x.length; i++) zero += 0 * (x[i] as number);
  return zero === 0;
}
