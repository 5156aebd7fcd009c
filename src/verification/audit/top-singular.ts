/**
 * The largest eigenvalue of a symmetric positive semidefinite operator by Lanczos with every vector orthogonalised against all before it
 * (Parlett, The Symmetric Eigenvalue Problem, ch. 13), in f64: the audit's own, for ‖J_t‖ of a sample and for the norms of a plan.
 */
import type { RitzWorkspace } from "./tridiagonal.ts";
import { largestRitz, ritzWorkspace } from "./tridiagonal.ts";
import { dotProduct, euclidean, multiply, multiplyTransposed, subtractTransposed } from "./vectors.ts";

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

/** Memory for so many vectors of a dimension, used again by each call. */
export interface TopWorkspace {
  readonly basis: Float64Array;
  readonly image: Float64Array;
  readonly own: Float64Array;
  readonly alpha: Float64Array;
  readonly beta: Float64Array;
  readonly parts: Float64Array;
  readonly ritz: RitzWorkspace;
}

export function topWorkspace(dimension: number): TopWorkspace {
  const steps = Math.min(dimension, MOST_STEPS);
  const numbers = (count: number): Float64Array => new Float64Array(count);
  return {
    ...{ basis: numbers(dimension * (steps + 1)), image: numbers(dimension), own: numbers(dimension) },
    ...{ alpha: numbers(steps), beta: numbers(steps), parts: numbers(steps), ritz: ritzWorkspace(steps) },
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
  { basis, image, own, alpha, beta, parts, ritz }: TopWorkspace,
  most = MOST_STEPS,
  exact?: number,
): TopPair {
  const n = start.length;
  const limit = Math.min(n, most, MOST_STEPS);
  const [r, q] = [image.subarray(0, n), own.subarray(0, n)];
  /** q_{j+1} = x/‖x‖. */
  const keep = (j: number, x: Float64Array, length: number): void => {
    for (let i = 0, o = j * n; i < n; i++, o++) basis[o] = q[i] = (x[i] as number) / length;
  };
  keep(0, start, euclidean(start));
  for (let steps = 1; ; steps++) {
    apply(q, r);
    const a = dotProduct(q, r);
    alpha[steps - 1] = a;
    const before = steps > 1 ? (beta[steps - 2] as number) : 0;
    const o = Math.max(0, steps - 2) * n;
    for (let i = 0; i < n; i++) r[i] = (r[i] as number) - a * (q[i] as number) - before * (basis[o + i] as number);
    // By the three terms r is orthogonal to all but for rounding; without what that left of each it is so to working accuracy (Parlett, §6.9).
    multiply(basis, steps, n, r, parts);
    subtractTransposed(basis, steps, n, parts, r);
    const length = euclidean(r);
    beta[steps - 1] = length;
    const over = steps >= limit || !(length > 2 ** -48 * (alpha[0] as number)) || !Number.isFinite(length);
    if (over || QUESTIONS.includes(steps)) {
      const { value, second, last } = largestRitz(alpha, beta, steps, exact, exact, ritz);
      const residual = length * Math.abs(last);
      const error = Math.min(residual, (residual * residual) / Math.max(value - second, 2 ** -60 * value));
      if (over || error <= accuracy * value) return { value, error: Number.isNaN(error) ? Infinity : error, steps };
    }
    keep(steps, r, length);
  }
}

/** The vector of the pair that was found last in this memory, of length 1. */
export function topVector({ steps }: TopPair, n: number, { basis, ritz }: TopWorkspace): Float64Array {
  const vector = new Float64Array(n);
  multiplyTransposed(basis, steps, n, ritz.vector, vector);
  return vector;
}
