/**
 * The oracle: every quantity of MATH.md §1 for one sample, the slow and obvious way, in f64 with dense Jacobians and materialised
 * gradients. It shares no numerics with engine/, so that it can testify against it; the singular value decomposition is an argument.
 *
 * Matrices are arrays of rows. Layers t = 1 … l stand at index t − 1.
 */
import type { Head } from "../network/heads.ts";
import { evaluateHead } from "../network/heads.ts";
import type { Layer, Network } from "../network/network.ts";
import { atUnit, functionsOf } from "../network/parametric.ts";
import type { Matrix, Vector } from "./matrix.ts";
import {
  absolute,
  apply,
  applyTransposed,
  frobeniusNorm,
  identity,
  largest,
  multiply,
  norm,
  outer,
  transpose,
} from "./matrix.ts";

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

/** The two sides of an inequality lhs ≤ rhs. */
export interface Sides {
  readonly lhs: number;
  readonly rhs: number;
}

/** How far the two sides of an identity are apart. */
export interface Discrepancy {
  /** The largest |left − right| of an entry. */
  readonly residual: number;
  /** The largest entry with every factor replaced by its absolute values: rounding is at most γ_K of it, K operations deep. */
  readonly scale: number;
}

export interface LayerExamination {
  /** ‖h_t‖. */
  readonly hiddenNorm: number;
  /** ‖W_t‖ and ‖J_t‖ in the statement's norm. */
  readonly weightNorm: number;
  readonly jacobianNorm: number;
  /** ‖∇_{W_t} f‖ of the materialised outer product, and ‖∇_{b_t} f‖ (null without a bias). */
  readonly weightGradientNorm: number;
  readonly biasGradientNorm: number | null;
  /** κ_t. */
  readonly tightness: number;
  /** ‖∇ₓf‖ / (‖δ_t‖ ‖W_t‖ ‖J_t v₀‖), v₀ = ∇ₓf/‖∇ₓf‖. */
  readonly directionalTightness: number;
  /** α_t = ‖W_tᵀδ_t‖ / (‖δ_t‖ ‖W_t‖) and β_t = ‖∇ₓf‖ / (‖W_tᵀδ_t‖ ‖J_t‖): κ_t = α_t β_t. */
  readonly alignmentWeight: number;
  readonly alignmentJacobian: number;
  readonly weightForm: Sides;
  /** Null without a bias, as its identity. */
  readonly biasForm: Sides | null;
  readonly identities: Readonly<Record<"matrix" | "contracted", Discrepancy> & { bias: Discrepancy | null }>;
}

export interface Examination {
  readonly value: number;
  readonly inputGradient: Vector;
  readonly inputGradientNorm: number;
  readonly parameterGradientNorm: number;
  /** ‖∇ₓf‖² Σ_t (β_t + ‖h_t‖²)/(‖W_t‖² ‖J_t‖²) ≤ ‖∇_θ f‖². */
  readonly lhs: number;
  readonly rhs: number;
  /** lhs/rhs; 0 where both are. */
  readonly ratio: number;
  /** The sum over t alone. */
  readonly coefficient: number;
  /** J_1 … J_{l+1}. */
  readonly jacobians: readonly Matrix[];
  /** δ_1 … δ_l. */
  readonly adjoints: readonly Vector[];
  readonly weightGradients: readonly Matrix[];
  readonly layers: readonly LayerExamination[];
}

/** W_1 … W_l. */
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
    const layer = network.layers[i] as Layer;
    const z = apply(weight, hidden[i] as Vector).map((v, k) => v + (layer.bias[k] as number));
    preactivation.push(z);
    const g = z.map((_, k) => functionsOf(atUnit(layer.activation, k)));
    hidden.push(z.map((v, k) => g[k]?.value(v) ?? NaN));
    slopes.push(z.map((v, k) => g[k]?.slope(v) ?? NaN));
  });
  return { hidden, preactivation, slopes };
}

/** J_1 … J_{l+1}, n_t × n_1, by forward accumulation: J_1 = I, J_{t+1} = D_t W_t J_t. */
export function jacobians(network: Network, slopes: readonly Vector[]): Matrix[] {
  return accumulate(weights(network), slopes);
}

