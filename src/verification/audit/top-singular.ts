/**
 * The largest eigenvalue of a symmetric positive semidefinite operator by Lanczos with every vector orthogonalised against all before it
 * (Parlett, The Symmetric Eigenvalue Problem, ch. 13), in f64: the audit's own, for ‖J_t‖ of a sample and for the norms of a plan.
 */
import { dotProduct, euclidean } from "./vectors.ts";

export interface TopPair {
  /** The largest Ritz value, a lower bound of the eigenvalue but for rounding. */
  readonly value: number;
  /** How far it may be below an eigenvalue: min(ρ, ρ²/(θ₁ − θ₂)), ρ the residual. */
  readonly error: number;
  readonly steps: number;
  /** Its vector, of length 1. */
  readonly vector: Float64Array;
}

/** Steps after which it is asked whether the value has settled. */
const QUESTIONS: readonly number[] = [8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 160, 200];
export const MOST_STEPS = QUESTIONS.at(-1) ?? 1;

/** Memory for so many vectors of a dimension, used again by each call. */
export interface TopWorkspace {
  readonly basis: Float64Array;
  readonly image: Float64Array;
}

export function topWorkspace(dimension: number): TopWorkspace {
  const steps = Math.min(dimension, MOST_STEPS);
  return { basis: new Float64Array(dimension * (steps + 1)), image: new Float64Array(dimension) };
}

/**
 * @param apply writes A x into y. @param start of length n, not zero. @param accuracy relative, of the eigenvalue, at which it stops.
 * @param most steps, at most. @param exact relative, of the eigenvalues of what was made.
 */
export function topPair(
  apply: (x: Float64Array, y: Float64Array) => void,
  start: Float64Array,
  accuracy: number,
  { basis, image }: TopWorkspace,
  most = MOST_STEPS,
  exact = EXACT,
): TopPair {
  const n = start.length;
  const limit = Math.min(n, most, MOST_STEPS);
  const q = (j: number): Float64Array => basis.subarray(j * n, (j + 1) * n);
  const r = image.subarray(0, n);
  /** r without its part along q_j. */
  const withoutPart = (j: number): void => {
    let part = 0;
    for (let i = 0, o = j * n; i < n; i++, o++) part += (basis[o] as number) * (r[i] as number);
    for (let i = 0, o = j * n; i < n; i++, o++) r[i] = (r[i] as number) - part * (basis[o] as number);
  };
  const alpha: number[] = [];
  const beta: number[] = [];
  scaleInto(q(0), start, 1 / euclidean(start));
  for (let steps = 1; ; steps++) {
    const own = q(steps - 1);
    apply(own, r);
    alpha.push(dotProduct(own, r));
    // Twice is enough (Parlett, §6.9).
    for (let pass = 0; pass < 2; pass++) for (let j = steps - 1; j >= 0; j--) withoutPart(j);
    const length = euclidean(r);
    beta.push(length);
    const over = steps >= limit || !(length > 2 ** -48 * (alpha[0] as number)) || !Number.isFinite(length);
    if (over || QUESTIONS.includes(steps)) {
      const { value, second, last, vector } = largestRitz(alpha, beta, steps, exact);
      const residual = length * Math.abs(last);
      const error = Math.min(residual, (residual * residual) / Math.max(value - second, 2 ** -60 * value));
      if (over || error <= accuracy * value) {
        const combined = new Float64Array(n);
        for (let j = 0; j < steps; j++) {
          const [factor, other] = [vector[j] as number, q(j)];
          for (let i = 0; i < n; i++) combined[i] = (combined[i] as number) + factor * (other[i] as number);
        }
        return { value, error: Number.isNaN(error) ? Infinity : error, steps, vector: combined };
      }
    }
    scaleInto(q(steps), r, 1 / length);
  }
}

function scaleInto(target: Float64Array, x: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (x[i] as number) * factor;
}

