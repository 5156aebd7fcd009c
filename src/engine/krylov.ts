/**
 * What both engines share of the iteration for ‖J_t‖: Lanczos on A = J_tJ_tᵀ. The engine makes the vectors q_j and the
 * coefficients α_j = q_jᵀAq_j and β_j = ‖Aq_j − α_jq_j − β_{j−1}q_{j−1}‖; this file answers, for one sample, how good the
 * Ritz value of its first j steps is and which combination of the q_j is the witness.
 *
 * Lanczos makes the best use of j products that any method can (power iteration and LOBPCG search subspaces of the same
 * Krylov space), at three vectors of state. No orthogonality is assumed by any verdict: the witness is an explicit vector
 * whose own pullback is measured (MATH.md §2, "The witness"). Source: Parlett, The Symmetric Eigenvalue Problem, ch. 13.
 */
import { powerIterate } from "./power-iterate.ts";
import { exponentOf, timesPowerOfTwo } from "./powers.ts";
import type { LargestPair } from "./tridiagonal.ts";
import { eigenvaluesAbove, largestPair } from "./tridiagonal.ts";

/** Most steps of one sample; with n_t outputs it is min(n_t, this). */
export const STEP_LIMIT = 96;

/** The steps after which a sample asks whether it has converged; also where its space has no further dimension. */
export const CHECKPOINTS: readonly number[] = [12, 16, 20, 24, 32, 40, 48, 64, 80, STEP_LIMIT];

/**
 * Where a question costs little, in the f32 search of engine cpu, it is asked after these steps too. What has converged by then soon has a second
 * copy of its first Ritz value, by rounding (Paige), which no residual tells from a second eigenvalue: half of 16-32-32-4's samples went to 16 steps for that.
 */
export const EARLY_CHECKPOINTS: readonly number[] = [8, 10];

/** 1 at each of them. */
const ASKED = Uint8Array.from({ length: STEP_LIMIT + 1 }, (_, steps) => (CHECKPOINTS.includes(steps) ? 1 : 0));

/** Whether samples of dimension n_t ask after this many steps. */
export function isCheckpoint(steps: number, dimension: number): boolean {
  return outOfDimensions(steps, dimension) || ASKED[steps] === 1;
}

/** The same where it is also asked early. */
export function isEarlyCheckpoint(steps: number, dimension: number): boolean {
  return isCheckpoint(steps, dimension) || EARLY_CHECKPOINTS.includes(steps);
}

/** Coefficients s of the Ritz vector û = Σ_j s_j q_j, with ‖s‖ = 1. */
export function ritzVector(alpha: ArrayLike<number>, beta: ArrayLike<number>, steps: number): Float64Array {
  const near = nearOne(alpha, beta, steps);
  return largestPair(near.alpha, near.beta, steps).vector.slice(0, steps);
}

/**
 * Whether the Krylov space has come to its end: what is left of Aq_j is rounding (64 u of the largest coefficient so far). Going on would
 * normalise noise, which is not orthogonal to what came before. Asked after every step.
 * @param largest of α_1 … α_j. @param beta β_j. @param unitRoundoff of the arithmetic that made the vectors.
 */
export function exhausted(largest: number, beta: number, unitRoundoff: number): boolean {
  return !(beta > 64 * unitRoundoff * largest);
}

/** Whether there are no further steps, whatever has been found. */
export function outOfDimensions(steps: number, dimension: number): boolean {
  return steps >= Math.min(dimension, STEP_LIMIT);
}

/** What the steps are combined to: the Ritz vector of T's largest eigenvalue, or the power method's iterate. */
export const NORM_METHODS = ["lanczos", "power"] as const;

export type NormMethod = (typeof NORM_METHODS)[number];

/** What is found of one sample's steps. */
interface Found {
  readonly value: number;
  /** s of û = Σ_j s_j q_j, ‖s‖ = 1; overwritten by the next call. */
  readonly vector: Float64Array;
  /** ‖Aû − value·û‖, of orthonormal q_j. */
  readonly residual: number;
}

function foundBy(
  method: NormMethod,
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  steps: number,
  hasEnded: boolean,
): Found {
  if (method === "power") return powerIterate(alpha, beta, steps, hasEnded);
  const { value, vector } = largestPair(alpha, beta, steps);
  return { value, vector, residual: (beta[steps - 1] as number) * Math.abs(vector[steps - 1] as number) };
}

/** Coefficients s of û = Σ_j s_j q_j by the power method, ‖s‖ = 1. @param hasEnded whether the space has no further dimension. */
export function powerVector({ alpha, beta }: Coefficients, hasEnded: boolean): Float64Array {
  const near = nearOne(alpha, beta, alpha.length);
  return powerIterate(near.alpha, near.beta, alpha.length, hasEnded).vector;
}

/** Whether the space of these steps has no further dimension: by their number, or by what the last one left. */
export function hasEnded({ alpha, beta }: Coefficients, dimension: number, unitRoundoff: number): boolean {
  const steps = alpha.length;
  let largest = 0;
  for (let j = 0; j < steps; j++) largest = Math.max(largest, alpha[j] as number);
  return steps >= dimension || exhausted(largest, beta[steps - 1] as number, unitRoundoff);
}

/**
 * Whether the largest Ritz value looks right to a relative error `accuracy` of the norm, 2·accuracy of its square.
 * θ₁ misses an eigenvalue by at most min(ρ, ρ²/(θ₁ − θ₂)), ρ the residual (Parlett, ch. 11). The estimate takes θ₂ for the
 * spectrum's second eigenvalue and assumes that the start was not orthogonal to the first; it stops the iteration, and no
 * verdict rests on it. A few steps are asked for first: with fewer, θ₁ may have settled on a lower eigenvalue.
 * By the power method the same is asked of its Rayleigh quotient in the place of θ₁.
 * @returns the coefficients of û where it does, overwritten by the next call; else null.
 */