function accumulate(all: readonly Matrix[], slopes: readonly Vector[]): Matrix[] {
  const result: Matrix[] = [identity(all[0]?.[0]?.length ?? 0)];
  all.forEach((weight, i) => {
    const slope = slopes[i] as Vector;
    result.push(multiply(weight, result[i] as Matrix).map((row, k) => row.map((v) => (slope[k] as number) * v)));
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

/** ∇_{W_1} f … ∇_{W_l} f = δ_t h_tᵀ, each in W_t's shape. ∇_{b_t} f is δ_t itself. */
export function weightGradients(hidden: readonly Vector[], deltas: readonly Vector[]): Matrix[] {
  return deltas.map((delta, i) => outer(delta, hidden[i] as Vector));
}

/** ∇ₓf = W_1ᵀ δ_1. */
export function inputGradient(network: Network, deltas: readonly Vector[]): Vector {
  return applyTransposed(weights(network)[0] as Matrix, deltas[0] as Vector);
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

/** The same from given slopes, hidden vectors and top gradient: exact data for the theorem, whatever they are. */
export function examineTrace(
  network: Network,
  { hidden, slopes }: Pick<ForwardTrace, "hidden" | "slopes">,
  value: number,
  topGradient: Vector,
  statement: "spectral" | "frobenius",
  spectralNorm: SpectralNorm,
): Examination {
  const matrixNorm = statement === "spectral" ? spectralNorm : frobeniusNorm;
  const all = weights(network);
  const jacobian = jacobians(network, slopes);
  const magnitudes = accumulate(all.map(absolute), absolute(slopes));
  const deltas = adjoints(network, slopes, topGradient);
  const gradients = weightGradients(hidden, deltas);
  const gradient = inputGradient(network, deltas);
  const g = norm(gradient);
  const direction = gradient.map((v) => quotient(v, g));
  let rhs = 0;
  let coefficient = 0;
  const layers = all.map((weight, i): LayerExamination => {
    const h = hidden[i] as Vector;
    const delta = deltas[i] as Vector;
    const j = jacobian[i] as Matrix;
    const weightGradient = gradients[i] as Matrix;
    const pulled = norm(applyTransposed(weight, delta));
    const [w, jn, dn, hn] = [matrixNorm(weight), matrixNorm(j), norm(delta), norm(h)];
    const weightGradientNorm = frobeniusNorm(weightGradient);
    const term = quotient(1, w * w * jn * jn);
    const hasBias = (network.layers[i] as Layer).biased !== false;
    rhs += weightGradientNorm ** 2 + (hasBias ? dn ** 2 : 0);
    coefficient += ((hasBias ? 1 : 0) + hn * hn) * term;
    return {
      hiddenNorm: hn,
      weightNorm: w,
      jacobianNorm: jn,
      weightGradientNorm,
      biasGradientNorm: hasBias ? dn : null,
      tightness: quotient(g, dn * w * jn),
      directionalTightness: quotient(g, dn * w * norm(apply(j, direction))),
      alignmentWeight: quotient(pulled, dn * w),
      alignmentJacobian: quotient(g, pulled * jn),
      weightForm: { lhs: g * g * hn * hn * term, rhs: weightGradientNorm ** 2 },
      biasForm: hasBias ? { lhs: g * g * term, rhs: dn ** 2 } : null,
      identities: identities(weight, j, magnitudes[i] as Matrix, weightGradient, delta, h, gradient, hasBias),
    };
  });
  const lhs = g * g * coefficient;
  return {
    value,
    inputGradient: gradient,
    inputGradientNorm: g,
    parameterGradientNorm: Math.sqrt(rhs),
    lhs,
    rhs,
    ratio: quotient(lhs, rhs),
    coefficient,
    jacobians: jacobian,
    adjoints: deltas,
    weightGradients: gradients,
    layers,
  };
}

/** h_t g_xᵀ = (∇_{W_t}f)ᵀ W_t J_t, ‖h_t‖² g_xᵀ = h_tᵀ(∇_{W_t}f)ᵀ W_t J_t, g_xᵀ = (∇_{b_t}f)ᵀ W_t J_t. */
function identities(
  weight: Matrix,
  jacobian: Matrix,
  magnitude: Matrix,
  weightGradient: Matrix,
  delta: Vector,
  h: Vector,
  gradient: Vector,
  hasBias: boolean,
): LayerExamination["identities"] {
  const weightTimesJacobian = multiply(weight, jacobian);
  const right = multiply(transpose(weightGradient), weightTimesJacobian);
  const square = h.reduce((sum, v) => sum + v * v, 0);
  const size = largest(applyTransposed(multiply(absolute(weight), magnitude), delta.map(Math.abs)));
  const residual = (a: Vector, b: Vector): number => largest(a.map((v, i) => v - (b[i] as number)));
  return {
    matrix: { residual: residual(outer(h, gradient).flat(), right.flat()), scale: largest(h) * size },
    contracted: {
      residual: residual(
        gradient.map((v) => square * v),
        applyTransposed(right, h),
      ),
      scale: square * size,
    },
    bias: hasBias ? { residual: residual(gradient, applyTransposed(weightTimesJacobian, delta)), scale: size } : null,
  };
}

/** a/b, and 0 where b = 0: the terms of a dead factor count as 0 (a is 0 then, by the theorem). NaN stays NaN. */
function quotient(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}
