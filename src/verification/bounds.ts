/**
 * Proven bounds for a block of samples from their measured norms: of ‖J_t‖, of the restart error E_t (MATH.md §2, "Verdict per layer" and
 * "The witness for ‖J_t‖"). Every list of numbers is a column, one entry a sample.
 *
 * Never an interval pushed through depth: each linear step's own residual is bounded where it arises, and carried to the
 * input by the norm of the exact Jacobian below it: ĉ − J_tᵀû = Σ_{s<t} J_sᵀ ε_s with ‖ε_s‖ ≤ backwardStepError(s).
 */
import type { Arithmetic } from "../engine/engine.ts";
import { workColumns } from "../engine/memory.ts";
import type { Evidence, MeasuredJacobian } from "./evidence.ts";
import type { Findings } from "./findings.ts";
import { UPPER_KINDS } from "./findings.ts";
import type { JudgeBounds, LayerBounds, NormRounding, StepRounding } from "./rounding.ts";
import {
  DOWN,
  judgeBounds,
  loweredNorm,
  normRounding,
  raisedNorm,
  roundedUp,
  stepError,
  stepRounding,
  UP,
} from "./rounding.ts";

type Columns = readonly Float64Array[];

/**
 * Upper bound of a norm measured over n numbers. Each of them may have been read as 0 where it is below the flush threshold, and a norm
 * that is itself subnormal was rounded to a multiple of the smallest number: √n·flush covers both.
 */
export function normUpper(measured: number, n: number, arithmetic: Arithmetic): number {
  return raisedNorm(normRounding(n, arithmetic), measured);
}

/**
 * Σ_{s ≤ last} U(J_s) · backwardStepError(s, ‖stage s‖): how far a pullback through layers last … 1 is from its exact value.
 * @param error receives it. @param rows how many vectors go through at once, the stages' norms being their Frobenius norms.
 */
export function chainError(
  { layers, outputs, steps, arithmetic }: JudgeBounds,
  jacobianUpper: Columns,
  stageNorms: Columns,
  last: number,
  error: Float64Array,
  rows = 1,
): void {
  if (last === 0) error.fill(0);
  // A product, its rounding, and the additions of all layers.
  const roundings = last + 2;
  for (let i = 0; i < last; i++) {
    const own = layers[i] as LayerBounds;
    const norm = rows === 1 ? (outputs[i] as NormRounding) : normRounding(own.outputs * rows, arithmetic);
    const step = rows === 1 ? (steps[i] as StepRounding) : stepRounding(own, arithmetic, rows);
    const stage = stageNorms[i] as Float64Array;
    const upper = jacobianUpper[i] as Float64Array;
    const [isFirst, isLast] = [i === 0, i === last - 1];
    for (let at = 0; at < error.length; at++) {
      const residual = stepError(step, raisedNorm(norm, stage[at] as number));
      const sum = (isFirst ? 0 : (error[at] as number)) + (upper[at] as number) * residual;
      error[at] = isLast ? roundedUp(sum, roundings) : sum;
    }
  }
}

/** The same of one sample. */
export function pullbackError(
  layers: readonly LayerBounds[],
  jacobianUpper: ArrayLike<number>,
  stageNorms: readonly number[],
  last: number,
  arithmetic: Arithmetic,
  rows = 1,
): number {
  const column = (x: number): Float64Array => Float64Array.of(x);
  const bounds = judgeBounds(layers.slice(0, last), "spectral", arithmetic);
  const error = new Float64Array(1);
  chainError(bounds, Array.from(jacobianUpper, column), stageNorms.map(column), last, error, rows);
  return error[0] as number;
}

/**
 * Raises `lower` to L(J_t) = [‖ĉ‖(1 − γ) − Σ_{s<t} U(J_s) ε_s] / (‖û‖(1 + γ)) from pulled-back witnesses, where they have a length.
 * @param error a column to work in.
 */
