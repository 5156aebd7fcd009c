/**
 * How far two evaluations of the same derivatives may be apart, by first-order running error analysis (Higham, Accuracy and
 * Stability of Numerical Algorithms, §3): γ_k = ku/(1 − ku), every product and sum bounded by its absolute values.
 *
 * An activation's value and slope have the error A(z) = 64u(1 + |z|³): at most ten operations with elementary functions of a few
 * units in the last place; the power is gelu-tanh's inner cubic times a cancelling 1 − tanh². Away from kinks |g′| ≤ 2 and |g″| ≤ 2
 * for every activation (the largest are selu's 1.76 and softsign's 2), so an error e of z moves value and slope by at most 2e.
 * A head's Hessian has rows of absolute sum at most 1 (softmax; squared-error), so the top gradient moves by the largest error of h.
 */
import type { Network } from "../../../src/network/network.ts";
import type { Matrix, Vector } from "../../../src/reference/matrix.ts";
import {
  absolute,
  apply,
  applyTransposed,
  frobeniusNorm,
  identity,
  largest,
  multiply,
} from "../../../src/reference/matrix.ts";
import type { Examination } from "../../../src/reference/oracle.ts";
import { forward, weights } from "../../../src/reference/oracle.ts";
import { svdError } from "../../support/svd.ts";

export const UNIT = 2 ** -53;

export function gamma(k: number, unit = UNIT): number {
  return (k * unit) / (1 - k * unit);
}

export interface DerivativeErrors {
  readonly value: number;
  readonly inputGradient: Vector;
  /** Of ∂f/∂W_t, entry by entry, and of ∂f/∂b_t = δ_t. */
  readonly weightGradients: readonly Matrix[];
  readonly adjoints: readonly Vector[];
  /** Of h_1 … and J_1 …. */
  readonly hidden: readonly Vector[];
  readonly jacobians: readonly Matrix[];
}

/** Second-order terms, left out below, are far less than this share. */
const SECOND_ORDER = 1.1;

/**
 * Bounds on the error of one evaluation in arithmetic of unit roundoff `unit`.
 * @param extra a further error of activations, times 1 + |z|³: what a library's approximations claim.
 */
export function derivativeErrors(
  network: Network,
  x: Vector,
  found: Examination,
  topGradient: Vector,
  unit: number,
  extra = 0,
): DerivativeErrors {
  const { hidden: h, preactivation, slopes } = forward(network, x);
  const all = weights(network).map(absolute);
  const g = (k: number): number => SECOND_ORDER * gamma(k, unit);
  const hidden: Vector[] = [x.map(() => 0)];
  const slopeErrors: Vector[] = [];
  const jacobians: Matrix[] = [identity(x.length).map((row) => row.map(() => 0))];
  all.forEach((weight, i) => {
    const n = weight[0]?.length ?? 0;
    const carried = apply(weight, hidden[i] as Vector);
    const sizes = apply(weight, (h[i] as Vector).map(Math.abs));
    const bias = network.layers[i]?.bias ?? [];
    const moved = (preactivation[i] as Vector).map((z, k) => {
      const error = (carried[k] as number) + g(n + 1) * ((sizes[k] as number) + Math.abs(bias[k] as number));
      return 2 * error + (64 * unit + extra) * (1 + Math.abs(z) ** 3);
    });
    hidden.push(moved.map((e) => SECOND_ORDER * e));
    slopeErrors.push(hidden[i + 1] as Vector);
    const carriedJacobian = multiply(weight, jacobians[i] as Matrix);
    const jacobianSizes = multiply(weight, absolute(found.jacobians[i] as Matrix));
    jacobians.push(
      carriedJacobian.map((row, k) => {
        const slope = Math.abs((slopes[i] as Vector)[k] as number);
        const slopeError = (slopeErrors[i] as Vector)[k] as number;
        return row.map(
          (e, c) =>
            SECOND_ORDER * slope * e + (slopeError + g(n + 1) * slope) * ((jacobianSizes[k] as Vector)[c] as number),
        );
      }),
    );
  });
  const output = h.at(-1) as Vector;
  const outputError = hidden.at(-1) as Vector;
  const adjoints: Vector[] = [];
  let upper: Vector = topGradient.map((v) => largest(outputError) + 64 * unit * (1 + Math.abs(v)));
  let upperValue = topGradient.map(Math.abs);
  for (let i = all.length - 1; i >= 0; i--) {
    const weight = all[i] as Matrix;
    const delta = (found.adjoints[i] as Vector).map(Math.abs);
    const error = upper.map(
      (e, k) =>
        SECOND_ORDER * e * Math.abs((slopes[i] as Vector)[k] as number) +
        ((slopeErrors[i] as Vector)[k] as number) * (upperValue[k] as number) +
        2 * unit * (delta[k] as number),
    );
    adjoints.unshift(error);
    upperValue = applyTransposed(weight, delta);
    upper = applyTransposed(weight, error).map((e, k) => e + g(weight.length) * (upperValue[k] as number));
  }
  const size = topGradient.reduce((sum, v, k) => sum + Math.abs(v) * (1 + Math.abs(output[k] as number)), 0);
  return {
    value:
      SECOND_ORDER * topGradient.reduce((sum, v, k) => sum + Math.abs(v) * (outputError[k] as number), 0) +
      64 * unit * (size + Math.abs(found.value)),
    inputGradient: upper,
    weightGradients: found.weightGradients.map((gradient, i) =>
      gradient.map((row, r) =>
        row.map(
          (v, c) =>
            SECOND_ORDER *
            (Math.abs((found.adjoints[i] as Vector)[r] as number) * ((hidden[i] as Vector)[c] as number) +
              ((adjoints[i] as Vector)[r] as number) * Math.abs((h[i] as Vector)[c] as number) +
              2 * unit * Math.abs(v)),
        ),
      ),
    ),
    adjoints,
    hidden,
    jacobians,
  };
}

