/**
 * The oracle: every quantity of MATH.md §1 for one sample, the slow and obvious way, in f64 with dense Jacobians and materialised
 * gradients. It shares no numerics with engine/, so that it can testify against it; the singular value decomposition is an argument.
 *
 * Matrices are arrays of rows. Layers t = 1 … l stand at index t − 1.
 */
import { ACTIVATIONS } from "../network/activations.ts";
import type { Head } from "../network/heads.ts";
import { evaluateHead } from "../network/heads.ts";
import type { Network } from "../network/network.ts";

export type Matrix = readonly (readonly number[])[];
export type Vector = readonly number[];

/** Largest singular value of a matrix. */
export type SpectralNorm = (matrix: Matrix) => number;

export interface ForwardTrace {
  /** h_1 … h_{l+1}. */
  readonly hidden: readonly Vector[];
  /** z_2 … z_{l+1}. */
  readonly preactivation: readonly Vector[];
  /** The diagonals of D_1 … D_l. */
  readonly slopes: readonly Vector[];
}

export interface LayerExamination {
  readonly hiddenNorm: number;
  readonly weightNorm: number;
  readonly jacobianNorm: number;
  readonly weightGradientNorm: number;
  readonly biasGradientNorm: number;
  /** κ_t. */
  readonly tightness: number;
  readonly directionalTightness: number;
  readonly alignmentWeight: number;
  readonly alignmentJacobian: number;
  /** Left and right side of the weight form and of the bias form. */
  readonly weightForm: readonly [number, number];
  readonly biasForm: readonly [number, number];
  /** Largest |left − right| of each identity, entry by entry, and the size of what is subtracted. */
  readonly identities: Readonly<Record<"matrix" | "contracted" | "bias", { residual: number; scale: number }>>;
}

export interface Examination {
  readonly value: number;
  readonly inputGradient: Vector;
  readonly inputGradientNorm: number;
  readonly parameterGradientNorm: number;
  readonly lhs: number;
  readonly rhs: number;
  readonly ratio: number;
  readonly coefficient: number;
  readonly jacobians: readonly Matrix[];
  readonly adjoints: readonly Vector[];
  readonly layers: readonly LayerExamination[];
}

export function weights(network: Network): Matrix[] {
  return network.layers.map(({ weight, inputs, outputs }) =>
    Array.from({ length: outputs }, (_, i) => Array.from(weight.subarray(i * inputs, (i + 1) * inputs))),
  );
}

/** h_{t+1} = g_t(W_t h_t + b_t). */
export function forward(network: Network, x: Vector): ForwardTrace {
  const hidden: Vector[] = [x];
  const preactivation: Vector[] = [];
  const slopes: Vector[] = [];
  weights(network).forEach((weight, i) => {
    const layer = network.layers[i] as Network["layers"][number];
    const z = apply(weight, hidden[i] as Vector).map((v, k) => v + (layer.bias[k] as number));
    preactivation.push(z);
    hidden.push(z.map(ACTIVATIONS[layer.activation].value));
    slopes.push(z.map(ACTIVATIONS[layer.activation].slope));
  });
  return { hidden, preactivation, slopes };
}

/** J_1 … J_{l+1} by forward accumulation: J_1 = I, J_{t+1} = D_t W_t J_t. */
export function jacobians(network: Network, slopes: readonly Vector[]): Matrix[] {
  const n = (network.layers[0] as Network["layers"][number]).inputs;
  const result: Matrix[] = [
    Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, k) => (i === k ? 1 : 0))),
  ];
  weights(network).forEach((weight, i) => {
    const product = multiply(weight, result[i] as Matrix);
    result.push(product.map((row, k) => row.map((v) => ((slopes[i] as Vector)[k] as number) * v)));
  });
  return result;
}

/** δ_1 … δ_l: δ_l = D_l ∂f/∂h, δ_{t−1} = D_{t−1} W_tᵀ δ_t. */
export function adjoints(network: Network, slopes: readonly Vector[], topGradient: Vector): Vector[] {
  const all = weights(network);
  const result: Vector[] = [];
  let upper = topGradient;
  for (let i = all.length - 1; i >= 0; i--) {
    const delta = upper.map((v, k) => v * ((slopes[i] as Vector)[k] as number));
    result.unshift(delta);
    upper = applyTransposed(all[i] as Matrix, delta);
  }
  return result;
}

/** Everything of one sample. @param label −1 for none; `sample` picks the row of squared-error's targets. */
export function examine(
  network: Network,
  head: Head,
  x: Vector,
  label: number,
  sample: number,
  statement: "spectral" | "frobenius",
  spectralNorm: SpectralNorm,
): Examination {
  const trace = forward(network, x);
  const output = trace.hidden.at(-1) as Vector;
  const { value, gradient } = evaluateHead(head, Float64Array.from(output), label, sample);
  return examineTrace(network, trace, value, Array.from(gradient), statement, spectralNorm);
}