/** The two largest eigenvalues of the tridiagonal T_k by bisection on Sturm counts, and the vector of the first, of length 1. */
export function largestRitz(
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  k: number,
  exact = EXACT,
  exactSecond = exact,
): { value: number; second: number; last: number; vector: Float64Array } {
  if (k === 1) return { value: alpha[0] as number, second: 0, last: 1, vector: Float64Array.of(1) };
  let [lower, upper] = [0, 0];
  for (let j = 0; j < k; j++) {
    lower = Math.max(lower, alpha[j] as number);
    const around = (j > 0 ? (beta[j - 1] as number) : 0) + (j < k - 1 ? (beta[j] as number) : 0);
    upper = Math.max(upper, (alpha[j] as number) + around);
  }
  const value = bisected(alpha, beta, k, 1, lower * (1 - 2 ** -50), upper, exact);
  const second = bisected(alpha, beta, k, 2, 0, value, exactSecond);
  const vector = ritzVector(alpha, beta, k, value);
  return { value, second, last: vector[k - 1] as number, vector };
}

/** How near bisection comes to an eigenvalue, of its upper end. */
const EXACT = 2 ** -50;

/** The least x with fewer than `rank` eigenvalues above it, within `exact` of `to`. */
function bisected(
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  k: number,
  rank: number,
  from: number,
  to: number,
  exact: number,
): number {
  let [low, high] = [from, to];
  for (let step = 0; step < 80; step++) {
    const middle = low + (high - low) / 2;
    if (!(high - low > exact * to)) break;
    if (countAbove(alpha, beta, k, middle) >= rank) low = middle;
    else high = middle;
  }
  return high;
}

/** How many eigenvalues of T_k lie above x: positive pivots of T_k − xI. */
function countAbove(alpha: ArrayLike<number>, beta: ArrayLike<number>, k: number, x: number): number {
  let count = 0;
  let pivot = 1;
  for (let j = 0; j < k; j++) {
    const b = j === 0 ? 0 : (beta[j - 1] as number);
    pivot = (alpha[j] as number) - x - (b * b) / pivot;
    if (pivot === 0) pivot = -Number.MIN_VALUE;
    if (pivot > 0) count++;
  }
  return count;
}

/**
 * The eigenvector at θ, of length 1: row r of (T_k − θI)s is left open, where by the pivots from above and from below it is nearest to 0, and s
 * is solved for from s_r = 1 to both ends (twisted factorisation; Dhillon and Parlett 2004).
 */
function ritzVector(alpha: ArrayLike<number>, beta: ArrayLike<number>, k: number, theta: number): Float64Array {
  const off = (j: number): number => (j < 0 || j >= k - 1 ? 0 : (beta[j] as number));
  const nonzero = (d: number): number => (d === 0 ? 2 ** -60 * theta : d);
  const [above, below] = [new Float64Array(k), new Float64Array(k)];
  for (let j = 0; j < k; j++) {
    const before = j === 0 ? 0 : off(j - 1) ** 2 / (above[j - 1] as number);
    above[j] = nonzero((alpha[j] as number) - theta - before);
  }
  for (let j = k - 1; j >= 0; j--) {
    const after = j === k - 1 ? 0 : off(j) ** 2 / (below[j + 1] as number);
    below[j] = nonzero((alpha[j] as number) - theta - after);
  }
  let open = 0;
  const left = (j: number): number =>
    Math.abs((above[j] as number) + (below[j] as number) - ((alpha[j] as number) - theta));
  for (let j = 1; j < k; j++) if (left(j) < left(open)) open = j;
  const s = new Float64Array(k);
  s[open] = 1;
  for (let j = open - 1; j >= 0; j--) s[j] = (-off(j) / (above[j] as number)) * (s[j + 1] as number);
  for (let j = open + 1; j < k; j++) s[j] = (-off(j - 1) / (below[j] as number)) * (s[j - 1] as number);
  const length = euclidean(s);
  for (let j = 0; j < k; j++) s[j] = (s[j] as number) / length;
  return s;
}