export function witnessLower(
  bounds: JudgeBounds,
  jacobianUpper: Columns,
  t: number,
  vectorNorm: Float64Array,
  resultNorm: Float64Array,
  stageNorms: Columns,
  lower: Float64Array,
  error: Float64Array,
): void {
  chainError(bounds, jacobianUpper, stageNorms, t - 1, error);
  const input = bounds.inputs[0] as NormRounding;
  const own = bounds.inputs[t - 1] as NormRounding;
  for (let at = 0; at < lower.length; at++) {
    const length = vectorNorm[at] as number;
    if (!(length > 0)) continue;
    const numerator = loweredNorm(input, resultNorm[at] as number) - (error[at] as number);
    const bound = (numerator / raisedNorm(own, length)) * DOWN;
    if (bound > (lower[at] as number)) lower[at] = bound;
  }
}

const [IDENTITY, PRODUCT, FROBENIUS, SPECTRAL] = UPPER_KINDS.map((_, kind) => kind) as [number, number, number, number];

/**
 * Bounds of every ‖J_t‖ and E_t, t = 1 … l, from the layer below upwards: U(J_t) = min(U(J_{t−1})·max|D_{t−1}|·U(W′_{t−1}),
 * explicit Â's norm plus its error sum), which is never looser than the product of all layers. p̂_t is itself a witness for ‖J_t‖: its
 * pullback is ĝ_x (MATH.md §2, "Zero-iteration screen"). The layers that the evidence leaves out get bounds too.
 * @param findings of the evidence's samples, whose bounds are written; `restartError` receives E_t.
 */
export function jacobianBounds(bounds: JudgeBounds, evidence: Evidence, findings: Findings): void {
  const { layers } = bounds;
  const { spectralUpper, samples } = findings;
  const [lower, least, most, error] = work(4, samples) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const scratch = { lower, least, most, error };
  identityBounds(bounds, findings);
  let narrowest = (layers[0] as LayerBounds).inputs;
  for (let i = 1; i < layers.length; i++) {
    const below = layers[i - 1] as LayerBounds;
    narrowest = Math.min(narrowest, below.outputs);
    const slope = evidence.slopeMax[i - 1] as Float64Array;
    const before = spectralUpper[i - 1] as Float64Array;
    const upper = spectralUpper[i] as Float64Array;
    const norm = below.spectralUpper;
    for (let at = 0; at < samples; at++) upper[at] = (before[at] as number) * norm * (slope[at] as number) * UP;
    (findings.kind[i] as Uint8Array).fill(PRODUCT);
    lower.fill(0);
    least.fill(0);
    most.fill(Infinity);
    const own = evidence.layers[i] ?? null;
    if (own !== null) {
      const { witness, pullbackNorm, gradientNorm, stageNorms, explicit, upper: proven = null } = own;
      if (explicit !== null) explicitBounds(bounds, findings, i, explicit, scratch);
      if (proven !== null) provenUpper(findings, i, proven);
      witnessLower(bounds, spectralUpper, i + 1, pullbackNorm, gradientNorm, stageNorms, lower, error);
      if (witness !== null) {
        const { vectorNorm, resultNorm, stageNorms: stages } = witness;
        witnessLower(bounds, spectralUpper, i + 1, vectorNorm, resultNorm, stages, lower, error);
      }
    }
    put(findings, i, scratch);
    // A spectral bracket says nothing of its own of the Frobenius norm.
    if (bounds.statement === "frobenius" || own?.explicit != null) {
      putFrobenius(bounds, findings, i, Math.sqrt(narrowest), scratch);
    }
  }
  evidence.layers.forEach((own, i) => {
    if (own !== null)
      chainError(bounds, spectralUpper, own.stageNorms, i + 1, findings.restartError[i] as Float64Array);
  });
}

const work = workColumns();

/** J_1 = I. */
function identityBounds({ layers, statement }: JudgeBounds, f: Findings): void {
  const root = Math.sqrt((layers[0] as LayerBounds).inputs);
  (f.spectralLower[0] as Float64Array).fill(1);
  (f.spectralUpper[0] as Float64Array).fill(1);
  (f.statementLower[0] as Float64Array).fill(statement === "frobenius" ? root * DOWN : 1);
  (f.statementUpper[0] as Float64Array).fill(statement === "frobenius" ? root * UP : 1);
  (f.kind[0] as Uint8Array).fill(IDENTITY);
}

