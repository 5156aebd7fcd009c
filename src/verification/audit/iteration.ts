/**
 * The iteration for ‖J_t‖ of one sample: what was found, held against what its steps say of it. Nothing here depends on the vector that an
 * engine starts from, nor on how it makes its steps.
 *
 * With A = J_tJ_tᵀ an engine's k steps make AQ = QT + β_k q_{k+1}e_kᵀ + F, T of their coefficients α and β, F the rounding of each step
 * (Paige), whatever becomes of the q_j's orthogonality; û = Qs with Ts = θs and ‖s‖ = 1. So the residual of û, by products of the audit's own
 * in f64, is what its last step left:
 *
 *     |‖Aû − θû‖ − β_k|s_k|‖q_{k+1}‖| ≤ ‖F‖
 *
 * ‖F‖ ≤ √k (‖fl(Aq) − Aq‖ + 16u‖A‖): both products of each layer, γ_{n+2}ω each, carried to the end by the norms of what lies between. θ and s
 * are those of T by bisection and pivots (top-singular.ts). Where another of T's eigenvalues is as near as T's own rounding, s may be anything
 * between their vectors, and β_k is all that is known of the residual.
 *
 * The stop rule (engine/krylov.ts) is a function of T: after the steps of a list, the first of them 12, it asks whether ρ = β_k|s_k| has
 * min(ρ, ρ²/(θ − θ₂)) ≤ 4·10⁻⁴ a θ, a the accuracy asked for; and it ends where β_k ≤ 64u max α, or with the dimensions or the 96th step. It may
 * ask after 8 and 10 steps already, for a 32nd of that. The audit asks both ways: that there was a reason to stop at k, and none at a question
 * before that every engine asks; each but for what T's own rounding in f64 moves.
 */
import type { Arithmetic, StoredSearch } from "../../engine/engine.ts";
import type { Interval } from "../../engine/interval.ts";
import type { Plan } from "../../engine/plan.ts";
import type { LayerBounds } from "../rounding.ts";
import type { StepRounding } from "../rounding.ts";
import { gamma, normError, stepError } from "../rounding.ts";
import type { Comparison } from "./comparison.ts";
import { pullBack, pushForward } from "./jacobian.ts";
import { STEP_LIMIT } from "./prepared.ts";
import { HOST } from "./scaling.ts";
import type { MeasuredSubject } from "./subject.ts";
import type { RitzWorkspace } from "./tridiagonal.ts";
import { largestRitz } from "./tridiagonal.ts";
import { largestOf } from "./vectors.ts";

/** After which steps an engine asks whether a sample has settled. */
const CHECKPOINTS: readonly number[] = [12, 16, 20, 24, 32, 40, 48, 64, 80, STEP_LIMIT];
const FIRST_QUESTION = 12;
/** After which it may ask, and for what part of the share below. */
const EARLY: readonly number[] = [8, 10];
const EARLY_PART = 1 / 32;
/** The share of the accuracy asked for at which it stops, of the norm's square: 2 · 2·10⁻⁴. */
const STOP_SHARE = 4e-4;
/** A residual so small beside θ needs no first question. */
const NO_RESIDUAL = 1e-14;
/** Where nothing is left but rounding: in units of the arithmetic, of the largest α. */
const EXHAUSTED = 64;

export function auditIteration(subject: MeasuredSubject, comparison: Comparison): void {
  const { plan, traced, measurements, at, norms } = subject;
  if (plan.accuracy === "verdict") return;
  for (let t = 2; t <= plan.layers.length; t++) {
    const witness = traced.witnesses[t - 1] ?? null;
    const measured = measurements.witnesses[t - 1] ?? null;
    const length = norms.witnesses[t - 1]?.vector ?? 0;
    if (witness === null || measured === null || !(length > 0)) continue;
    const steps = measured.steps[at] ?? NaN;
    const limit = Math.min(witness.vector.length, STEP_LIMIT);
    const said = witness.search?.alpha.length ?? steps;
    if (!(steps >= 1 && steps <= limit && steps === said)) {
      comparison.near("iteration", t, "the number of steps", steps, Math.min(Math.max(1, said), limit), 0);
      continue;
    }
    // A witness file of an older version has no more of the iteration.
    if (witness.search === undefined) continue;
    auditSearch(subject, t, witness.vector, witness.search, plan.accuracy, comparison);
  }
}

