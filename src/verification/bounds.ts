/**
 * Proven bounds for one sample from its measured norms: of ‖J_t‖, of the restart error E_t (MATH.md §2, "Verdict per layer" and "The
 * witness for ‖J_t‖").
 *
 * Never an interval pushed through depth: each linear step's own residual is bounded where it arises, and carried to the
 * input by the norm of the exact Jacobian below it: ĉ − J_tᵀû = Σ_{s<t} J_sᵀ ε_s with ‖ε_s‖ ≤ backwardStepError(s).
 */
import type { Arithmetic } from "../engine/engine.ts";
import type { Evidence, MeasuredJacobian } from "./evidence.ts";
import type { Findings } from "./findings.ts";
import { UPPER_KINDS } from "./findings.ts";
import type { JudgeBounds, LayerBounds } from "./rounding.ts";
import {
  backwardStepError,
  DOWN,
  judgeBounds,
  loweredNorm,
  normRounding,
  raisedNorm,
  roundedUp,
  stepError,
  UP,
} from "./rounding.ts";

/**
 * Upper bound of a norm measured over n numbers. Each of them may have been read as 0 where it is below the flush threshold, and a norm
 * that is itself subnormal was rounded to a multiple of the smallest number: √n·flush covers both.
 */
export function normUpper(measured: number, n: number, arithmetic: Arithmetic): number {
  return raisedNorm(normRounding(n, arithmetic), measured);
}

/** Lower bound of a norm measured over n numbers. */
export function normLower(measured: number, n: number, arithmetic: Arithmetic): number {
  return loweredNorm(normRounding(n, arithmetic), measured);
}

/** Σ_{s ≤ last} U(J_s) · backwardStepError(s, ‖stage s‖): how far a pullback through layers last … 1 is from its exact value. */
export function pullbackError(
  layers: readonly LayerBounds[],
  jacobianUpper: ArrayLike<number>,
  stageNorms: readonly number[],
  last: number,
  arithmetic: Arithmetic,
  rows = 1,
): number {
  const stages = stageNorms.map((norm) => Float64Array.of(norm));
  return chainError(judgeBounds(layers.slice(0, last), "spectral", arithmetic), jacobianUpper, stages, last, 0, rows);
}

/** The same of sample `at`. @param rows how many vectors go through at once, the stages' norms being their Frobenius norms. */
export function chainError(
  { layers, outputs, steps, arithmetic }: JudgeBounds,
  jacobianUpper: ArrayLike<number>,
  stageNorms: readonly Float64Array[],
  last: number,
  at: number,
  rows = 1,
): number {
  let error = 0;
  for (let i = 0; i < last; i++) {
    const stage = (stageNorms[i] as Float64Array)[at] as number;
    const layer = layers[i] as LayerBounds;
    const step =
      rows === 1
        ? stepError(steps[i] as (typeof steps)[number], raisedNorm(outputs[i] as (typeof outputs)[number], stage))
        : backwardStepError(layer, normUpper(stage, layer.outputs * rows, arithmetic), arithmetic, rows);
    error += (jacobianUpper[i] as number) * step;
  }
  // A product, its rounding, and the additions of all layers.
  return roundedUp(error, last + 2);
}

/** L(J_t) = [‖ĉ‖(1 − γ) − Σ_{s<t} U(J_s) ε_s] / (‖û‖(1 + γ)) from a pulled-back witness; 0 where there is none. */
export function witnessLower(
  bounds: JudgeBounds,
  jacobianUpper: ArrayLike<number>,
  t: number,
  vectorNorm: Float64Array,
  resultNorm: Float64Array,
  stageNorms: readonly Float64Array[],
  at: number,
): number {
  const { inputs } = bounds;
  const length = vectorNorm[at] as number;
  if (!(length > 0)) return 0;
  const error = chainError(bounds, jacobianUpper, stageNorms, t - 1, at);
  const numerator = loweredNorm(inputs[0] as (typeof inputs)[number], resultNorm[at] as number) - error;
  const lower = (numerator / raisedNorm(inputs[t - 1] as (typeof inputs)[number], length)) * DOWN;
  return lower > 0 ? lower : 0;
}

const [IDENTITY, PRODUCT, FROBENIUS, SPECTRAL] = UPPER_KINDS.map((_, kind) => kind) as [number, number, number, number];

