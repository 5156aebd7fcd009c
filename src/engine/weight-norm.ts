/**
 * Proven brackets of a weight matrix's norms, on the host in f64 (MATH.md §3, "W_t, once per network").
 *
 * Lower end: ‖fl(Wv̂)‖ of an explicit vector v̂ (Lanczos on the Gram matrix of the smaller side), less its rounding.
 * Upper end: a Cholesky factorisation of ρ²I − G that succeeds in floating point proves λ_max(G) ≤ ρ² + c, c its rounding.
 * Roundings of these last formulas themselves (a dozen) are covered by the factors 1 ± 2⁻⁴⁸.
 */
import { ritzVector, settled } from "./krylov.ts";
import type { Interval } from "./interval.ts";
import { exponentOf, timesPowerOfTwo } from "./powers.ts";

const UNIT = 2 ** -53;
const UP = 1 + 2 ** -48;
const DOWN = 1 - 2 ** -48;

/** γ_k = ku/(1 − ku) in f64 (Higham, Accuracy and Stability, §3.1). */
function gamma(k: number): number {
  return (k * UNIT) / (1 - k * UNIT);
}

export interface WeightNorms {
  readonly spectral: Interval;
  readonly frobenius: Interval;
  /** ω ≥ ‖ |W| ‖₂. */
  readonly absolute: number;
}

/** Largest entries between these powers of two are taken as they are: no square of a number that counts leaves f64's range. */
const MODERATE = 300;

/**
 * @param values W, rows × columns, row-major, finite. What is far from 1 is scaled by a power of two first, so that no square under- or
 * overflows: what that makes subnormal lies 2^1000 below the largest entry, and is covered by the flush's share in `unscaled`.
 */
export function weightNorms(values: Float64Array, rows: number, columns: number): WeightNorms {
  const largest = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const exponent = largest > 0 ? exponentOf(largest) : 0;
  if (Math.abs(exponent) <= MODERATE) return moderateNorms(values, rows, columns);
  const scaled = values.map((v) => timesPowerOfTwo(v, -exponent));
  return unscaled(moderateNorms(scaled, rows, columns), exponent);
}

/** Norms times 2^exponent, ends rounded outwards by what leaving the normal numbers may cost: one of the smallest. */
function unscaled({ spectral, frobenius, absolute }: WeightNorms, exponent: number): WeightNorms {
  const up = (v: number): number => timesPowerOfTwo(v, exponent) + (v > 0 ? Number.MIN_VALUE : 0);
  const down = (v: number): number => Math.max(0, timesPowerOfTwo(v, exponent) - Number.MIN_VALUE);
  return {
    spectral: { lower: down(spectral.lower), upper: up(spectral.upper) },
    frobenius: { lower: down(frobenius.lower), upper: up(frobenius.upper) },
    absolute: up(absolute),
  };
}

function moderateNorms(values: Float64Array, rows: number, columns: number): WeightNorms {
  let sum = 0;
  for (const v of values) sum += v * v;
  if (sum === 0) return { spectral: { lower: 0, upper: 0 }, frobenius: { lower: 0, upper: 0 }, absolute: 0 };
  const slack = gamma(values.length + 2);
  const frobenius = { lower: Math.sqrt(sum * (1 - slack)) * DOWN, upper: Math.sqrt(sum * (1 + slack)) * UP };
  const absolute = Math.min(absoluteNorm(values, rows, columns), frobenius.upper);
  return { spectral: spectralBracket(values, rows, columns, absolute, frobenius.upper), frobenius, absolute };
}

/**
 * ω = √ of Collatz–Wielandt's max_i (|W|ᵀ|W|y)_i / y_i ≥ λ_max(|W|ᵀ|W|) for any y > 0; zero columns are left out (they
 * add nothing to the norm). Six steps of y ← |W|ᵀ|W|y. Every operation adds or multiplies nonnegative numbers: relative
 * error ≤ γ_{rows + columns + 2}.
 */
function absoluteNorm(values: Float64Array, rows: number, columns: number): number {
  let y = new Float64Array(columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) y[j] = (y[j] as number) + Math.abs(values[i * columns + j] as number);
  const alive = y.map((v) => (v > 0 ? 1 : 0));
  y = Float64Array.from(alive);
  let best = Infinity;
  for (let step = 0; step < 6; step++) {
    const next = new Float64Array(columns);
    for (let i = 0; i < rows; i++) {
      let dot = 0;
      for (let j = 0; j < columns; j++) dot += Math.abs(values[i * columns + j] as number) * (y[j] as number);
      for (let j = 0; j < columns; j++)
        next[j] = (next[j] as number) + Math.abs(values[i * columns + j] as number) * dot;
    }
    let worst = 0;
    let largest = 0;
    for (let j = 0; j < columns; j++) {
      if (alive[j] === 1) worst = Math.max(worst, (next[j] as number) / (y[j] as number));
      largest = Math.max(largest, next[j] as number);
    }
    if (worst > 0) best = Math.min(best, worst);
    for (let j = 0; j < columns; j++) y[j] = alive[j] === 1 ? Math.max((next[j] as number) / largest, 2 ** -200) : 0;
  }
  return Math.sqrt(best * (1 + gamma(rows + columns + 4))) * UP;
}

