/**
 * The top of a symmetric tridiagonal T_k with coefficients α_1 … α_k and β_1 … β_{k−1}: its two largest eigenvalues and the vector of the first.
 * An eigenvalue is where Laguerre's steps from above end, if counts of T_k's eigenvalues on both sides say so; else bisection on those counts.
 */
import { euclidean } from "./vectors.ts";

/** Memory for a T_k, used again by each call. */
export interface RitzWorkspace {
  readonly vector: Float64Array;
  readonly above: Float64Array;
  readonly below: Float64Array;
}

export function ritzWorkspace(steps: number): RitzWorkspace {
  const numbers = (): Float64Array => new Float64Array(steps);
  return { vector: numbers(), above: numbers(), below: numbers() };
}

export interface TopRitz {
  readonly value: number;
  readonly second: number;
  /** The vector's last entry. */
  readonly last: number;
  /** Of length 1, its first k numbers; in the memory that was given. */
  readonly vector: Float64Array;
}

/** How near it is come to an eigenvalue, of its upper end. */
const EXACT = 2 ** -50;

/** @param beta at least k − 1 of them. @param exact relative, of θ_1, to which it is found, and θ_2. */
export function largestRitz(
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  k: number,
  exact = EXACT,
  exactSecond = exact,
  work = ritzWorkspace(k),
): TopRitz {
  if (k === 1) {
    work.vector[0] = 1;
    return { value: alpha[0] as number, second: 0, last: 1, vector: work.vector };
  }
  let lower = 0;
  let upper = 0;
  for (let j = 0; j < k; j++) {
    lower = Math.max(lower, alpha[j] as number);
    const around = (j > 0 ? (beta[j - 1] as number) : 0) + (j < k - 1 ? (beta[j] as number) : 0);
    upper = Math.max(upper, (alpha[j] as number) + around);
  }
  const value = eigenvalue(alpha, beta, k, 1, lower * (1 - 2 ** -50), upper, exact, NaN);
  const second = eigenvalue(alpha, beta, k, 2, 0, value, exactSecond, value);
  writeVector(alpha, beta, k, value, work);
  return { value, second, last: work.vector[k - 1] as number, vector: work.vector };
}

/** The least x with fewer than `rank` eigenvalues above it, within `exact` of `to`. @param known the eigenvalue above it; NaN for none. */
function eigenvalue(
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  k: number,
  rank: number,
  from: number,
  to: number,
  exact: number,
  known: number,
): number {
  let low = from;
  let high = to;
  const guess = descend(alpha, beta, k, to, exact * to, known);
  for (let width = exact * to; width <= 64 * exact * to; width *= 64) {
    const under = guess - width;
    const over = guess + width;
    if (over < high && countAbove(alpha, beta, k, over) < rank) high = over;
    if (under > low && under < high && countAbove(alpha, beta, k, under) >= rank) low = under;
    if (high - low <= 2 * width) break;
  }
  for (let step = 0; step < 80; step++) {
    const middle = low + (high - low) / 2;
    if (!(high - low > exact * to)) break;
    if (countAbove(alpha, beta, k, middle) >= rank) low = middle;
    else high = middle;
  }
  return high;
}

/** Laguerre's steps of one descent: from above they do not pass a root, and beside a simple one each cubes its error. */
const DESCENT = 16;

/**
 * Laguerre's method from above on p(x) = det(xI − T_k), or on p(x)/(x − known), of which all n roots are real (Parlett, §7; Wilkinson, ch. 7): with
 * S = Σ 1/(x − x_i) = p′/p and R = Σ 1/(x − x_i)² = −S′ a step is n/(S + √((n − 1)(nR − S²))). Both are sums over the pivots of T_k − xI, whose
 * derivatives are made each from the one before. What it gives is a guess.
 */
function descend(
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  k: number,
  from: number,
  enough: number,
  known: number,
): number {
  const isDeflated = !Number.isNaN(known);
  const n = isDeflated ? k - 1 : k;
  // A deflated root is looked for from beyond the known one, beside which the quotient is all rounding.
  let x = isDeflated ? from + from * 2 ** -6 : from;
  let before = 0;
  for (let step = 0; step < DESCENT; step++) {
    let inverse = 1 / (x - (alpha[0] as number));
    let first = 1;
    let second = 0;
    let sum = inverse;
    let squares = inverse * inverse;
    for (let j = 1; j < k; j++) {
      const off = beta[j - 1] as number;
      const b = off * inverse;
      const square = b * b;
      second = square * (second - 2 * first * first * inverse);
      first = 1 + square * first;
      inverse = 1 / (x - (alpha[j] as number) - off * b);
      const share = first * inverse;
      sum += share;
      squares += share * share - second * inverse;
    }
    if (isDeflated) {
      const own = 1 / (x - known);
      sum -= own;
      squares -= own * own;
    }
    const change = n / (sum + Math.sqrt(Math.max(0, (n - 1) * (n * squares - sum * sum))));
    x -= change;
    const shrunk = Math.abs(change / before);
    // What the next step would be, at least as small beside this one as this beside the last.
    if (!(Math.abs(change) * shrunk * shrunk > enough)) break;
    before = change;
  }
  return x;
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
function writeVector(
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  k: number,
  theta: number,
  { vector, above, below }: RitzWorkspace,
): void {
  const s = vector.subarray(0, k);
  const tiny = 2 ** -60 * theta;
  for (let j = 0; j < k; j++) {
    const b = j === 0 ? 0 : (beta[j - 1] as number);
    const pivot = (alpha[j] as number) - theta - (j === 0 ? 0 : (b * b) / (above[j - 1] as number));
    above[j] = pivot === 0 ? tiny : pivot;
  }
  for (let j = k - 1; j >= 0; j--) {
    const b = j === k - 1 ? 0 : (beta[j] as number);
    const pivot = (alpha[j] as number) - theta - (j === k - 1 ? 0 : (b * b) / (below[j + 1] as number));
    below[j] = pivot === 0 ? tiny : pivot;
  }
  let open = 0;
  let least = Infinity;
  for (let j = 0; j < k; j++) {
    const left = Math.abs((above[j] as number) + (below[j] as number) - ((alpha[j] as number) - theta));
    if (!(left < least)) continue;
    least = left;
    open = j;
  }
  s[open] = 1;
  for (let j = open - 1; j >= 0; j--) s[j] = (-(beta[j] as number) / (above[j] as number)) * (s[j + 1] as number);
  for (let j = open + 1; j < k; j++) s[j] = (-(beta[j - 1] as number) / (below[j] as number)) * (s[j - 1] as number);
  const length = euclidean(s);
  for (let j = 0; j < k; j++) s[j] = (s[j] as number) / length;
}
