/**
 * Proven brackets of a weight matrix's norms, on the host in f64 (MATH.md §3, "W_t, once per network").
 *
 * Lower end: ‖fl(Wv̂)‖ of an explicit vector v̂ (Lanczos on the Gram matrix of the smaller side), less its rounding.
 * Upper end: a Cholesky factorisation of ρ²I − G that succeeds in floating point proves λ_max(G) ≤ ρ² + c, c its rounding.
 * Where it fails ρ was too small, and the direction that shows so leads to a better v̂: the two ends meet, whatever the matrix.
 * Roundings of these last formulas themselves (a dozen) are covered by the factors 1 ± 2⁻⁴⁸.
 */
import { choleskyInPlace, choleskyRoundings, negativeDirection } from "./dense/cholesky.ts";
import { gramOfRows, gramRoundings, transpose } from "./dense/gram.ts";
import { dot, randomStart, topEigenvector } from "./dense/top-eigenvector.ts";
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
  /** v̂ of the lower end: as long as the smaller side, and the left one of the two where they are equal. */
  readonly vector: Float64Array;
  /** fl(WWᵀ) where it was made on the way (rows ≤ columns, both above 1); else null. */
  readonly gram: Float64Array | null;
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
function unscaled({ spectral, frobenius, absolute, vector }: WeightNorms, exponent: number): WeightNorms {
  const up = (v: number): number => timesPowerOfTwo(v, exponent) + (v > 0 ? Number.MIN_VALUE : 0);
  const down = (v: number): number => Math.max(0, timesPowerOfTwo(v, exponent) - Number.MIN_VALUE);
  return {
    spectral: { lower: down(spectral.lower), upper: up(spectral.upper) },
    frobenius: { lower: down(frobenius.lower), upper: up(frobenius.upper) },
    absolute: up(absolute),
    vector,
    gram: null,
  };
}

function moderateNorms(values: Float64Array, rows: number, columns: number): WeightNorms {
  const none = { lower: 0, upper: 0 };
  const frobenius = frobeniusBracket(values);
  if (frobenius.upper === 0) {
    return {
      spectral: none,
      frobenius: none,
      absolute: 0,
      vector: new Float64Array(Math.min(rows, columns)),
      gram: null,
    };
  }
  const absolute = Math.min(absoluteNorm(values, rows, columns), frobenius.upper);
  return { frobenius, absolute, ...spectralBracket(values, rows, columns, absolute, frobenius) };
}

/** Brackets for the price of reading W: ‖W‖₂ between the longest row and ‖W‖_F. */
export function cheapNorms(values: Float64Array, rows: number, columns: number): Omit<WeightNorms, "gram"> {
  const frobenius = frobeniusBracket(values);
  let longest = 0;
  for (let i = 0; i < rows; i++)
    longest = Math.max(longest, frobeniusBracket(values.subarray(i * columns, (i + 1) * columns)).lower);
  const vector = new Float64Array(Math.min(rows, columns));
  return { frobenius, spectral: { lower: longest, upper: frobenius.upper }, absolute: frobenius.upper, vector };
}