function spectralBracket(
  values: Float64Array,
  rows: number,
  columns: number,
  absolute: number,
  frobenius: number,
): Interval {
  if (rows === 1 || columns === 1) {
    // A vector: its spectral norm is its Euclidean one.
    let sum = 0;
    for (const v of values) sum += v * v;
    const slack = gamma(values.length + 2);
    return { lower: Math.sqrt(sum * (1 - slack)) * DOWN, upper: Math.sqrt(sum * (1 + slack)) * UP };
  }
  const small = Math.min(rows, columns);
  const inner = Math.max(rows, columns);
  const gram =
    rows <= columns ? gramOfRows(values, rows, columns) : gramOfRows(transpose(values, rows, columns), columns, rows);
  const vector = topEigenvector(gram, small);
  const lower = lowerEnd(values, rows, columns, absolute, vector);
  for (let excess = 1e-11; excess < 1; excess *= 10) {
    const upper = provenUpper(gram, small, inner, (lower * (1 + excess)) ** 2, absolute);
    if (upper !== null) return { lower, upper: Math.min(upper, absolute, frobenius) };
  }
  return { lower, upper: Math.min(absolute, frobenius) };
}

/**
 * √(ρ² + c) ≥ ‖W‖ where floating-point Cholesky of ρ²I − G runs to completion, null where it does not. Rump's criterion: success proves
 * that matrix + c₁I ⪰ 0, c₁ = γ_{n+2}/(1 − γ_{n+2}) tr, tr ≤ nρ²; forming G costs γ_inner ω². c = c₁ + that, and the shift's own rounding.
 * @param gram G = fl(WWᵀ) or fl(WᵀW), n × n; @param inner the length of its sums; @param square ρ²; @param absolute ω.
 */
export function provenUpper(
  gram: Float64Array,
  n: number,
  inner: number,
  square: number,
  absolute: number,
): number | null {
  const shifted = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) shifted[i * n + j] = -(gram[i * n + j] as number);
    shifted[i * n + i] = square - (gram[i * n + i] as number);
  }
  if (!choleskySucceeds(shifted, n)) return null;
  const g = gamma(n + 2);
  const rounding = (g / (1 - g)) * n * square + gamma(inner + 1) * absolute ** 2 + 4 * UNIT * square;
  return Math.sqrt(square + rounding) * UP;
}

/** WWᵀ of an m × n matrix: m × m, symmetric, row-major. */
export function gramOfRows(values: Float64Array, rows: number, columns: number): Float64Array {
  const gram = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++)
        sum += (values[i * columns + k] as number) * (values[j * columns + k] as number);
      gram[i * rows + j] = sum;
      gram[j * rows + i] = sum;
    }
  }
  return gram;
}

export function transpose(values: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j] as number;
  return result;
}

const VECTOR_STEPS = 400;

/** Lanczos with full reorthogonalisation until the Ritz value has an error of about 1e−13, or n steps. */
function topEigenvector(gram: Float64Array, n: number): Float64Array {
  const limit = Math.min(n, VECTOR_STEPS);
  const basis: Float64Array[] = [];
  const alpha: number[] = [];
  const beta: number[] = [];
  // A start with no symmetry: it need only not be orthogonal to the answer, and the bracket is proven in any case.
  let q: Float64Array = Float64Array.from({ length: n }, (_, i) => 1 + ((i * 0.6180339887498949) % 1));
  scale(q, 1 / Math.sqrt(dot(q, q)));
  for (let j = 0; j < limit; j++) {
    basis.push(q);
    const next = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += (gram[i * n + k] as number) * (q[k] as number);
      next[i] = sum;
    }
    alpha.push(dot(q, next));
    for (let pass = 0; pass < 2; pass++) {
      for (const b of basis) {
        const c = dot(b, next);
        for (let i = 0; i < n; i++) next[i] = (next[i] as number) - c * (b[i] as number);
      }
    }
    const length = Math.sqrt(dot(next, next));
    beta.push(length);
    if ((j < 32 || j % 8 === 0) && settled(alpha, beta, j + 1, 1e-13)) break;
    scale(next, 1 / length);
    q = next;
  }
  const coefficients = ritzVector(alpha, beta, alpha.length);
  const vector = new Float64Array(n);
  basis.forEach((b, j) => {
    for (let i = 0; i < n; i++) vector[i] = (vector[i] as number) + (coefficients[j] as number) * (b[i] as number);
  });
  return vector;
}

/** L = (‖fl(Wv̂)‖(1 − γ_{m+1}) − γ_n ω ‖v̂‖(1 + γ_{n+1})) / (‖v̂‖(1 + γ_{n+1})) for W m × n (MATH.md §3). */
function lowerEnd(values: Float64Array, rows: number, columns: number, absolute: number, vector: Float64Array): number {
  const transposed = rows <= columns; // then the Gram was WWᵀ and the vector lives in R^rows
  const length = transposed ? rows : columns;
  const other = transposed ? columns : rows;
  const image = new Float64Array(other);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const w = values[i * columns + j] as number;
      if (transposed) image[j] = (image[j] as number) + w * (vector[i] as number);
      else image[i] = (image[i] as number) + w * (vector[j] as number);
    }
  }
  const norm = Math.sqrt(dot(vector, vector)) * (1 + gamma(length + 1));
  const numerator = Math.sqrt(dot(image, image)) * (1 - gamma(other + 1)) - gamma(length) * absolute * norm;
  return Math.max(0, (numerator / norm) * DOWN);
}

/** True when floating-point Cholesky of the lower triangle runs to completion (overwrites it). */
function choleskySucceeds(a: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (a[i * n + k] as number) * (a[j * n + k] as number);
      if (i === j) {
        if (!(sum > 0)) return false;
        a[j * n + j] = Math.sqrt(sum);
      } else {
        a[i * n + j] = sum / (a[j * n + j] as number);
      }
    }
  }
  return true;
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (y[i] as number);
  return sum;
}

function scale(x: Float64Array, factor: number): void {
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) * factor;
}
