/**
 * First and second derivatives by the parameters, of what a pass stored (program.ts); means over its B samples.
 *
 *     ∇_{W_t} f = δ_t h_tᵀ,  ∇_{b_t} f = δ_t
 *
 * and their derivative along a direction (ẋ, Ẇ, ḃ), forward over backward (Pearlmutter, Fast Exact Multiplication by the Hessian, 1994):
 *
 *     ż = W_t ḣ_t + Ẇ_t h_t + ḃ_t,  ḣ_{t+1} = D_t ∘ ż,  Ḋ_t = g″(z) ∘ ż,    then  ȧ_{l+1} = (∂²f/∂h²) ḣ_{l+1},
 *     δ̇_t = Ḋ_t ∘ a_{t+1} + D_t ∘ ȧ_{t+1},  ȧ_t = W_tᵀ δ̇_t + Ẇ_tᵀ δ_t,        (∇_{W_t} f)˙ = δ̇_t h_tᵀ + δ_t ḣ_tᵀ,  (∇_{b_t} f)˙ = δ̇_t
 *
 * with a_{t+1} = ∂f/∂h_{t+1}. Along (∇ₓf, 0, 0) that is half the gradient of ‖∇ₓf‖²; along (0, ∇_θf) half that of ‖∇_θf‖². At a kink
 * nothing stands for the jump of the slope.
 */
import { curvature } from "../network/curvature.ts";
import { headHessianProduct } from "../network/heads.ts";
import type { Layer } from "../network/network.ts";
import { biasTerm } from "../network/network.ts";
import { atUnit } from "../network/parametric.ts";
import type { TrainingFault } from "./faults.ts";
import type { LayerParameters, ParameterVector } from "./parameters.ts";
import type { Pass } from "./program.ts";
import { columnDot, maskedGroups, product, scaledColumns, transpose } from "./program.ts";

/** ∇_θ of the mean of f. */
export function meanGradient(pass: Pass): ParameterVector {
  return pass.adjoints.map((delta, i) => outerMean(pass, i, delta, rowsOf(pass, i)));
}

/** ‖∇_θ f‖² of each sample: Σ_t ‖δ_t‖²(β_t + ‖h_t‖²). */
export function parameterSquares({ network, adjoints, hidden, samples: { count } }: Pass): Float64Array {
  const sum = new Float64Array(count);
  adjoints.forEach((delta, i) => {
    const squares = columnDot(delta, delta, count);
    const lengths = lengthened(network.layers[i] as Layer, hidden[i] as Float64Array, count);
    for (let j = 0; j < count; j++) sum[j] = (sum[j] as number) + (squares[j] as number) * (lengths[j] as number);
  });
  return sum;
}

/** ‖∇ₓf‖² of each sample, of a pass that was asked for ∇ₓf. */
export function inputSquares({ pullback, samples: { count } }: Pass): Float64Array {
  const gradient = pullback(1);
  return columnDot(gradient, gradient, count);
}

/** Along what the gradient is differentiated: the input of each sample, parameters that all share, or each sample's own ∇_θf. */
export type Direction =
  | { readonly kind: "input"; readonly input: Float64Array }
  | { readonly kind: "shared"; readonly parameters: ParameterVector }
  | { readonly kind: "own" };

