/**
 * From evidence to brackets and verdicts: layer by layer, then the sample (MATH.md §2). Pure functions.
 *
 * κ_hi = (N_g(1+γ) + E_t) / (N_δ(1−γ) L_W L_J),   κ_lo = max(0, N_g(1−γ) − E_t) / (N_δ(1+γ) U_W U_J)
 */
import type { Layer } from "../network/network.ts";
import { lengthened } from "../network/network.ts";
import type { Interval } from "../engine/interval.ts";
import { exponentOf, timesPowerOfTwo } from "../engine/powers.ts";
import type { JacobianBounds } from "./bounds.ts";
import { jacobianBounds, normLower, normUpper, pullbackError } from "./bounds.ts";
import type { Evidence, LayerEvidence } from "./evidence.ts";
import type { LayerBounds } from "./rounding.ts";
import { DOWN, normError, UP } from "./rounding.ts";
import type { Verdict } from "./verdict.ts";
import { judgeBracket } from "./verdict.ts";
import type { CertainZeros } from "./zeros.ts";

/** What is proven of layer t. */
export interface LayerFinding {
  readonly verdict: Verdict;
  /** Proven bracket of κ_t. */
  readonly tightness: Interval;
  readonly jacobian: JacobianBounds;
  /** E_t / N_g. */
  readonly restartError: number;
}

/**
 * Findings of every layer that the evidence covers (null elsewhere).
 * @param zeros the sample's certain zeros; null where none of its measured numbers is 0.
 */
export function judgeLayers(
  layers: readonly LayerBounds[],
  statement: "spectral" | "frobenius",
  evidence: Evidence,
  zeros: CertainZeros | null,
): (LayerFinding | null)[] {
  const { arithmetic, slopeMax } = evidence;
  const inputs = (layers[0] as LayerBounds).inputs;
  const explicit = evidence.layers.map((e) => e?.explicit ?? null);
  const witnesses = evidence.layers.map((e, i) => (e === null || i === 0 ? [] : [...e.witnesses, screenWitness(e)]));
  const jacobians = jacobianBounds(layers, statement, slopeMax, witnesses, explicit, arithmetic);
  const uppers = jacobians.map((j) => j.spectral.upper);
  return evidence.layers.map((e, i) => {
    if (e === null) return null;
    const t = i + 1;
    const layer = layers[i] as LayerBounds;
    const jacobian = jacobians[i] as JacobianBounds;
    const zero = storedZero(layers, slopeMax, e, t);
    if (zero !== null && e.gradientNorm !== 0) {
      const detail = `∇ₓf is not zero beside ${zero}`;
      const numbers = { found: e.gradientNorm, right: 0, bound: 0 };
      const verdict: Verdict = { kind: "violated", check: "zero-factor", layer: t, detail, numbers };
      return { verdict, tightness: { lower: 0, upper: 0 }, jacobian, restartError: 0 };
    }
    const trivial = certainlyZero(layers, zeros, t);
    if (trivial || (e.gradientNorm === 0 && zeros?.pattern === true)) {
      const tightness = { lower: 0, upper: 0 };
      return { verdict: { kind: "holds", trivial }, tightness, jacobian, restartError: 0 };
    }
    const error = pullbackError(layers, uppers, e.stageNorms, t, arithmetic);
    const numerator = {
      lower: Math.max(0, (normLower(e.gradientNorm, inputs, arithmetic) - error) * DOWN),
      upper: (normUpper(e.gradientNorm, inputs, arithmetic) + error) * UP,
    };
    const denominator = {
      lower: normLower(e.adjointNorm, layer.outputs, arithmetic) * layer.norm.lower * jacobian.statement.lower * DOWN,
      upper: normUpper(e.adjointNorm, layer.outputs, arithmetic) * layer.norm.upper * jacobian.statement.upper * UP,
    };
    const tightness = {
      lower: (numerator.lower / denominator.upper) * DOWN,
      upper: denominator.lower > 0 ? (numerator.upper / denominator.lower) * UP : Infinity,
    };
    if (!(tightness.lower >= 0)) tightness.lower = 0;
    if (e.gradientNorm === 0 && zeros?.gradient === true && jacobian.contradiction === null) {
      // 0 from the stored top gradient; restarted at the rounded δ̂_t it need not be, but no chain's κ is above 1.
      const bracket = { lower: 0, upper: Math.min(1, tightness.upper) };
      return { verdict: { kind: "holds", trivial: false }, tightness: bracket, jacobian, restartError: Infinity };
    }
    const verdict =
      jacobian.contradiction === null ? judgeBracket(tightness, t) : contradicted(jacobian.contradiction, t);
    return { verdict, tightness, jacobian, restartError: error / e.gradientNorm };
  });
}

