/**
 * The largest eigenvalue of a symmetric positive semidefinite operator by Lanczos with every vector orthogonalised against all before it
 * (Parlett, The Symmetric Eigenvalue Problem, ch. 13), in f64: the audit's own, for ‖J_t‖ of a sample and for the norms of a plan.
 */
import type { Basis } from "./basis.ts";
import { basisOfThread } from "./basis.ts";
import type { RitzWorkspace } from "./tridiagonal.ts";
import { largestRitz, ritzWorkspace } from "./tridiagonal.ts";
import { dotProduct, euclidean } from "./vectors.ts";

export interface TopPair {
  /** The largest Ritz value, a lower bound of the eigenvalue but for rounding. */
  readonly value: number;
  /** How far it may be below an eigenvalue: min(ρ, ρ²/(θ₁ − θ₂)), ρ the residual. */
  readonly error: number;
  readonly steps: number;
}

/** Steps after which it is asked whether the value has settled. */
const QUESTIONS: readonly number[] = [8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 160, 200];
export const MOST_STEPS = QUESTIONS.at(-1) ?? 1;

/** Memory for a search in so many dimensions, used again by each call; its vectors are the thread's (basis.ts). */
export interface TopWorkspace {
  readonly basis: Basis;
  readonly own: readonly [Float64Array, Float64Array];
  readonly alpha: Float64Array;
  readonly beta: Float64Array;
  readonly ritz: RitzWorkspace;
}

export function topWorkspace(dimension: number): TopWorkspace {
  const steps = Math.min(dimension, MOST_STEPS);
  const numbers = (count: number): Float64Array => new Float64Array(count);
  return {
    ...{ basis: basisOfThread(), own: [numbers(dimension), numbers(dimension)] },
    ...{ alpha: numbers(steps), beta: numbers(steps), ritz: ritzWorkspace(steps) },
  };
}

/**
 * @param apply writes A x into y. @param start of length n, not zero. @param accuracy relative, of the eigenvalue, at which it stops.
 * @param most steps, at most. @param exact relative, of the eigenvalues of what was made.
 */
export function topPair(
  apply: (x: Float64Array, y: Float64Array) => void,
  start: Float64Array,
  accuracy: number,
  { basis, own, alpha, beta, ritz }: TopWorkspace,
  most = MOST_STEPS,
  exact?: number,
): TopPair {
  const n = start.length;
  const limit = Math.min(n, most, MOST_STEPS);
  const r = basis.begin(n, limit);
  let [q, previous] = [own[0].subarray(0, n), own[1].subarray(0, n).fill(0)];
  basis.keep(0, start, euclidean(start), q);
  for (let steps = 1; ; steps++) {
    apply(q, r);
    const a = dotProduct(q, r);
    alpha[steps - 1] = a;
    const before = steps > 1 ? (beta[steps - 2] as number) : 0;
    for (let i = 0; i < n; i++) r[i] = (r[i] as number) - a * (q[i] as number) - before * (previous[i] as number);
    // By the three terms r is orthogonal to all but for rounding; without what that left of each it is so to working accuracy (Parlett, §6.9).
    basis.orthogonalise(steps);
    const length = euclidean(r);
    beta[steps - 1] = length;
    const over = steps >= limit || !(length > 2 ** -48 * (alpha[0] as number)) || !Number.isFinite(length);
    if (over || QUESTIONS.includes(steps)) {
      const { value, second, last } = largestRitz(alpha, beta, steps, exact, exact, ritz);
      const residual = length * Math.abs(last);
      const error = Math.min(residual, (residual * residual) / Math.max(value - second, 2 ** -60 * value));
      if (over || error <= accuracy * value) return { value, error: Number.isNaN(error) ? Infinity : error, steps };
    }
    [q, previous] = [previous, q];
    basis.keep(steps, r, length, q);
  }
}

/** The vector of the pair that was found last in this thread, of length 1. */
export function topVector({ steps }: TopPair, n: number, { basis, ritz }: TopWorkspace): Float64Array {
  const vector = new Float64Array(n);
  for (let j = 0; j < steps; j++) {
    const part = ritz.vector[j] as number;
    for (let i = 0; i < n; i++) vector[i] = (vector[i] as number) + part * basis.entry(j, i);
  }
  return vector;
}
