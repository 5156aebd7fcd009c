/** A top eigenvector of a positive semidefinite matrix in f64: Lanczos with full reorthogonalisation, from a random start. */
import { exhausted, ritzVector, settled } from "../krylov.ts";
import { uniformSigned, wordsAt } from "../../sampling/philox.ts";
import { NORM_START_STREAM } from "../../sampling/streams.ts";

/** Most steps: each costs n² and makes the next one dearer; a start that has come near goes on better anew. */
const STEP_LIMIT = 400;

/**
 * A random start: n uniforms on [−1, 1) at the address (0, NORM_START_STREAM, index). No fixed structured vector will do: 1 + frac(0.618 i)
 * is orthogonal to the top eigenvector of a tenth of the small matrices with integer entries.
 */
export function randomStart(index: number, n: number): Float64Array {
  return Float64Array.from(wordsAt(0, NORM_START_STREAM, index, n), uniformSigned);
}

/**
 * A unit vector whose Rayleigh quotient is λ_max(A), relatively within about 2 · `accuracy`, unless the start was all but orthogonal to
 * the top eigenvectors. The quotient is at least the start's.
 * @param a n × n, row-major, symmetric positive semidefinite. @param start of length n, not zero.
 */
export function topEigenvector(a: Float64Array, n: number, start: Float64Array, accuracy: number): Float64Array {
  return topOf((x) => multiply(a, n, x), start, accuracy, STEP_LIMIT);
}

/** The same of an operator x ↦ A x, after `limit` steps at most. */
export function topOf(
  apply: (x: Float64Array) => Float64Array,
  start: Float64Array,
  accuracy: number,
  limit: number,
): Float64Array {
  const n = start.length;
  const basis: Float64Array[] = [];
  const alpha: number[] = [];
  const beta: number[] = [];
  let largest = 0;
  let q = normalised(start);
  for (let j = 1; ; j++) {
    basis.push(q);
    const next = apply(q);
    alpha.push(dot(q, next));
    largest = Math.max(largest, alpha.at(-1) as number);
    for (let pass = 0; pass < 2; pass++) for (const b of basis) addScaled(next, -dot(b, next), b);
    beta.push(Math.sqrt(dot(next, next)));
    if (j >= Math.min(n, limit) || exhausted(largest, beta.at(-1) as number, 2 ** -53)) break;
    if ((j < 32 || j % 8 === 0) && settled(alpha, beta, j, accuracy) !== null) break;
    q = normalised(next);
  }
  const coefficients = ritzVector(alpha, beta, alpha.length);
  const vector = new Float64Array(n);
  basis.forEach((b, j) => addScaled(vector, coefficients[j] as number, b));
  return normalised(vector);
}

/** A x, four rows at a time. */
function multiply(a: Float64Array, n: number, x: Float64Array): Float64Array {
  const y = new Float64Array(n);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const [r0, r1, r2, r3] = [i * n, (i + 1) * n, (i + 2) * n, (i + 3) * n];
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let k = 0; k < n; k++) {
      const v = x[k] as number;
      s0 += (a[r0 + k] as number) * v;
      s1 += (a[r1 + k] as number) * v;
      s2 += (a[r2 + k] as number) * v;
      s3 += (a[r3 + k] as number) * v;
    }
    y[i] = s0;
    y[i + 1] = s1;
    y[i + 2] = s2;
    y[i + 3] = s3;
  }
  for (; i < n; i++) {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += (a[i * n + k] as number) * (x[k] as number);
    y[i] = sum;
  }
  return y;
}

export function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (y[i] as number);
  return sum;
}

function addScaled(x: Float64Array, factor: number, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) + factor * (y[i] as number);
}

function normalised(x: Float64Array): Float64Array {
  const length = Math.sqrt(dot(x, x));
  return x.map((v) => v / length);
}