/** The same from given slopes, hidden vectors and top gradient: exact data for the theorem, whatever they are (MATH.md §2). */
export function examineTrace(
  network: Network,
  { hidden, slopes }: Pick<ForwardTrace, "hidden" | "slopes">,
  value: number,
  topGradient: Vector,
  statement: "spectral" | "frobenius",
  spectralNorm: SpectralNorm,
): Examination {
  const matrixNorm = statement === "spectral" ? spectralNorm : (m: Matrix): number => norm(m.flat());
  const all = weights(network);
  const jacobian = jacobians(network, slopes);
  const deltas = adjoints(network, slopes, topGradient);
  const inputGradient = applyTransposed(all[0] as Matrix, deltas[0] as Vector);
  const g = norm(inputGradient);
  const direction = inputGradient.map((v) => (g > 0 ? v / g : 0));
  let rhs = 0;
  let coefficient = 0;
  const layers = all.map((weight, i): LayerExamination => {
    const h = hidden[i] as Vector;
    const delta = deltas[i] as Vector;
    const j = jacobian[i] as Matrix;
    const weightGradient = delta.map((d) => h.map((v) => d * v));
    const pulled = norm(applyTransposed(weight, delta));
    const [w, jn, dn, hn] = [matrixNorm(weight), matrixNorm(j), norm(delta), norm(h)];
    const term = quotient(1, w * w * jn * jn);
    rhs += norm(weightGradient.flat()) ** 2 + dn ** 2;
    coefficient += (1 + hn * hn) * term;
    return {
      hiddenNorm: hn,
      weightNorm: w,
      jacobianNorm: jn,
      weightGradientNorm: norm(weightGradient.flat()),
      biasGradientNorm: dn,
      tightness: quotient(g, dn * w * jn),
      directionalTightness: quotient(g, dn * w * norm(apply(j, direction))),
      alignmentWeight: quotient(pulled, dn * w),
      alignmentJacobian: quotient(g, pulled * jn),
      weightForm: [g * g * hn * hn * term, norm(weightGradient.flat()) ** 2],
      biasForm: [g * g * term, dn ** 2],
      identities: identities(weight, j, weightGradient, delta, h, inputGradient),
    };
  });
  const lhs = g * g * coefficient;
  return {
    value,
    inputGradient,
    inputGradientNorm: g,
    parameterGradientNorm: Math.sqrt(rhs),
    lhs,
    rhs,
    ratio: lhs / rhs,
    coefficient,
    jacobians: jacobian,
    adjoints: deltas,
    layers,
  };
}

/** h_t g_xᵀ = (∇_{W_t}f)ᵀ W_t J_t, ‖h_t‖² g_xᵀ = h_tᵀ(∇_{W_t}f)ᵀ W_t J_t, g_xᵀ = (∇_{b_t}f)ᵀ W_t J_t. */
function identities(
  weight: Matrix,
  jacobian: Matrix,
  weightGradient: Matrix,
  delta: Vector,
  h: Vector,
  inputGradient: Vector,
): LayerExamination["identities"] {
  const weightTimesJacobian = multiply(weight, jacobian);
  const right = multiply(transpose(weightGradient), weightTimesJacobian);
  const left = h.map((v) => inputGradient.map((g) => v * g));
  const square = h.reduce((sum, v) => sum + v * v, 0);
  return {
    matrix: difference(left.flat(), right.flat()),
    contracted: difference(
      inputGradient.map((g) => square * g),
      applyTransposed(right, h),
    ),
    bias: difference(inputGradient, applyTransposed(weightTimesJacobian, delta)),
  };
}

function difference(left: Vector, right: Vector): { residual: number; scale: number } {
  let residual = 0;
  let scale = 0;
  left.forEach((v, i) => {
    residual = Math.max(residual, Math.abs(v - (right[i] as number)));
    scale = Math.max(scale, Math.abs(v), Math.abs(right[i] as number));
  });
  return { residual, scale };
}

/** a/b, and 0 where b = 0: the terms of a dead factor count as 0 (MATH.md §1). */
function quotient(a: number, b: number): number {
  return b > 0 ? a / b : 0;
}

export function norm(v: Vector): number {
  const largest = v.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  return largest > 0 ? largest * Math.sqrt(v.reduce((sum, x) => sum + (x / largest) ** 2, 0)) : 0;
}

export function apply(matrix: Matrix, x: Vector): number[] {
  return matrix.map((row) => row.reduce((sum, v, k) => sum + v * (x[k] as number), 0));
}

export function applyTransposed(matrix: Matrix, y: Vector): number[] {
  const result = Array.from({ length: matrix[0]?.length ?? 0 }, () => 0);
  matrix.forEach((row, i) => {
    row.forEach((v, k) => {
      result[k] = (result[k] as number) + v * (y[i] as number);
    });
  });
  return result;
}

function multiply(a: Matrix, b: Matrix): number[][] {
  return a.map((row) => applyTransposed(b, row));
}

function transpose(a: Matrix): number[][] {
  return Array.from({ length: a[0]?.length ?? 0 }, (_, k) => a.map((row) => row[k] as number));
}
