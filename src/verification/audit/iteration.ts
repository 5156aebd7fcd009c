/**
 * The iteration for ‖J_t‖ of one sample, from its stored witness û and slopes, by products of the audit's own in f64.
 *
 * With A = J_tJ_tᵀ and θ = ‖J_tᵀû‖²/‖û‖² the residual is R = ‖Aû − θû‖/‖û‖, which no other θ makes smaller. An engine's k steps make
 * AQ = QT + β_k q_{k+1}e_kᵀ + F, F the rounding of each step (Paige), whatever becomes of the q_j's orthogonality, and û = Qs with Ts = θ_T s:
 *
 *     R‖û‖ ≤ β_k|s_k| + ‖F‖
 *
 * The stop rule (engine/krylov.ts) says of β_k|s_k| = ρ, a the accuracy asked for, that min(ρ, ρ²/(θ_T − θ₂)) ≤ a θ_T/10, so that
 * ρ ≤ √(a/10) θ_T; or that ρ ≤ β_k ≤ 64u max α where the space has come to its end. After as many steps as J_t has of rank, at most the
 * least n_s and the fewest units that are alive, the space is whole: ρ is then what rounding took from its orthogonality. That is of the order of √u a step (Paige; Simon), which is no bound: a thousand times as much is allowed, so that in
 * f32 nothing is said there; nor is anything at the limit of 96 steps below n_t. ‖F‖ ≤ √k (‖fl(Aq) − Aq‖ + 16u‖A‖): both products of each layer,
 * γ_{n+2}ω each, carried to the end by the norms of what lies between.
 */
import type { Arithmetic } from "../../engine/engine.ts";
import type { Plan } from "../../engine/plan.ts";
import type { LayerBounds } from "../rounding.ts";
import { backwardStepError, gamma } from "../rounding.ts";
import type { Comparison } from "./comparison.ts";
import { usable } from "./linear.ts";
import type { PreparedLayer } from "./prepared.ts";
import type { AuditSubject } from "./subject.ts";
import { pullBack, pushForward } from "./jacobian.ts";
import { euclidean, largestOf } from "./vectors.ts";

/** The engine's promise: most steps, and after which it asks whether a sample has settled. */
const STEP_LIMIT = 96;
const CHECKPOINTS: readonly number[] = [12, 16, 20, 24, 32, 40, 48, 64, 80, STEP_LIMIT];
/** The share of the accuracy asked for at which it stops, of the norm's square: 2 · 0.05. */
const STOP_SHARE = 0.1;
/**
 * What the vectors of an iteration are made in at worst, on every engine: û is an exact vector whatever made it, so that engine cpu searches
 * for it in f32 too. Weights and slopes are rounded to it besides, a unit each.
 */
const SEARCH: Arithmetic = { unitRoundoff: 2 ** -23, flush: 2 ** -126, largest: (2 - 2 ** -23) * 2 ** 127 };

export function auditIteration(subject: AuditSubject, comparison: Comparison): void {
  const { plan, traced, measurements, at } = subject;
  if (plan.accuracy === "verdict") return;
  for (let t = 2; t <= plan.layers.length; t++) {
    const witness = traced.witnesses[t - 1] ?? null;
    const measured = measurements.witnesses[t - 1] ?? null;
    if (witness === null || measured === null || !usable(witness)) continue;
    const length = euclidean(witness.vector);
    if (!(length > 0)) continue;
    auditSteps(subject, t, measured.steps[at] ?? NaN, witness.vector, length, plan.accuracy, comparison);
  }
}

