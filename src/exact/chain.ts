/**
 * Every quantity of the statement for one sample, without rounding: a finite double is a dyadic rational, and a network of
 * piecewise-linear activations and a polynomial head only adds and multiplies (MATH.md §1, §4).
 *
 * Layers t = 1 … l stand at index t − 1. Vectors are columns. For the mean head everything belongs to multiple·f (head.ts).
 */
import { ModelError } from "../network/errors.ts";
import type { Head } from "../network/heads.ts";
import type { Network } from "../network/network.ts";
import { checkNetwork, inputWidth, outputWidth } from "../network/network.ts";
import { atUnit } from "../network/parametric.ts";
import type { Dyadic } from "./dyadic.ts";
import { checkExactHead, exactHead } from "./head.ts";
import type { ExactMatrix } from "./matrix.ts";
import { add, fromDyadics, fromNumbers, identityMatrix, product, scaleRows, transpose, values } from "./matrix.ts";
import { exactActivation } from "./slopes.ts";
import type { ExactActivation } from "./slopes.ts";

export interface ExactChain {
  /** Whether layer t has a bias, a parameter of its own. */
  readonly biased: readonly boolean[];
  /** W_1 … W_l, outputs × inputs. */
  readonly weights: readonly ExactMatrix[];
  /** h_1 … h_{l+1}. */
  readonly hidden: readonly ExactMatrix[];
  /** The diagonals of D_1 … D_l. */
  readonly slopes: readonly ExactMatrix[];
  /** ∂f/∂h_{l+1}, times `multiple`. */
  readonly topGradient: ExactMatrix;
  /** δ_1 … δ_l, times `multiple`. */
  readonly adjoints: readonly ExactMatrix[];
  /** g_x = ∇ₓf by the backward pass, times `multiple`. */
  readonly inputGradient: ExactMatrix;
  /** J_1 … J_l, n_t × n_1, by forward accumulation. */
  readonly jacobians: readonly ExactMatrix[];
  /** f, times `multiple`. */
  readonly value: Dyadic;
  /** n_{l+1} for the mean head, 1 for every other. */
  readonly multiple: number;
}

/**
 * Throws unless exact arithmetic knows every activation of the network and the head. Says nothing of the cost: see practical.ts.
 * @throws ModelError
 */
export function checkExact(network: Network, head: Head, label: number, sample: number): void {
  checkNetwork(network, "network");
  network.layers.forEach((layer, i) => exactActivation(atUnit(layer.activation, 0), i + 1));
  checkExactHead(head, outputWidth(network), label, sample);
}

/**
 * The chain at one input.
 * @param input h_1, the network's input width; `label` −1 for none; `sample` picks the row of squared-error's targets.
 * @throws ModelError if an activation or the head is unknown to exact arithmetic, or the input is not of the network's width and finite.
 */
export function exactChain(
  network: Network,
  head: Head,
  input: Float64Array,
  label: number,
  sample: number,
): ExactChain {
  checkExact(network, head, label, sample);
  checkInput(network, input);
  const weights = network.layers.map((layer) => fromNumbers(layer.outputs, layer.inputs, layer.weight));
  const { hidden, slopes } = forward(network, weights, input);
  const { value, gradient, multiple } = exactHead(head, hidden.at(-1) as ExactMatrix, label, sample);
  const { adjoints, inputGradient } = backward(weights, slopes, gradient);
  const jacobians = accumulate(weights, slopes, inputWidth(network));
  const biased = network.layers.map((layer) => layer.biased !== false);
  return {
    biased,
    weights,
    hidden,
    slopes,
    topGradient: gradient,
    adjoints,
    inputGradient,
    jacobians,
    value,
    multiple,
  };
}

function checkInput(network: Network, input: Float64Array): void {
  const width = inputWidth(network);
  if (input.length !== width) {
    throw new ModelError(
      `input: found ${String(input.length)} numbers, expected ${String(width)}, the network's inputs`,
    );
  }
  const bad = input.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw new ModelError(`input[${String(bad)}] is ${String(input[bad])}, expected finite numbers`);
}

/** h_{t+1} = g_t(W_t h_t + b_t) and the diagonal of D_t. */
function forward(
  network: Network,
  weights: readonly ExactMatrix[],
  input: Float64Array,
): Pick<ExactChain, "hidden" | "slopes"> {
  const hidden = [fromNumbers(input.length, 1, input)];
  const slopes: ExactMatrix[] = [];
  network.layers.forEach((layer, i) => {
    const units = Array.from({ length: layer.outputs }, (_, k) => exactActivation(atUnit(layer.activation, k), i + 1));
    const unit = (k: number): ExactActivation => units[k] as ExactActivation;
    const bias = fromNumbers(layer.outputs, 1, layer.bias);
    const z = values(add(product(weights[i] as ExactMatrix, hidden[i] as ExactMatrix), bias));
    hidden.push(
      fromDyadics(
        layer.outputs,
        1,
        z.map((v, k) => unit(k).value(v)),
      ),
    );
    slopes.push(
      fromDyadics(
        layer.outputs,
        1,
        z.map((v, k) => unit(k).slope(v)),
      ),
    );
  });
  return { hidden, slopes };
}

/** δ_l = D_l ∂f/∂h, δ_{t−1} = D_{t−1} W_tᵀ δ_t, g_x = W_1ᵀ δ_1. */
function backward(
  weights: readonly ExactMatrix[],
  slopes: readonly ExactMatrix[],
  topGradient: ExactMatrix,
): Pick<ExactChain, "adjoints" | "inputGradient"> {
  const adjoints: ExactMatrix[] = [];
  let upper = topGradient;
  for (let i = weights.length - 1; i >= 0; i--) {
    const delta = scaleRows(slopes[i] as ExactMatrix, upper);
    adjoints.unshift(delta);
    upper = product(transpose(weights[i] as ExactMatrix), delta);
  }
  return { adjoints, inputGradient: upper };
}

/** J_1 = I, J_{t+1} = D_t W_t J_t, up to J_l. */
function accumulate(weights: readonly ExactMatrix[], slopes: readonly ExactMatrix[], width: number): ExactMatrix[] {
  const jacobians = [identityMatrix(width)];
  for (let i = 0; i + 1 < weights.length; i++) {
    jacobians.push(
      scaleRows(slopes[i] as ExactMatrix, product(weights[i] as ExactMatrix, jacobians[i] as ExactMatrix)),
    );
  }
  return jacobians;
}