function auditSearch(
  subject: MeasuredSubject,
  t: number,
  vector: Float64Array,
  search: StoredSearch,
  accuracy: number,
  comparison: Comparison,
): void {
  const { alpha, beta, unitRoundoff: u } = search;
  const steps = alpha.length;
  const largest = largestOf(alpha);
  // Beyond these squares of the coefficients may leave f64's range.
  if (!(largest > 2 ** -400 && largest < 2 ** 400 && largestOf(beta) < 2 ** 400)) return;
  const work = subject.prepared.ritz;
  const dimensions = Math.min(vector.length, STEP_LIMIT);
  const at = (k: number): Ritz => foundBy(subject.plan.method, search, k, vector.length, work);
  const last = at(steps);
  auditResidual(subject, t, vector, search, last, comparison);
  const wanted = STOP_SHARE * accuracy * last.theta;
  if (steps < dimensions && !hasEnded(search, steps, u) && !maySettle(last, steps, accuracy)) {
    // Enough, but not after a number of steps at which it is asked.
    const next = CHECKPOINTS.find((k) => k > steps) ?? dimensions;
    if (leftOf(last) > wanted) comparison.near("iteration", t, "what the iteration left of θ", leftOf(last), 0, wanted);
    else comparison.near("iteration", t, "the number of steps", steps, Math.min(next, dimensions), 0);
  }
  let before = 0;
  for (let k = 1; k < steps; k++) {
    before = Math.max(before, Math.abs(alpha[k - 1] as number));
    const asks = k >= FIRST_QUESTION && CHECKPOINTS.includes(k) && mustSettle(at(k), accuracy);
    if (!asks && (beta[k - 1] as number) > EXHAUSTED * u * before) continue;
    comparison.near("iteration", t, "the number of steps", steps, k, 0);
    return;
  }
}

/** The top of T_k: θ, the step from it to θ₂, ρ = β_k|s_k|, and by how much T's own rounding in f64 moves ρ. */
interface Ritz {
  readonly theta: number;
  readonly gap: number;
  readonly residual: number;
  readonly uncertain: number;
}

function ritz({ alpha, beta }: StoredSearch, k: number, work: RitzWorkspace): Ritz {
  const { value, second, last } = largestRitz(alpha, beta, k, 2 ** -50, SECOND, work);
  const gap = value - second;
  const off = beta[k - 1] as number;
  // Both ways to s solve for it within 32k units of ‖T‖ ≤ 2θ + …; a vector turns by a residual over the gap (Parlett, §11.7).
  const turned = Math.min(1, (128 * k * HOST.unitRoundoff * value) / Math.max(gap, Number.MIN_VALUE));
  return { theta: value, gap, residual: off * Math.abs(last), uncertain: off * turned };
}

/** What is found of k steps by either method. @param dimension n_t. */
function foundBy(
  method: Plan["method"],
  search: StoredSearch,
  k: number,
  dimension: number,
  work: RitzWorkspace,
): Ritz {
  if (method !== "power") return ritz(search, k, work);
  return power(search, k, k >= dimension || hasEnded(search, k, search.unitRoundoff) ? POWERS : k, work);
}

/** Powers of T that the engine takes of a space that has ended. */
const POWERS = 1000;

/**
 * The power method's iterate y = T^{m−1}e_1 in the place of the Ritz vector (engine/power-iterate.ts): θ = yᵀTy, and ρ² = ‖Ty − θy‖² + (β_k y_k)². No
 * entry of T is negative, so that each of y is within 8m units of itself; the difference is then within that of θ.
 */
