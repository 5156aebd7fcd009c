/**
 * From evidence to brackets and verdicts of the layers (MATH.md §2), a block of samples at a time, into columns (findings.ts). Pure functions.
 *
 * κ_hi = (N_g(1+γ) + E_t) / (N_δ(1−γ) L_W L_J),   κ_lo = max(0, N_g(1−γ) − E_t) / (N_δ(1+γ) U_W U_J)
 */
import { workMarks } from "../engine/memory.ts";
import type { Evidence, LayerEvidence } from "./evidence.ts";
import type { Findings } from "./findings.ts";
import { markBelow } from "./marks.ts";
import type { JudgeBounds, LayerBounds, NormRounding } from "./rounding.ts";
import { DOWN, loweredNorm, raisedNorm, UP } from "./rounding.ts";
import type { Check, Verdict } from "./verdict.ts";
import { bracketCode, CODE } from "./verdict.ts";
import type { CertainZeros } from "./zeros.ts";

/** The certain zeros of sample `at`; null where none of its measured numbers is 0. */
export type ZerosOf = (at: number) => CertainZeros | null;

/**
 * Judges every layer that the evidence covers, of every sample.
 * @param findings of as many samples, with the bounds of J_t and E_t (bounds.ts).
 */
export function judgeLayers(bounds: JudgeBounds, evidence: Evidence, zerosOf: ZerosOf, findings: Findings): void {
  const places = withZeros(bounds, evidence, findings.samples);
  evidence.layers.forEach((own, i) => {
    if (own === null) return;
    judgeLayer(bounds, own, i, findings);
    for (const at of places) judgeZeros(bounds, evidence, own, i, at, zerosOf(at), findings);
    judgeContradictions(findings, i);
  });
}

/** Samples in which a factor or a gradient is 0. */
function withZeros({ layers }: JudgeBounds, { slopeMax, layers: own }: Evidence, samples: number): number[] {
  const columns = [...slopeMax, ...own.flatMap((l) => (l === null ? [] : [l.gradientNorm, l.adjointNorm]))];
  const everywhere = layers.some(({ norm }) => norm.upper === 0);
  const has = work(samples);
  if (everywhere) has.fill(1);
  markBelow([...new Set(columns)], Number.MIN_VALUE, has);
  const places: number[] = [];
  for (let at = has.indexOf(1); at >= 0; at = has.indexOf(1, at + 1)) places.push(at);
  return places;
}

const work = workMarks();

function judgeLayer(bounds: JudgeBounds, own: LayerEvidence, i: number, f: Findings): void {
  const { norm } = bounds.layers[i] as LayerBounds;
  const [first, last] = [bounds.inputs[0] as NormRounding, bounds.outputs[i] as NormRounding];
  const { gradientNorm, adjointNorm } = own;
  const [jacobianLower, jacobianUpper] = [f.statementLower[i] as Float64Array, f.statementUpper[i] as Float64Array];
  const [lowers, uppers] = [f.tightnessLower[i] as Float64Array, f.tightnessUpper[i] as Float64Array];
  const [codes, restarts] = [f.verdict[i] as Uint8Array, f.restartError[i] as Float64Array];
  for (let at = 0; at < codes.length; at++) {
    const gradient = gradientNorm[at] as number;
    const delta = adjointNorm[at] as number;
    const e = restarts[at] as number;
    const most = (raisedNorm(first, gradient) + e) * UP;
    const least = Math.max(0, (loweredNorm(first, gradient) - e) * DOWN);
    const shortest = loweredNorm(last, delta) * norm.lower * (jacobianLower[at] as number) * DOWN;
    const longest = raisedNorm(last, delta) * norm.upper * (jacobianUpper[at] as number) * UP;
    const quotient = (least / longest) * DOWN;
    const lower = quotient >= 0 ? quotient : 0;
    const upper = shortest > 0 ? (most / shortest) * UP : Infinity;
    lowers[at] = lower;
    uppers[at] = upper;
    codes[at] = bracketCode(lower, upper);
    restarts[at] = e / gradient;
  }
}

/** Layer t = i + 1 of a sample in which a factor or the gradient is 0: rule 2. */
function judgeZeros(
  { layers }: JudgeBounds,
  { slopeMax }: Evidence,
  own: LayerEvidence,
  i: number,
  at: number,
  zeros: CertainZeros | null,
  f: Findings,
): void {
  const t = i + 1;
  const gradient = own.gradientNorm[at] as number;
  const zero = storedZero(layers, slopeMax, own.adjointNorm[at] as number, t, at);
  if (zero === null && gradient !== 0) return;
  const key = at * f.depth + i;
  const contradiction = f.special.get(key)?.contradiction ?? null;
  const trivial = certainlyZero(layers, zeros, t);
  if (gradient !== 0) {
    const verdict = violated("zero-factor", t, `∇ₓf is not zero beside ${String(zero)}`, gradient, 0);
    f.special.set(key, { verdict, contradiction });
    conclude(f, i, at, CODE.violated, 0, 0);
  } else if (trivial || zeros?.pattern === true) {
    f.special.delete(key);
    conclude(f, i, at, trivial ? CODE.trivial : CODE.holds, 0, 0);
  } else if (zeros?.gradient === true && contradiction === null) {
    // 0 from the stored top gradient; restarted at the rounded δ̂_t it need not be, but no chain's κ is above 1.
    conclude(f, i, at, CODE.holds, Math.min(1, (f.tightnessUpper[i] as Float64Array)[at] as number), Infinity);
  }
}

/** No norm lies between the bounds of ‖J_t‖, t = i + 1, and both are proven: what they were made of is wrong. */
function judgeContradictions(f: Findings, i: number): void {
  for (const [key, { verdict, contradiction }] of f.special) {
    if (key % f.depth !== i || verdict !== null || contradiction === null) continue;
    const detail = `the proven lower bound of ‖J_${String(i + 1)}‖ lies above its proven upper bound`;
    const found = violated("norms", i + 1, detail, contradiction.lower, contradiction.upper);
    f.special.set(key, { verdict: found, contradiction });
    (f.verdict[i] as Uint8Array)[(key - i) / f.depth] = CODE.violated;
  }
}

function violated(check: Check, layer: number, detail: string, found: number, right: number): Verdict {
  return { kind: "violated", check, layer, detail, numbers: { found, right, bound: 0 } };
}

/** κ_t ∈ [0, upper]. */
function conclude(f: Findings, i: number, at: number, code: number, upper: number, restartError: number): void {
  (f.verdict[i] as Uint8Array)[at] = code;
  (f.tightnessLower[i] as Float64Array)[at] = 0;
  (f.tightnessUpper[i] as Float64Array)[at] = upper;
  (f.restartError[i] as Float64Array)[at] = restartError;
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