/** ‖W‖_F within γ_{mn+2} of its square. */
export function frobeniusBracket(values: Float64Array): Interval {
  let sum = 0;
  for (const v of values) sum += v * v;
  const slack = gamma(values.length + 2);
  return { lower: Math.sqrt(sum * (1 - slack)) * DOWN, upper: Math.sqrt(sum * (1 + slack)) * UP };
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

/** Relative width that a bracket of ‖W‖₂ is proven to, where rounding allows it: with `ROOMY` rows or columns at most it does. */
const ACCURACY = 1e-9;
const ROOMY = 3000;
/** Attempts at an upper end before the cheap bounds must do. */
const ATTEMPTS = 16;

/**
 * Relative width of the bracket of ‖W‖₂ that is asked for: 1e-9 where the smaller side n ≤ 3,000. Beyond that what rounding leaves of it:
 * c/ρ² ≤ n (2γ_k + γ_m) and the lower end's γ_n √n, since ω² ≤ ‖W‖_F² ≤ n ‖W‖², twice that for the room of the excess.
 */
export function askedWidth(rows: number, columns: number): number {
  const n = Math.min(rows, columns);
  if (n <= ROOMY) return ACCURACY;
  const inner = Math.max(rows, columns);
  const upper = n * (2 * gamma(choleskyRoundings(n)) + gamma(gramRoundings(inner)));
  return ACCURACY + 2 * (upper + gamma(n) * Math.sqrt(n) + gamma(inner + 1));
}

/** Whether a bracket is wider than what is asked for. */
export function isWide({ lower, upper }: Interval, rows: number, columns: number): boolean {
  return !(upper - lower <= askedWidth(rows, columns) * lower || upper === 0);
}

/**
 * Both ends and the vector of the lower one. The upper end is tried at a little above the lower: where Cholesky fails there, it shows
 * a direction of a larger quotient, and the iteration goes on from that one. So the ends meet whatever the first start was.
 */
function spectralBracket(
  values: Float64Array,
  rows: number,
  columns: number,
  absolute: number,
  frobenius: Interval,
): Pick<WeightNorms, "spectral" | "vector" | "gram"> {
  // A vector: its spectral norm is its Euclidean one.
  if (rows === 1 || columns === 1) return { spectral: frobenius, vector: Float64Array.of(1), gram: null };
  const wide = rows <= columns;
  const n = Math.min(rows, columns);
  const inner = Math.max(rows, columns);
  const gram = wide ? gramOfRows(values, rows, columns) : gramOfRows(transpose(values, rows, columns), columns, rows);
  // What the upper end's rounding costs anyway, relatively: the excess need not be much smaller than that.
  const rounding = upperRounding(n, inner, frobenius.upper ** 2 / n, absolute) / (frobenius.upper ** 2 / n);
  let excess = Math.min(Math.max(2 ** -40, rounding / 8), ACCURACY / 8);
  let vector = topEigenvector(gram, n, randomStart(0, n), excess / 64);
  let lower = lowerEnd(values, rows, columns, absolute, vector);
  for (let attempt = 0; attempt < ATTEMPTS && excess < 1; attempt++) {
    const found = provenUpper(gram, n, inner, (lower * (1 + excess)) ** 2, absolute);
    if ("upper" in found) {
      const upper = Math.min(found.upper, absolute, frobenius.upper);
      return { spectral: { lower, upper }, vector, gram: wide ? gram : null };
    }
    // Not the direction alone, which may be all but orthogonal to the top vectors itself.
    const random = randomStart(attempt + 1, n);
    const better = topEigenvector(gram, n, mixed(found.direction, random), excess / 64);
    const raised = lowerEnd(values, rows, columns, absolute, better);
    if (raised > lower * (1 + excess / 2)) {
      vector = better;
      lower = raised;
    } else {
      excess *= 8;
    }
  }
  return { spectral: { lower, upper: Math.min(absolute, frobenius.upper) }, vector, gram: wide ? gram : null };
}

/** x/‖x‖ + y/(16‖y‖). */
function mixed(x: Float64Array, y: Float64Array): Float64Array {
  const a = 1 / Math.sqrt(dot(x, x));
  const b = 1 / (16 * Math.sqrt(dot(y, y)));
  return x.map((v, i) => a * v + b * (y[i] as number));
}

/**
 * √(ρ² + c) ≥ ‖W‖ where floating-point Cholesky of ρ²I − G runs to completion; where it does not, a direction v with ‖Wᵀv‖ or ‖Wv‖ at least
 * about ρ‖v‖. Success proves that matrix + c₁I ⪰ 0, c₁ = γ_k/(1 − γ_k) tr (cholesky.ts), tr ≤ nρ²; forming G costs γ_m ω² (gram.ts);
 * the shift's own rounding is within uρ². What underflows is below n³ 2^−1074, and ρ² above 2^−600: covered by the last term too.
 * @param gram G = fl(WWᵀ) or fl(WᵀW), n × n; @param inner the length of its sums; @param square ρ²; @param absolute ω.
 */
export function provenUpper(
  gram: Float64Array,
  n: number,
  inner: number,
  square: number,
  absolute: number,
): { readonly upper: number } | { readonly direction: Float64Array } {
  const shifted = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) shifted[i * n + j] = -(gram[i * n + j] as number);
    shifted[i * n + i] = square - (gram[i * n + i] as number);
  }
  const failed = choleskyInPlace(shifted, n);
  if (failed !== null) return { direction: negativeDirection(shifted, n, failed) };
  return { upper: Math.sqrt(square + upperRounding(n, inner, square, absolute)) * UP };
}

/** c of `provenUpper`. */
function upperRounding(n: number, inner: number, square: number, absolute: number): number {
  const g = gamma(choleskyRoundings(n));
  return (g / (1 - g)) * n * square + gamma(gramRoundings(inner)) * absolute ** 2 + 4 * UNIT * square;
}

/** L = (‖fl(Wv̂)‖(1 − γ_{m+1}) − γ_n ω ‖v̂‖(1 + γ_{n+1})) / (‖v̂‖(1 + γ_{n+1})) for W m × n (MATH.md §3). */
export function lowerEnd(
  values: Float64Array,
  rows: number,
  columns: number,
  absolute: number,
  vector: Float64Array,
): number {
  const transposed = rows <= columns; // then the Gram was WWᵀ and the vector lives in R^rows
  const length = transposed ? rows : columns;
  const other = transposed ? columns : rows;
  const image = new Float64Array(other);
  for (let i = 0; i < rows; i++) {
    if (transposed) {
      const v = vector[i] as number;
      for (let j = 0; j < columns; j++) image[j] = (image[j] as number) + (values[i * columns + j] as number) * v;
    } else {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += (values[i * columns + j] as number) * (vector[j] as number);
      image[i] = sum;
    }
  }
  const norm = Math.sqrt(dot(vector, vector)) * (1 + gamma(length + 1));
  const numerator = Math.sqrt(dot(image, image)) * (1 - gamma(other + 1)) - gamma(length) * absolute * norm;
  return Math.max(0, (numerator / norm) * DOWN);
}