/** The mean over the samples of d/ds ∇_θf along the direction. */
export function gradientTangent(pass: Pass, direction: Direction, fault: TrainingFault | null = null): ParameterVector {
  const { network, head, samples, hidden, preactivation, slopes, adjoints, pullback, apply, applyTransposed } = pass;
  const { count } = samples;
  const depth = network.layers.length;
  const layer = (i: number): Layer => network.layers[i] as Layer;
  const tangents: (Float64Array | null)[] = [direction.kind === "input" ? direction.input : null];
  const slopeTangents: Float64Array[] = [];
  for (let i = 0; i < depth; i++) {
    const { outputs, inputs, activation } = layer(i);
    const below = tangents[i] ?? null;
    const moved = below === null ? new Float64Array(outputs * count) : apply(i + 1, below, count);
    const h = hidden[i] as Float64Array;
    if (direction.kind === "shared") {
      const { weight, bias } = direction.parameters[i] as LayerParameters;
      const turned = new Float64Array(outputs * count);
      product(weight, outputs, inputs, h, count, turned);
      add(moved, turned);
      addToRows(moved, bias, count);
    } else if (direction.kind === "own") {
      add(moved, scaledColumns(adjoints[i] as Float64Array, lengthened(layer(i), h, count)));
    }
    const z = preactivation[i] as Float64Array;
    slopeTangents.push(moved.map((v, k) => v * curvature(atUnit(activation, Math.floor(k / count)), z[k] as number)));
    tangents.push(maskedGroups(slopes[i] as Float64Array, moved, outputs));
  }
  let upper = hessianColumns(head, hidden[depth] as Float64Array, tangents[depth] as Float64Array, count);
  const result: LayerParameters[] = [];
  for (let i = depth - 1; i >= 0; i--) {
    const { outputs, inputs } = layer(i);
    const delta = adjoints[i] as Float64Array;
    const dot = maskedGroups(slopes[i] as Float64Array, upper, outputs);
    add(dot, maskedGroups(slopeTangents[i] as Float64Array, pullback(i + 2), outputs));
    const own = outerMean(pass, i, dot, rowsOf(pass, i));
    const below = tangents[i] ?? null;
    if (below !== null && fault !== "penalty-term-dropped")
      add(own.weight, outerMean(pass, i, delta, transpose(below, inputs, count)).weight);
    result.unshift(own);
    if (i === 0) break;
    upper = applyTransposed(i + 1, dot, count);
    if (direction.kind === "shared") {
      const turned = new Float64Array(inputs * count);
      const { weight } = direction.parameters[i] as LayerParameters;
      product(transpose(weight, outputs, inputs), inputs, outputs, delta, count, turned);
      add(upper, turned);
    } else if (direction.kind === "own") {
      add(upper, scaledColumns(hidden[i] as Float64Array, columnDot(delta, delta, count)));
    }
  }
  return result;
}

/** h_t as rows, B × n_t. */
function rowsOf({ hidden, samples, network }: Pass, i: number): Float64Array {
  if (i === 0) return samples.rows;
  return transpose(hidden[i] as Float64Array, (network.layers[i] as Layer).inputs, samples.count);
}

/** The mean over the samples of d hᵀ and of d, each entry divided before it is summed. @param rows h, B × n_t. */
function outerMean(
  { network, samples: { count } }: Pass,
  i: number,
  d: Float64Array,
  rows: Float64Array,
): LayerParameters {
  const { outputs, inputs, biased } = network.layers[i] as Layer;
  const weight = new Float64Array(outputs * inputs);
  const share = d.map((v) => v / count);
  product(share, outputs, count, rows, inputs, weight);
  const bias = new Float64Array(outputs);
  if (biased !== false) {
    for (let r = 0; r < outputs; r++) {
      let sum = 0;
      for (let j = 0; j < count; j++) sum += share[r * count + j] as number;
      bias[r] = sum;
    }
  }
  return { weight, bias };
}

/** β_t + ‖h_t‖² of each sample. */
function lengthened(layer: Layer, hidden: Float64Array, count: number): Float64Array {
  const term = biasTerm(layer);
  return columnDot(hidden, hidden, count).map((square) => term + square);
}

/** (∂²f/∂h²) v of each sample. */
function hessianColumns(head: Pass["head"], output: Float64Array, v: Float64Array, count: number): Float64Array {
  const width = output.length / count;
  const result = new Float64Array(output.length);
  const column = (x: Float64Array, j: number): Float64Array =>
    Float64Array.from({ length: width }, (_, k) => x[k * count + j] as number);
  for (let j = 0; j < count; j++) {
    headHessianProduct(head, column(output, j), column(v, j)).forEach((value, k) => {
      result[k * count + j] = value;
    });
  }
  return result;
}

function add(x: Float64Array, y: Float64Array): void {
  for (let k = 0; k < x.length; k++) x[k] = (x[k] as number) + (y[k] as number);
}

function addToRows(x: Float64Array, bias: Float64Array, count: number): void {
  for (let k = 0; k < x.length; k++) x[k] = (x[k] as number) + (bias[Math.floor(k / count)] as number);
}