/** Bounds of one layer on their way, a column each: of the spectral norm from below, of the Frobenius norm from both sides. */
interface Scratch {
  readonly lower: Float64Array;
  readonly least: Float64Array;
  readonly most: Float64Array;
  readonly error: Float64Array;
}

/** From explicit Jacobians of layer t = i + 1, where a sample has one. */
function explicitBounds(
  bounds: JudgeBounds,
  { spectralUpper, kind }: Findings,
  i: number,
  { frobenius, spectralLower, spectralUpper: denseUpper, stageNorms }: MeasuredJacobian,
  { lower, least, most, error }: Scratch,
): void {
  const { layers, arithmetic } = bounds;
  const rows = (layers[i - 1] as LayerBounds).outputs;
  const norm = normRounding(rows * (layers[0] as LayerBounds).inputs, arithmetic);
  const upper = spectralUpper[i] as Float64Array;
  const how = kind[i] as Uint8Array;
  chainError(bounds, spectralUpper, stageNorms, i, error, rows);
  for (let at = 0; at < lower.length; at++) {
    const measured = frobenius[at] as number;
    if (!(measured >= 0)) continue;
    const e = error[at] as number;
    const own = (raisedNorm(norm, measured) + e) * UP;
    const spectral = ((denseUpper[at] as number) + e) * UP;
    most[at] = own;
    least[at] = Math.max(0, (loweredNorm(norm, measured) - e) * DOWN);
    lower[at] = Math.max(0, ((spectralLower[at] as number) - e) * DOWN);
    if (own < (upper[at] as number)) {
      upper[at] = own;
      how[at] = FROBENIUS;
    }
    if (spectral < (upper[at] as number)) {
      upper[at] = spectral;
      how[at] = SPECTRAL;
    }
  }
}

/** Of layer t = i + 1, where one was proven on its own. */
function provenUpper({ spectralUpper, kind }: Findings, i: number, proven: Float64Array): void {
  const upper = spectralUpper[i] as Float64Array;
  for (let at = 0; at < proven.length; at++) {
    const own = proven[at] as number;
    if (!(own < (upper[at] as number))) continue;
    upper[at] = own;
    (kind[i] as Uint8Array)[at] = SPECTRAL;
  }
}

/** Bounds of layer t = i + 1 into the findings. */
function put(f: Findings, i: number, { lower: lowers }: Scratch): void {
  const uppers = f.spectralUpper[i] as Float64Array;
  const spectral = f.spectralLower[i] as Float64Array;
  const [statementLower, statementUpper] = [f.statementLower[i] as Float64Array, f.statementUpper[i] as Float64Array];
  for (let at = 0; at < f.samples; at++) {
    const lower = lowers[at] as number;
    const upper = uppers[at] as number;
    const own = lower <= upper ? lower : upper;
    spectral[at] = own;
    statementLower[at] = own;
    statementUpper[at] = upper;
    if (lower > upper) f.special.set(at * f.depth + i, { verdict: null, contradiction: { lower, upper } });
  }
}

/** What is known of the Frobenius norm: ‖J‖ ≤ ‖J‖_F ≤ √rank ‖J‖, rank ≤ the narrowest width so far. */
function putFrobenius({ statement }: JudgeBounds, f: Findings, i: number, rootRank: number, scratch: Scratch): void {
  const uppers = f.spectralUpper[i] as Float64Array;
  const [statementLower, statementUpper] = [f.statementLower[i] as Float64Array, f.statementUpper[i] as Float64Array];
  for (let at = 0; at < f.samples; at++) {
    const [lower, upper] = [scratch.lower[at] as number, uppers[at] as number];
    const most = Math.min(scratch.most[at] as number, rootRank * upper * UP);
    const least = scratch.least[at] as number;
    if (statement === "frobenius") {
      statementLower[at] = Math.min(Math.max(lower, least), most);
      statementUpper[at] = most;
    }
    if (least > most && !(lower > upper)) {
      f.special.set(at * f.depth + i, { verdict: null, contradiction: { lower: least, upper: most } });
    }
  }
}