/** No norm lies between these bounds, and both are proven: what they were made of is wrong. */
function contradicted({ lower, upper }: Interval, t: number): Verdict {
  const detail = `the proven lower bound of ‖J_${String(t)}‖ lies above its proven upper bound`;
  return { kind: "violated", check: "norms", layer: t, detail, numbers: { found: lower, right: upper, bound: 0 } };
}

/** p̂_t is itself a witness for ‖J_t‖: its pullback is ĝ_x (MATH.md §2, "Zero-iteration screen"). */
function screenWitness(e: LayerEvidence): { vectorNorm: number; resultNorm: number; stageNorms: readonly number[] } {
  return { vectorNorm: e.pullbackNorm, resultNorm: e.gradientNorm, stageNorms: e.stageNorms };
}

/**
 * Which stored factor of layer t is 0, or null. A chain of products with it is 0 in any arithmetic, so that ∇ₓf ≠ 0 beside it is a fault,
 * whether or not the zero is certain.
 */
function storedZero(
  layers: readonly LayerBounds[],
  slopeMax: readonly number[],
  e: LayerEvidence,
  t: number,
): string | null {
  if (e.adjointNorm === 0) return `δ_${String(t)} = 0`;
  for (let s = 1; s <= t; s++) {
    if ((layers[s - 1] as LayerBounds).norm.upper === 0) return `W_${String(s)} = 0`;
    if (s < t && slopeMax[s - 1] === 0) return `D_${String(s)} = 0`;
  }
  return null;
}

/** Rule 2: whether δ_t, J_t or some W_s, s ≤ t, is certainly 0, and ∇ₓf with it. */
function certainlyZero(layers: readonly LayerBounds[], zeros: CertainZeros | null, t: number): boolean {
  if (layers.slice(0, t).some((l) => l.norm.upper === 0)) return true;
  return zeros !== null && (zeros.adjoint[t - 1] === true || zeros.jacobian[t - 1] === true);
}

/** Both findings speak of the same stored numbers: the intersection of their brackets, or the news that it is empty. */
export function intersectFindings(a: LayerFinding, b: LayerFinding, t: number): LayerFinding {
  const tightness = intersection(a.tightness, b.tightness);
  const statement = intersection(a.jacobian.statement, b.jacobian.statement);
  const spectral = intersection(a.jacobian.spectral, b.jacobian.spectral);
  if (tightness === null || statement === null || spectral === null) {
    const [name, own, other] =
      tightness === null
        ? (["κ", a.tightness, b.tightness] as const)
        : statement === null
          ? ([`‖J_${String(t)}‖`, a.jacobian.statement, b.jacobian.statement] as const)
          : ([`‖J_${String(t)}‖₂`, a.jacobian.spectral, b.jacobian.spectral] as const);
    const detail = `the engine's bracket and the f64 replay's do not meet: ${name} in [${String(own.lower)}, ${String(own.upper)}] and in [${String(other.lower)}, ${String(other.upper)}]`;
    // Both hold the number: no lower end may lie above an upper one.
    const numbers = { found: Math.max(own.lower, other.lower), right: Math.min(own.upper, other.upper), bound: 0 };
    return { ...b, verdict: { kind: "violated", check: "replay", layer: t, detail, numbers } };
  }
  const kind = a.jacobian.statement.upper < b.jacobian.statement.upper ? a.jacobian.kind : b.jacobian.kind;
  const verdict =
    a.verdict.kind === "violated"
      ? a.verdict
      : b.verdict.kind === "violated" || (b.verdict.kind === "holds" && b.verdict.trivial)
        ? b.verdict
        : judgeBracket(tightness, t);
  return {
    verdict,
    tightness,
    jacobian: { spectral, statement, kind, contradiction: a.jacobian.contradiction ?? b.jacobian.contradiction },
    restartError: Math.min(a.restartError, b.restartError),
  };
}