function power({ alpha, beta }: StoredSearch, k: number, m: number, work: RitzWorkspace): Ritz {
  const row = (y: readonly number[], j: number): number => {
    const [before, after] = [j > 0 ? j - 1 : j, j < k - 1 ? j + 1 : j];
    let sum = (alpha[j] as number) * (y[j] as number);
    if (before < j) sum += (beta[before] as number) * (y[before] as number);
    if (after > j) sum += (beta[j] as number) * (y[after] as number);
    return sum;
  };
  const unit = (y: readonly number[]): number[] => {
    const length = Math.hypot(...y);
    return length > 0 ? y.map((v) => v / length) : [...y];
  };
  let y: number[] = Array.from({ length: k }, (_, j) => (j === 0 ? 1 : 0));
  for (let n = 1; n < m; n++) {
    const own = y;
    y = unit(own.map((_, j) => row(own, j)));
  }
  const image = y.map((_, j) => row(y, j));
  const theta = image.reduce((sum, v, j) => sum + v * (y[j] as number), 0);
  const left = image.map((v, j) => v - theta * (y[j] as number));
  const { second } = largestRitz(alpha, beta, k, 2 ** -50, SECOND, work);
  const residual = Math.hypot(...left, (beta[k - 1] as number) * (y[k - 1] as number));
  return { theta, gap: theta - second, residual, uncertain: (16 * m + 8 * k) * HOST.unitRoundoff * theta };
}

/** min(ρ, ρ²/(θ − θ₂)). */
function leftOf({ residual, gap }: Ritz): number {
  return Math.min(residual, gap > 0 ? residual ** 2 / gap : Infinity);
}

/** Between which the engine's estimate of its norm's relative error lies, ½ min(ρ, ρ²/(θ − θ₂))/θ; everything where squares leave f64's range. */
export function errorOf(
  search: StoredSearch,
  method: Plan["method"],
  dimension: number,
  work: RitzWorkspace,
): Interval {
  const steps = search.alpha.length;
  const largest = largestOf(search.alpha);
  if (largest === 0) return { lower: 0, upper: 0 };
  if (!(largest > 2 ** -400 && largest < 2 ** 400 && largestOf(search.beta) < 2 ** 400))
    return { lower: 0, upper: Infinity };
  const { theta, gap, residual, uncertain } = foundBy(method, search, steps, dimension, work);
  const share = (rho: number, step: number): number =>
    leftOf({ theta, gap: step, residual: rho, uncertain }) / (2 * theta);
  return {
    lower: share(Math.max(0, residual - uncertain), gap + CLOSE * theta) * (1 - CLOSE),
    // The engine finds the gap to a thousandth, from below.
    upper: share(residual + uncertain, gap - CLOSE * theta) * (1 + 2 ** -9),
  };
}

/** To which θ₂ is found, in units of θ: so near that of two which are close the step between them is known, and what it makes of rounding. */
const SECOND = 2 ** -44;
/** θ and θ₂ are within this of themselves, in units of θ. */
const CLOSE = 2 ** -22;

/** Whether the rule is kept, but for rounding. */
function maySettle({ theta, gap, residual, uncertain }: Ritz, k: number, accuracy: number): boolean {
  const least = { theta, gap: gap + CLOSE * theta, residual: Math.max(0, residual - uncertain), uncertain: 0 };
  if (least.residual <= 2 * NO_RESIDUAL * theta) return true;
  const part = CHECKPOINTS.includes(k) ? 1 : EARLY.includes(k) ? EARLY_PART : 0;
  return part > 0 && leftOf(least) <= part * STOP_SHARE * accuracy * theta * (1 + CLOSE);
}