/**
 * Bounds of every ‖J_t‖ of sample `at`, t = 1 … l, from the layer below upwards: U(J_t) = min(U(J_{t−1})·max|D_{t−1}|·U(W′_{t−1}),
 * explicit Â's norm plus its error sum), which is never looser than the product of all layers. p̂_t is itself a witness for ‖J_t‖: its
 * pullback is ĝ_x (MATH.md §2, "Zero-iteration screen").
 * @param to the sample's place in the findings; the layers that the evidence leaves out get bounds too.
 */
export function jacobianBounds(
  bounds: JudgeBounds,
  evidence: Evidence,
  at: number,
  findings: Findings,
  to: number,
): void {
  const { layers, statement, uppers } = bounds;
  const { spectralLower, spectralUpper, statementLower, statementUpper, kind, special, depth } = findings;
  const frobenius = statement === "frobenius";
  const width = (layers[0] as LayerBounds).inputs;
  const root = Math.sqrt(width);
  const put = (i: number, lower: number, upper: number, least: number, most: number, how: number): void => {
    (spectralLower[i] as Float64Array)[to] = lower;
    (spectralUpper[i] as Float64Array)[to] = upper;
    (statementLower[i] as Float64Array)[to] = frobenius ? least : lower;
    (statementUpper[i] as Float64Array)[to] = frobenius ? most : upper;
    (kind[i] as Uint8Array)[to] = how;
  };
  uppers[0] = 1;
  put(0, 1, 1, root * DOWN, root * UP, IDENTITY);
  let narrowest = width;
  for (let i = 1; i < layers.length; i++) {
    const below = layers[i - 1] as LayerBounds;
    narrowest = Math.min(narrowest, below.outputs);
    const slope = (evidence.slopeMax[i - 1] as Float64Array)[at] as number;
    let upper = (uppers[i - 1] as number) * below.spectralUpper * slope * UP;
    let how = PRODUCT;
    let most = Infinity;
    let least = 0;
    let lower = 0;
    const own = evidence.layers[i] ?? null;
    const dense = own?.explicit ?? null;
    if (dense !== null && (dense.frobenius[at] as number) >= 0) {
      const found = explicitBounds(bounds, uppers, i, dense, at);
      ({ least, most, lower } = found);
      if (most < upper) [upper, how] = [most, FROBENIUS];
      if (found.upper < upper) [upper, how] = [found.upper, SPECTRAL];
    }
    uppers[i] = upper;
    if (own !== null) {
      const { witness, pullbackNorm, gradientNorm, stageNorms } = own;
      lower = Math.max(lower, witnessLower(bounds, uppers, i + 1, pullbackNorm, gradientNorm, stageNorms, at));
      if (witness !== null) {
        const { vectorNorm, resultNorm, stageNorms: stages } = witness;
        lower = Math.max(lower, witnessLower(bounds, uppers, i + 1, vectorNorm, resultNorm, stages, at));
      }
    }
    // ‖J‖ ≤ ‖J‖_F ≤ √rank ‖J‖, rank ≤ the narrowest width so far.
    most = Math.min(most, Math.sqrt(narrowest) * upper * UP);
    put(i, Math.min(lower, upper), upper, Math.min(Math.max(lower, least), most), most, how);
    if (lower > upper || least > most) {
      const contradiction = lower > upper ? { lower, upper } : { lower: least, upper: most };
      special.set(to * depth + i, { verdict: null, contradiction });
    }
  }
}

/** From an explicit Jacobian of layer t = i + 1: of its Frobenius norm (`least`, `most`) and of its spectral one. */
function explicitBounds(
  bounds: JudgeBounds,
  uppers: ArrayLike<number>,
  i: number,
  dense: MeasuredJacobian,
  at: number,
) {
  const { layers, arithmetic } = bounds;
  const rows = (layers[i - 1] as LayerBounds).outputs;
  const entries = rows * (layers[0] as LayerBounds).inputs;
  const frobenius = dense.frobenius[at] as number;
  const error = chainError(bounds, uppers, dense.stageNorms, i, at, rows);
  return {
    most: (normUpper(frobenius, entries, arithmetic) + error) * UP,
    least: Math.max(0, (normLower(frobenius, entries, arithmetic) - error) * DOWN),
    lower: Math.max(0, ((dense.spectralLower[at] as number) - error) * DOWN),
    upper: ((dense.spectralUpper[at] as number) + error) * UP,
  };
}
