/**
 * The largest eigenvalue and its vector of a symmetric tridiagonal matrix T, and how many eigenvalues lie above a number: each from the
 * pivots of x − T = L D Lᵀ, in O(n).
 *
 * The eigenvalue by Laguerre's iteration on det(x − T) from above, which comes down to it without passing it (Parlett, The Symmetric
 * Eigenvalue Problem, ch. 8); the vector by the twisted factorisation at it (Dhillon and Parlett, Multiple representations to compute
 * orthogonal eigenvectors of symmetric tridiagonal matrices, 2004).
 */

export interface LargestPair {
  readonly value: number;
  /** v_1 … v_n, ‖v‖ = 1, then anything; overwritten by the next call. */
  readonly vector: Float64Array;
}

/**
 * @param alpha the diagonal α_1 … α_n, @param beta the off-diagonal β_1 … β_{n−1}; each may be longer. Their squares must be within
 * f64's range. Where an entry is not finite, neither is the vector.
 */
export function largestPair(alpha: ArrayLike<number>, beta: ArrayLike<number>, n: number): LargestPair {
  if (scratch.length < n) [scratch, forward, backward] = [room(n), room(n), room(n)];
  const top = upperEnd(alpha, beta, n);
  if (!Number.isFinite(top)) return { value: NaN, vector: scratch.fill(NaN) };
  const value = n === 1 ? top : largestEigenvalue(alpha, beta, n, top);
  return { value, vector: eigenvector(alpha, beta, n, value) };
}

/** Eigenvalues above x: pivots of x − T below 0. */
export function eigenvaluesAbove(alpha: ArrayLike<number>, beta: ArrayLike<number>, n: number, x: number): number {
  let above = 0;
  let d = 1;
  for (let k = 0; k < n; k++) {
    const b = k === 0 ? 0 : (beta[k - 1] as number);
    d = x - (alpha[k] as number) - (b * b) / d;
    if (d === 0) d = -Number.MIN_VALUE;
    if (d < 0) above++;
  }
  return above;
}

/** No eigenvalue is above the largest α_k + β_{k−1} + β_k (Gershgorin). NaN or ±Infinity where an entry is. */
function upperEnd(alpha: ArrayLike<number>, beta: ArrayLike<number>, n: number): number {
  let top = -Infinity;
  let before = 0;
  for (let k = 0; k < n; k++) {
    const after = k < n - 1 ? Math.abs(beta[k] as number) : 0;
    top = Math.max(top, (alpha[k] as number) + before + after);
    before = after;
  }
  return top;
}

/** A step that changes no more than this of the eigenvalue is the last. */
const LAST_STEP = 2 ** -50;
/** From 3 to 8 are needed; many where the eigenvalue is a multiple one but for rounding. */
const MOST_STEPS = 100;

function largestEigenvalue(alpha: ArrayLike<number>, beta: ArrayLike<number>, n: number, top: number): number {
  let x = top;
  for (let step = 0; step < MOST_STEPS; step++) {
    // The pivot d of det(x − T) = Π d, with its first and second derivative, and the logarithmic derivatives' sums.
    let inverse = 0;
    let first = 0;
    let second = 0;
    let G = 0;
    let H = 0;
    for (let k = 0; k < n; k++) {
      const b = k === 0 ? 0 : (beta[k - 1] as number);
      const t = b * b * inverse;
      const u = t * inverse;
      const d = x - (alpha[k] as number) - t;
      // Only rounding brings x down to the eigenvalue.
      if (!(d > 0)) return x;
      second = u * (second - 2 * inverse * first * first);
      first = 1 + u * first;
      inverse = 1 / d;
      const g = first * inverse;
      G += g;
      H += g * g - second * inverse;
    }
    const change = n / (G + Math.sqrt(Math.max(0, (n - 1) * (n * H - G * G))));
    const next = x - change;
    if (!(change > LAST_STEP * Math.abs(x))) return next < x ? next : x;
    x = next;
  }
  return x;
}

/** Kept from call to call: there are several of each sample. */
let [scratch, forward, backward] = [room(128), room(128), room(128)];

function room(n: number): Float64Array {
  return new Float64Array(2 * n);
}

/** (x − T) s = γ e_k with |γ| as small as it can be, of length 1. */
function eigenvector(alpha: ArrayLike<number>, beta: ArrayLike<number>, n: number, x: number): Float64Array {
  const off = (k: number): number => beta[k] as number;
  let d = 1;
  for (let k = 0; k < n; k++) {
    const b = k === 0 ? 0 : off(k - 1);
    d = nonzero(x - (alpha[k] as number) - (b * b) / d);
    forward[k] = d;
  }
  d = 1;
  let twist = n - 1;
  let least = Infinity;
  for (let k = n - 1; k >= 0; k--) {
    const b = k === n - 1 ? 0 : off(k);
    const own = x - (alpha[k] as number);
    d = nonzero(own - (b * b) / d);
    backward[k] = d;
    const gamma = Math.abs((forward[k] as number) + d - own);
    if (gamma < least) [least, twist] = [gamma, k];
  }
  const s = scratch;
  s[twist] = 1;
  let square = 1;
  for (let k = twist - 1; k >= 0; k--) {
    const own = (off(k) / (forward[k] as number)) * (s[k + 1] as number);
    s[k] = own;
    square += own * own;
  }
  for (let k = twist + 1; k < n; k++) {
    const own = (off(k - 1) / (backward[k] as number)) * (s[k - 1] as number);
    s[k] = own;
    square += own * own;
  }
  const length = Math.sqrt(square);
  for (let k = 0; k < n; k++) s[k] = (s[k] as number) / length;
  return s;
}

/** A pivot that may be divided by. */
function nonzero(d: number): number {
  return d === 0 ? 2 ** -500 : d;
}
