/**
 * From evidence to brackets and verdicts of the layers (MATH.md §2), a sample at a time, into columns (findings.ts). Pure functions.
 *
 * κ_hi = (N_g(1+γ) + E_t) / (N_δ(1−γ) L_W L_J),   κ_lo = max(0, N_g(1−γ) − E_t) / (N_δ(1+γ) U_W U_J)
 */
import { chainError, jacobianBounds } from "./bounds.ts";
import type { Evidence, LayerEvidence } from "./evidence.ts";
import type { Findings } from "./findings.ts";
import type { JudgeBounds, LayerBounds } from "./rounding.ts";
import { DOWN, loweredNorm, raisedNorm, UP } from "./rounding.ts";
import type { Check, Verdict } from "./verdict.ts";
import { bracketCode, CODE } from "./verdict.ts";
import type { CertainZeros } from "./zeros.ts";

/**
 * Judges every layer of sample `at` that the evidence covers.
 * @param zeros the sample's certain zeros; null where none of its measured numbers is 0. @param to its place in the findings.
 */
export function judgeLayers(
  bounds: JudgeBounds,
  evidence: Evidence,
  at: number,
  zeros: CertainZeros | null,
  findings: Findings,
  to: number,
): void {
  const { depth, special } = findings;
  if (special.size > 0) for (let i = 0; i < depth; i++) special.delete(to * depth + i);
  jacobianBounds(bounds, evidence, at, findings, to);
  for (let i = 0; i < depth; i++) {
    const own = evidence.layers[i] ?? null;
    if (own !== null) judgeLayer(bounds, evidence, own, i, at, zeros, findings, to);
  }
}

function judgeLayer(
  bounds: JudgeBounds,
  { slopeMax }: Evidence,
  own: LayerEvidence,
  i: number,
  at: number,
  zeros: CertainZeros | null,
  findings: Findings,
  to: number,
): void {
  const { layers, inputs, outputs, uppers } = bounds;
  const { depth, special } = findings;
  const t = i + 1;
  const gradient = own.gradientNorm[at] as number;
  const delta = own.adjointNorm[at] as number;
  const contradiction = special.size === 0 ? null : (special.get(to * depth + i)?.contradiction ?? null);
  const zero = storedZero(layers, slopeMax, delta, t, at);
  if (zero !== null && gradient !== 0) {
    const verdict = violated("zero-factor", t, `∇ₓf is not zero beside ${zero}`, gradient, 0);
    special.set(to * depth + i, { verdict, contradiction });
    conclude(findings, i, to, CODE.violated, 0, 0, 0);
    return;
  }
  const trivial = certainlyZero(layers, zeros, t);
  if (trivial || (gradient === 0 && zeros?.pattern === true)) {
    conclude(findings, i, to, trivial ? CODE.trivial : CODE.holds, 0, 0, 0);
    return;
  }
  const error = chainError(bounds, uppers, own.stageNorms, t, at);
  const { norm } = layers[i] as LayerBounds;
  const first = inputs[0] as (typeof inputs)[number];
  const last = outputs[i] as (typeof outputs)[number];
  const most = (raisedNorm(first, gradient) + error) * UP;
  const least = Math.max(0, (loweredNorm(first, gradient) - error) * DOWN);
  const jacobianLower = (findings.statementLower[i] as Float64Array)[to] as number;
  const jacobianUpper = (findings.statementUpper[i] as Float64Array)[to] as number;
  const shortest = loweredNorm(last, delta) * norm.lower * jacobianLower * DOWN;
  const longest = raisedNorm(last, delta) * norm.upper * jacobianUpper * UP;
  const quotient = (least / longest) * DOWN;
  const lower = quotient >= 0 ? quotient : 0;
  const upper = shortest > 0 ? (most / shortest) * UP : Infinity;
  if (gradient === 0 && zeros?.gradient === true && contradiction === null) {
    // 0 from the stored top gradient; restarted at the rounded δ̂_t it need not be, but no chain's κ is above 1.
    conclude(findings, i, to, CODE.holds, 0, Math.min(1, upper), Infinity);
    return;
  }
  // No norm lies between the bounds, and both are proven: what they were made of is wrong.
  if (contradiction !== null) {
    const detail = `the proven lower bound of ‖J_${String(t)}‖ lies above its proven upper bound`;
    const verdict = violated("norms", t, detail, contradiction.lower, contradiction.upper);
    special.set(to * depth + i, { verdict, contradiction });
  }
  const code = contradiction === null ? bracketCode(lower, upper) : CODE.violated;
  conclude(findings, i, to, code, lower, upper, error / gradient);
}

function violated(check: Check, layer: number, detail: string, found: number, right: number): Verdict {
  return { kind: "violated", check, layer, detail, numbers: { found, right, bound: 0 } };
}

function conclude(f: Findings, i: number, to: number, code: number, lower: number, upper: number, restart: number) {
  (f.verdict[i] as Uint8Array)[to] = code;
  (f.tightnessLower[i] as Float64Array)[to] = lower;
  (f.tightnessUpper[i] as Float64Array)[to] = upper;
  (f.restartError[i] as Float64Array)[to] = restart;
}

/**
 * Which stored factor of layer t is 0, or null. A chain of products with it is 0 in any arithmetic, so that ∇ₓf ≠ 0 beside it is a fault,
 * whether or not the zero is certain.
 */
function storedZero(
  layers: readonly LayerBounds[],
  slopeMax: readonly Float64Array[],
  adjointNorm: number,
  t: number,
  at: number,
): string | null {
  if (adjointNorm === 0) return `δ_${String(t)} = 0`;
  for (let s = 1; s <= t; s++) {
    if ((layers[s - 1] as LayerBounds).norm.upper === 0) return `W_${String(s)} = 0`;
    if (s < t && (slopeMax[s - 1] as Float64Array)[at] === 0) return `D_${String(s)} = 0`;
  }
  return null;
}

/** Rule 2: whether δ_t, J_t or some W_s, s ≤ t, is certainly 0, and ∇ₓf with it. */
function certainlyZero(layers: readonly LayerBounds[], zeros: CertainZeros | null, t: number): boolean {
  for (let s = 0; s < t; s++) if ((layers[s] as LayerBounds).norm.upper === 0) return true;
  return zeros !== null && (zeros.adjoint[t - 1] === true || zeros.jacobian[t - 1] === true);
}
