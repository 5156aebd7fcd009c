/** Second-order quantities of the mean loss on a set, by Hessian-vector products of its stored passes (gradient.ts). */
import { largestPair } from "../engine/tridiagonal.ts";
import type { Network } from "../network/network.ts";
import { biasTerm } from "../network/network.ts";
import { normalGenerator } from "../sampling/normal.ts";
import { HESSIAN_START_STREAM } from "../sampling/streams.ts";
import { meanOver } from "./evaluate.ts";
import { gradientTangent } from "./gradient.ts";
import type { ParameterVector } from "./parameters.ts";
import { innerProduct, plus, squaredLength, times } from "./parameters.ts";
import type { Pass } from "./program.ts";

/** H v, H the Hessian of the mean loss by θ. */
export function hessianProduct(whole: readonly Pass[], samples: number, v: ParameterVector): ParameterVector {
  return meanOver(whole, samples, (pass) => gradientTangent(pass, { kind: "shared", parameters: v }));
}

/** The cosine between ∇_θ mean ‖∇_θL_i‖² and ∇_θ mean ‖∇ₓL_i‖²; NaN where one of them is 0. @param whole with ∇ₓ. */
export function penaltyAlignment(whole: readonly Pass[], samples: number): number {
  const byParameters = meanOver(whole, samples, (pass) => gradientTangent(pass, { kind: "own" }));
  const byInputs = meanOver(whole, samples, (pass) =>
    gradientTangent(pass, { kind: "input", input: pass.pullback(1) }),
  );
  const product = innerProduct(byParameters, byInputs);
  return product / Math.sqrt(squaredLength(byParameters)) / Math.sqrt(squaredLength(byInputs));
}

export interface TopEigenvalue {
  /** The largest Ritz value: at most the largest eigenvalue, but for rounding. */
  readonly largest: number;
  /** ‖Hv − λv‖ of its vector: an eigenvalue lies within that of it. */
  readonly residual: number;
  /** Products. */
  readonly iterations: number;
}

const MOST_ITERATIONS = 48;
const WANTED = 1e-3;

/**
 * Lanczos' iteration from an addressed random vector, by its three terms alone: without reorthogonalisation copies of what has
 * converged come back, which the largest value does not mind (Paige 1980). It stops at a residual of 1e-3 of the value.
 */
export function topEigenvalue(network: Network, multiply: (v: ParameterVector) => ParameterVector): TopEigenvalue {
  const start = randomDirection(network);
  let q = times(1 / Math.sqrt(squaredLength(start)), start);
  let previous: ParameterVector | null = null;
  const alpha: number[] = [];
  const beta: number[] = [];
  for (;;) {
    let r = multiply(q);
    const a = innerProduct(q, r);
    r = plus(r, -a, q);
    if (previous !== null) r = plus(r, -(beta.at(-1) as number), previous);
    const b = Math.sqrt(squaredLength(r));
    alpha.push(a);
    beta.push(b);
    const iterations = alpha.length;
    if (!Number.isFinite(b)) return { largest: NaN, residual: NaN, iterations };
    const { value, vector } = largestPair(alpha, beta, iterations);
    const residual = b * Math.abs(vector[iterations - 1] as number);
    if (iterations === MOST_ITERATIONS || residual <= WANTED * Math.abs(value)) {
      return { largest: value, residual, iterations };
    }
    previous = q;
    q = times(1 / b, r);
  }
}

/** Normal numbers in θ's shape; 0 where a layer has no bias. */
function randomDirection({ layers }: Network): ParameterVector {
  const normal = normalGenerator(0, HESSIAN_START_STREAM, 0);
  return layers.map((layer) => ({
    weight: layer.weight.map(normal),
    bias: biasTerm(layer) === 1 ? layer.bias.map(normal) : layer.bias,
  }));
}