function intersection(a: Interval, b: Interval): Interval | null {
  const lower = Math.max(a.lower, b.lower);
  const upper = Math.min(a.upper, b.upper);
  return lower <= upper ? { lower, upper } : null;
}

/** Weights of the total: w_t = ‖δ_t‖²(β_t + ‖h_t‖²), β_t = 1 with a bias and 0 without, as w_t = weights[t−1]·2^exponent, the largest of them between 1 and 16. */
export interface TotalWeights {
  readonly weights: readonly number[];
  readonly exponent: number;
}

/** @param scaleExponents k_t of the plan: δ_t = 2^{Σ_{s>t} k_s} δ′_t, up to the sample's own 2^e. */
export function totalWeights(
  adjointNorms: readonly number[],
  hiddenNorms: readonly number[],
  scaleExponents: readonly number[],
  layers: readonly Pick<Layer, "biased">[],
): TotalWeights {
  let above = 0;
  const roots: { factor: number; exponent: number }[] = [];
  for (let i = adjointNorms.length - 1; i >= 0; i--) {
    const h = hiddenNorms[i] as number;
    const root = lengthened(layers[i] as Layer, h);
    const delta = adjointNorms[i] as number;
    if (delta > 0 && root > 0) {
      const shift = exponentOf(delta) + exponentOf(root);
      const factor = timesPowerOfTwo(delta, -exponentOf(delta)) * timesPowerOfTwo(root, -exponentOf(root));
      roots.unshift({ factor, exponent: shift + above });
    } else {
      roots.unshift({ factor: 0, exponent: -Infinity });
    }
    above += scaleExponents[i] as number;
  }
  const exponent = Math.max(...roots.map((r) => r.exponent));
  if (exponent === -Infinity) return { weights: roots.map(() => 0), exponent: 0 };
  return {
    weights: roots.map((r) => (r.factor === 0 ? 0 : (r.factor * 2 ** Math.max(-2000, r.exponent - exponent)) ** 2)),
    exponent: 2 * exponent,
  };
}

/**
 * The total's bracket: √([Σ w κ_lo², Σ w κ_hi²]/Σ w), widened by the error of the weights; a mean of the κ_t², so never
 * outside [min κ_lo, max κ_hi].
 * @param widest the largest width, for the norms' error.
 */
export function totalBracket(weights: readonly number[], findings: readonly LayerFinding[], error: number): Interval {
  let sum = 0;
  let lower = 0;
  let upper = 0;
  let least = Infinity;
  let most = 0;
  findings.forEach(({ tightness }, i) => {
    const w = weights[i] as number;
    if (w === 0) return;
    sum += w;
    lower += w * tightness.lower ** 2;
    upper += w * tightness.upper ** 2;
    least = Math.min(least, tightness.lower);
    most = Math.max(most, tightness.upper);
  });
  if (sum === 0) return { lower: 0, upper: 0 };
  // A weight has four norms' errors e, ‖δ‖² and 1 + ‖h‖²: √((1 + 4e)/(1 − 4e)) ≤ 1 + 8e for e ≤ 1/16, and nothing is known beyond. The
  // host's own: a few in each term and an addition for every layer, in both sums.
  const slack = (error <= 1 / 16 ? 8 * error : 1) + Math.max(2 ** -44, 4 * (findings.length + 16) * 2 ** -53);
  return {
    lower: Math.max(least, Math.sqrt(lower / sum) * (1 - slack)),
    upper: Math.min(most, Math.sqrt(upper / sum) * (1 + slack)),
  };
}

/** Relative error of the weights' norms: that of the widest layer. */
export function weightError(layers: readonly LayerBounds[], evidence: Evidence): number {
  const widest = Math.max(...layers.map((l) => Math.max(l.inputs, l.outputs)));
  return normError(widest, evidence.arithmetic);
}