export function settled(
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  steps: number,
  accuracy: number,
  method: NormMethod = "lanczos",
): Float64Array | null {
  const near = nearOne(alpha, beta, steps);
  const { value, vector, residual } = foundBy(method, near.alpha, near.beta, steps, false);
  const twice = steps < MINIMUM_STEPS ? 0 : 2 * accuracy;
  return isEnough(value, residual, near.alpha, near.beta, steps, twice, SAFETY) ? vector : null;
}

/** The same of a Ritz pair. @param twice 2 · accuracy; 0 where only a residual of nothing counts. @param safety SAFETY. */
export function stops(
  { value, vector }: LargestPair,
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  steps: number,
  twice: number,
  safety: number,
): boolean {
  const residual = (beta[steps - 1] as number) * Math.abs(vector[steps - 1] as number);
  return isEnough(value, residual, alpha, beta, steps, twice, safety);
}

function isEnough(
  value: number,
  residual: number,
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  steps: number,
  twice: number,
  safety: number,
): boolean {
  if (!(value > 0) || residual <= 1e-14 * value) return true;
  if (!(twice > 0)) return false;
  const wanted = twice * value * safety;
  if (residual <= wanted) return true;
  // Is the gap ρ²/`wanted` at least?
  const gap = (residual * residual) / wanted;
  return gap <= value && eigenvaluesAbove(alpha, beta, steps, value - gap) <= 1;
}

/** α_1 … α_k and β_1 … β_k. */
export interface Coefficients {
  readonly alpha: ArrayLike<number>;
  readonly beta: ArrayLike<number>;
}

/**
 * By what share ‖J_t‖ of these steps may lie below the true norm, as the stop rule estimates it: ½ min(ρ, ρ²/(θ₁ − θ₂))/θ₁, the half because θ is
 * the norm's square. 0 where θ₁ is, NaN where a coefficient is. An estimate, no bound: where all steps have missed the first singular
 * vector it is that of a lower one, and the rounding of the norms that are measured afterwards is not in it.
 * @param isOver by the power method: whether the space has no further dimension.
 */
export function estimatedError({ alpha, beta }: Coefficients, method: NormMethod = "lanczos", isOver = false): number {
  const steps = alpha.length;
  const near = nearOne(alpha, beta, steps);
  const { value, residual } = foundBy(method, near.alpha, near.beta, steps, isOver);
  if (value === 0 || Number.isNaN(residual)) return residual;
  const isFree = (gap: number): boolean => eigenvaluesAbove(near.alpha, near.beta, steps, value - gap) <= 1;
  if (residual === 0 || !(residual < value) || !isFree(residual)) return (0.5 * residual) / value;
  // No eigenvalue but θ₁ is above θ₁ − `free`; one is above θ₁ − `met`, or there is none. A thousandth of the step between them is near enough.
  let [free, met] = [residual, value];
  if (isFree(met)) free = met;
  while (met > free * (1 + 2 ** -10)) {
    const middle = Math.sqrt(free * met);
    if (isFree(middle)) free = middle;
    else met = middle;
  }
  return (0.5 * residual * (residual / free)) / value;
}

/** The same of every sample of a block. @param dimension n_t. */
export function estimatedErrors(
  samples: number,
  method: NormMethod,
  dimension: number,
  search: (sample: number) => Coefficients & { readonly unitRoundoff: number },
): Float64Array {
  return Float64Array.from({ length: samples }, (_, sample) => {
    const own = search(sample);
    return estimatedError(own, method, method === "power" && hasEnded(own, dimension, own.unitRoundoff));
  });
}

/** With fewer nothing counts as settled where dimensions are left. */
export const MINIMUM_STEPS = CHECKPOINTS[0] ?? 1;
/**
 * How much smaller than the error wanted the estimate must be: an iteration that has settled on a second vector shows it a few steps later.
 * Of 2,048 estimates of 784-256-256-10 (`npm run bench -- accuracy`) 1 missed 1e−3, with 0.002 3 did, with 0.01 3 of 1,024; it costs an eighth of the
 * steps there, a twentieth on small networks.
 */
export const SAFETY = 2e-4;

/**
 * The same of the early questions. A sample that has found only a second vector by then looks converged whatever is asked: of 24,576 estimates of
 * 64-64-64-64-10 4 of those that stop here miss 1e−3, of 16,384 of 16-32-32-4 5, and with a ten-thousandth of this no fewer there.
 */
export const EARLY_SAFETY = SAFETY / 32;

/** The finest accuracy that f32 searches for (cpu/panel.ts): a hundred of its roundings. */
export const SINGLE_ACCURACY = 1e-5;

/** The coefficients times a power of two, which changes no bit, where their squares would leave f64's range: a tiny J_t has a tinier J_tJ_tᵀ. */
function nearOne(alpha: ArrayLike<number>, beta: ArrayLike<number>, steps: number) {
  let largest = 0;
  for (let j = 0; j < steps; j++) largest = Math.max(largest, Math.abs(alpha[j] as number), beta[j] as number);
  const exponent = largest > 0 && largest < Infinity ? exponentOf(largest) : 0;
  if (Math.abs(exponent) <= 300) return { alpha, beta };
  const scaled = (x: ArrayLike<number>): number[] =>
    Array.from({ length: steps }, (_, j) => timesPowerOfTwo(x[j] as number, -exponent));
  return { alpha: scaled(alpha), beta: scaled(beta) };
}