/** Whether it is kept whatever rounding did. */
function mustSettle({ theta, gap, residual, uncertain }: Ritz, accuracy: number): boolean {
  const most = { theta, gap: gap - CLOSE * theta, residual: residual + uncertain, uncertain: 0 };
  return leftOf(most) <= STOP_SHARE * accuracy * theta * (1 - CLOSE);
}

/** Whether step k left nothing but rounding. */
function hasEnded({ alpha, beta }: StoredSearch, k: number, u: number): boolean {
  return !((beta[k - 1] as number) > EXHAUSTED * u * largestOf(alpha.subarray(0, k)));
}

function auditResidual(
  subject: MeasuredSubject,
  t: number,
  vector: Float64Array,
  { alpha, unitRoundoff: u }: StoredSearch,
  { theta, residual, uncertain }: Ritz,
  comparison: Comparison,
): void {
  const { plan, prepared, traced, jacobianUpper } = subject;
  const steps = alpha.length;
  const [pulled, pushed] = [prepared.scratch[2], prepared.scratch[3]];
  pullBack(prepared, traced.slopes, t, vector, pulled);
  pushForward(prepared, traced.slopes, t, pulled, pushed);
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += ((pushed[i] as number) - theta * (vector[i] as number)) ** 2;
  const found = Math.sqrt(sum);
  const norm = jacobianUpper[t - 1] as number;
  const search: Arithmetic = { ...SEARCH, unitRoundoff: u };
  const products = productError(subject, t, search) + productError(subject, t, HOST);
  const bound =
    Math.sqrt(steps) * (products + 16 * u * norm ** 2) +
    2 * steps ** 1.5 * u * norm ** 2 +
    residual * normError(vector.length, search) +
    uncertain;
  // The power method's residual is ‖Q(Ty − θy) + …‖, which is known from T alone as far as the q_j are orthogonal; ‖Q‖² ≤ k is all that always holds.
  const right = plan.method === "power" ? Math.min(found, Math.sqrt(steps + 1) * residual) : residual;
  comparison.near("iteration", t, "the residual ‖JJᵀû − θû‖", found, right, bound);
}

/** The range of f32, in which a search may be made on every engine; weights and slopes are rounded to it besides, a unit each. */
const SEARCH = { flush: 2 ** -126, largest: (2 - 2 ** -23) * 2 ** 127 };

/**
 * ‖fl(Aq) − Aq‖ for ‖q‖ = 1: Σ_{s<t} U(J_s) ε_s of the pullback, carried back up by U(J_t), and as much of the tangents, twice for what W and
 * D are rounded by; where the engine uses W′_1W′_1ᵀ, that matrix's own rounding.
 */
function productError(
  { plan, prepared, layers, jacobianUpper, norms }: MeasuredSubject,
  t: number,
  arithmetic: Arithmetic,
): number {
  const { steps } = prepared.errorsIn(arithmetic);
  const top = jacobianUpper[t - 1] as number;
  let error = 0;
  let flushed = 0;
  let stage = 1;
  for (let s = t - 1; s >= 1; s--) {
    const layer = layers[s - 1] as LayerBounds;
    stage *= norms.slopes[s - 1] as number;
    error += (jacobianUpper[s - 1] as number) * stepError(steps[s - 1] as StepRounding, stage);
    // What is flushed of the tangents arises at layer s and is carried up from there.
    const size = 4 + layer.spectralUpper + (jacobianUpper[s - 1] as number) * top;
    flushed += arithmetic.flush * Math.sqrt(layer.outputs) * (layer.inputs + 4) * size * (1 + stage);
    if (s > 1) {
      stage *= layer.spectralUpper;
      continue;
    }
    const first = plan.layers[0] as Plan["layers"][number];
    if (plan.firstGram !== null) {
      const own = gamma(layer.inputs + layer.outputs + 6, arithmetic) * (first.absoluteNorm * stage) ** 2;
      return 4 * error * top + own + flushed;
    }
  }
  return 4 * error * top + flushed;
}