export interface TheoremAllowance {
  /** κ_t may exceed 1 by this much: computed quantities only nearly belong to each other. */
  readonly tightness: number;
  readonly alignmentJacobian: number;
  /** Two norms' own relative errors. */
  readonly norms: number;
  /** Operations one above another in an identity's two sides: its residual is at most γ of this times its scale. */
  readonly operations: number;
}

/**
 * Layer by layer, from δ̂_t as exact data. Both chains, VJP to ĝ_x and JVP to Ĵ_t, err by at most γ_K of their product of absolute
 * values, K the operations one above another: |ĝ_x − g_x| ≤ γ_K |δ̂_t|ᵀ|W_t| A_t and |Ĵ_t − J_t| ≤ γ_K A_t with
 * A_t = |D_{t−1}||W_{t−1}| … |W_1|. Hence κ̂_t ≤ 1 + 2γ_K ‖W_t‖_F ‖A_t‖_F/(‖W_t‖ ‖Ĵ_t‖) + the norms' own errors.
 */
export function theoremAllowances(network: Network, x: Vector, found: Examination): TheoremAllowance[] {
  const { slopes } = forward(network, x);
  let sizes: Matrix = identity(x.length);
  let chain = 0;
  return weights(network).map((weight, i) => {
    const [rows, columns] = [weight.length, weight[0]?.length ?? 0];
    chain += rows + columns + 3;
    const operations = chain + 2 * columns + rows + 4;
    const norms =
      svdError(rows, columns) + svdError(columns, x.length) + gamma(4 * (rows + columns + x.length) + rows * columns);
    const { weightNorm, jacobianNorm } = found.layers[i] as Examination["layers"][number];
    const size = frobeniusNorm(sizes);
    const result = {
      tightness: norms + (2 * gamma(operations) * frobeniusNorm(weight) * size) / (weightNorm * jacobianNorm),
      alignmentJacobian: norms + (2 * gamma(operations) * size) / jacobianNorm,
      norms,
      operations,
    };
    sizes = multiply(absolute(weight), sizes).map((row, k) =>
      row.map((v) => Math.abs((slopes[i] as Vector)[k] as number) * v),
    );
    return result;
  });
}