function auditSteps(
  subject: AuditSubject,
  t: number,
  steps: number,
  vector: Float64Array,
  length: number,
  accuracy: number,
  comparison: Comparison,
): void {
  const { prepared, traced, jacobianUpper } = subject;
  const dimension = vector.length;
  const limit = Math.min(dimension, STEP_LIMIT);
  if (!(steps >= 1 && steps <= limit)) {
    comparison.near("iteration", t, "the number of steps", steps, Math.min(Math.max(1, steps || 1), limit), 0);
    return;
  }
  const isWhole = steps >= rankBound(subject, t);
  if (steps === limit && !isWhole) return;
  const [pulled, pushed] = [prepared.scratch[2], prepared.scratch[3]];
  const inputs = (prepared.layers[0] as PreparedLayer).inputs;
  pullBack(prepared, traced.slopes, t, vector, pulled);
  const back = euclidean(pulled.subarray(0, inputs));
  pushForward(prepared, traced.slopes, t, pulled, pushed);
  const theta = (back / length) ** 2;
  // Beyond these θ or the residual may leave f64's range.
  if (!(theta > 2 ** -900 && theta < 2 ** 900)) return;
  let sum = 0;
  for (let i = 0; i < dimension; i++) sum += ((pushed[i] as number) - theta * (vector[i] as number)) ** 2;
  const residual = Math.sqrt(sum) / length;
  const u = SEARCH.unitRoundoff;
  const norm = jacobianUpper[t - 1] as number;
  const rounding =
    (Math.sqrt(steps) * (productError(subject, t) + 16 * u * norm ** 2) + 2 * steps ** 1.5 * u * norm ** 2) / length;
  const settles = isWhole || CHECKPOINTS.includes(steps);
  const share = Math.max(Math.sqrt(STOP_SHARE * accuracy), isWhole ? 2 ** 10 * dimension * Math.sqrt(u) : 0);
  // θ_T is within ‖Aû − θ_Tû‖/‖û‖ of θ.
  const ritz = (theta + rounding) / (1 - share / length);
  const settled = settles ? (share < length ? (share * ritz) / length : Infinity) : 0;
  const exhausted = (64 * u * norm ** 2 * (1 + 2 ** -10)) / length;
  const bound = Math.max(settled, exhausted) + rounding + 2 ** -40 * theta;
  if (!(residual <= bound)) comparison.near("iteration", t, "the residual ‖JJᵀû − θû‖/‖û‖", residual, 0, bound);
}

/** J_t = D_{t−1}W_{t−1} … D_1W_1 has no higher rank than any of its factors. */
function rankBound({ plan, traced }: AuditSubject, t: number): number {
  return plan.network.layers.slice(0, t - 1).reduce((least, { inputs }, s) => {
    const alive = (traced.slopes[s] as Float64Array).reduce((count, d) => count + (d === 0 ? 0 : 1), 0);
    return Math.min(least, inputs, alive);
  }, Infinity);
}

/**
 * ‖fl(Aq) − Aq‖ for ‖q‖ = 1: Σ_{s<t} U(J_s) ε_s of the pullback, carried back up by U(J_t), and as much of the tangents, twice for what W and
 * D are rounded by; where the engine uses W′_1W′_1ᵀ, that matrix's own rounding.
 */
function productError({ plan, layers, traced, jacobianUpper }: AuditSubject, t: number): number {
  const top = jacobianUpper[t - 1] as number;
  let error = 0;
  let flushed = 0;
  let stage = 1;
  for (let s = t - 1; s >= 1; s--) {
    const layer = layers[s - 1] as LayerBounds;
    stage *= largestOf(traced.slopes[s - 1] as Float64Array);
    error += (jacobianUpper[s - 1] as number) * backwardStepError(layer, stage, SEARCH);
    // What is flushed of the tangents arises at layer s and is carried up from there.
    const size = 4 + layer.spectralUpper + (jacobianUpper[s - 1] as number) * top;
    flushed += SEARCH.flush * Math.sqrt(layer.outputs) * (layer.inputs + 4) * size * (1 + stage);
    if (s > 1) {
      stage *= layer.spectralUpper;
      continue;
    }
    const first = plan.layers[0] as Plan["layers"][number];
    if (plan.firstGram !== null) {
      const own = gamma(layer.inputs + layer.outputs + 6, SEARCH) * (first.absoluteNorm * stage) ** 2;
      return 4 * error * top + own + flushed;
    }
  }
  return 4 * error * top + flushed;
}
