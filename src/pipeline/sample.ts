/**
 * One sample from measurements to verdict: judge, and while a verdict is open or a check suspects something, climb
 * (MATH.md §2, rule 6): the engine's own brackets → pullbacks in f64 → witnesses in f64 → explicit Jacobians in f64.
 * A sample that is not finite in f32, or too small for it, is measured again wholly in f64; that report is not compared with the f32 one.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import type { RefineRequest, Refinement } from "../engine/cpu/refine.ts";
import type { Measurements, StoredSample } from "../engine/engine.ts";
import { IEEE_F64 } from "../engine/engine.ts";
import type { Interval } from "../engine/interval.ts";
import type { Plan } from "../engine/plan.ts";
import { suspicionThreshold, worstCuts } from "../verification/cut.ts";
import { cutsOf, evidenceOf } from "../verification/evidence.ts";
import type { LayerFinding } from "../verification/judge.ts";
import { intersectFindings, judgeLayers, totalBracket, totalWeights, weightError } from "../verification/judge.ts";
import type { NearKink } from "../verification/kinks.ts";
import { forwardUnderflow, mayUnderflow, nearKink } from "../verification/kinks.ts";
import { localFault } from "../verification/local.ts";
import { overflowRisk } from "../verification/overflow.ts";
import type { LayerBounds } from "../verification/rounding.ts";
import { uncertainZero, underflowRisk } from "../verification/underflow.ts";
import type { Verdict } from "../verification/verdict.ts";
import { combineVerdicts, judgeBracket } from "../verification/verdict.ts";
import type { CertainZeros } from "../verification/zeros.ts";
import { certainZeros, hasZero } from "../verification/zeros.ts";

/** How far a sample climbed. */
export type Rung = "screened" | "iterated" | "replayed";

export interface SampleOutcome {
  readonly verdict: Verdict;
  /** Every violation, not the first alone. */
  readonly violations: readonly (Verdict & { kind: "violated" })[];
  readonly findings: readonly LayerFinding[];
  readonly total: Interval;
  readonly weights: readonly number[];
  readonly weightExponent: number;
  readonly cutResiduals: readonly number[];
  readonly rung: Rung;
  /** Whether the cut test came near enough to its bound to look at everything that is stored of the sample (MATH.md §2, "suspicion"). */
  readonly suspected: boolean;
  /** ‖J_t‖ as an f64 witness gives it, scaled, where one was asked for; null: the engine's own. */
  readonly estimates: readonly (number | null)[];
  /** The measurements that the numbers of the row come from, and the sample's place in them. */
  readonly source: { readonly measurements: Measurements; readonly at: number };
  /** Whether the row's numbers are the formulas' within rounding; false where they are too small even for f64. */
  readonly vouched: boolean;
  /** Where a unit lies at a kink, so that the network's own slope may be another than the stored one. */
  readonly kink: NearKink | null;
  /** What the engine's own numbers gave, where the outcome is of a wholly-f64 measurement in their place. */
  readonly engine?: SampleOutcome;
}

export interface Climb {
  readonly plan: Plan;
  readonly layers: readonly LayerBounds[];
  /** The clean f64 engine that settles what is open, and the same network's plan in f64. */
  readonly host: CpuEngine;
  readonly hostPlan: Plan;
  /** Accuracy of each ‖J_t‖ that the engine's own precision does not reach: f64 witnesses for every sample; null: the engine's do. */
  readonly hostAccuracy: number | null;
  /** Width wanted of every proven interval of ‖J_t‖, (upper − lower)/lower; null: none. */
  readonly certify: number | null;
}

/** A sample measured anew: its numbers, and what was stored to make them. */
export interface Replay {
  readonly measurements: Measurements;
  readonly stored: () => Promise<StoredSample>;
}

/** Accuracy of the f64 witnesses: the point where brackets are bounded by rounding, not by the iteration. */
const REFINED_ACCURACY = 1e-9;

/**
 * @param index of the sample in the run, @param at its place in the batch.
 * @param stored fetches what the engine stored of it; called only when the verdict is open.
 * @param replay measures it wholly in f64; called only when it is not finite.
 */
export async function settleSample(
  climb: Climb,
  measurements: Measurements,
  index: number,
  at: number,
  stored: () => Promise<StoredSample>,
  replay: () => Promise<Replay>,
): Promise<SampleOutcome> {
  const { plan, layers } = climb;
  const risk = overflowRisk(plan, layers, measurements, at);
  const ownPrecision = measurements.arithmetic.unitRoundoff === IEEE_F64.unitRoundoff;
  if (risk !== null) {
    if (ownPrecision) return invalidOutcome(plan, measurements, at, risk);
    const again = await settleWholly(climb, index, replay);
    return again.verdict.kind === "invalid" ? invalidOutcome(plan, measurements, at, risk) : again;
  }
  const { flush } = measurements.arithmetic;
  const zeros = hasZero(measurements, at) ? certainZeros(plan, await stored(), flush, index) : null;
  const lost = mayUnderflow(plan, measurements, at) ? forwardUnderflow(plan, await stored(), flush) : null;
  const unsure = uncertainZero(measurements, at, zeros);
  const small =
    lost ?? underflowRisk(layers, measurements, at, zeros, plan.network.layers) ?? (ownPrecision ? null : unsure);
  const closer = small !== null && !ownPrecision;
  const judged = await judgeSample(climb, measurements, index, at, zeros, stored, closer);
  if (small === null || judged.verdict.kind === "violated") return unsure === null ? judged : named(judged, unsure);
  if (ownPrecision) {
    const reason = `${small}, too small for f64: the numbers reported need not be near the formulas'`;
    return { ...judged, verdict: { kind: "unresolved", reason }, vouched: false };
  }
  // Its checks passed, so that the engine is not to blame for what is small; the numbers reported are f64's.
  return { ...(await settleWholly(climb, index, replay)), engine: judged };
}

/** An open verdict beside a zero that is not certain says so. */
function named(outcome: SampleOutcome, zero: string): SampleOutcome {
  if (outcome.verdict.kind !== "unresolved") return outcome;
  const reason = `${zero}, which may be a number too small for f64 or a sum that cancelled: ${outcome.verdict.reason}`;
  return { ...outcome, verdict: { kind: "unresolved", reason } };
}

/** A sample measured again wholly in f64: that measurement's own stored values are the exact data, the engine's are no more looked at. */
export async function settleWholly(climb: Climb, index: number, replay: () => Promise<Replay>): Promise<SampleOutcome> {
  const again = await replay();
  const host = { ...climb, plan: climb.hostPlan };
  return { ...(await settleSample(host, again.measurements, index, 0, again.stored, replay)), rung: "replayed" };
}

/** @param zeros its certain zeros; null where no measured number is 0. @param closer whether all of the sample's stored adjoints are checked in f64, whatever its verdict. */
async function judgeSample(
  climb: Climb,
  measurements: Measurements,
  index: number,
  at: number,
  zeros: CertainZeros | null,
  stored: () => Promise<StoredSample>,
  closer: boolean,
): Promise<SampleOutcome> {
  const { plan, layers } = climb;
  const evidence = evidenceOf(measurements, at);
  let findings = judgeLayers(layers, plan.norm, evidence, zeros) as LayerFinding[];
  const adjointNorms = evidence.layers.map((e) => e?.adjointNorm ?? 0);
  const { arithmetic } = measurements;
  const cuts = worstCuts(layers, adjointNorms, evidence.slopeMax, cutsOf(measurements, at), arithmetic);
  const residuals = cuts.map((cut) => cut.residual);
  const suspected = residuals.some((r, i) => r > suspicionThreshold(layers[i] as LayerBounds));
  const { weights, exponent } = totalWeights(
    adjointNorms,
    measurements.hiddenNorm.map((h) => h[at] as number),
    plan.layers.map((l) => l.scaleExponent),
    plan.network.layers,
  );
  const slack = weightError(layers, evidence);
  const kink = nearKink(plan, measurements, at);
  const violations: (Verdict & { kind: "violated" })[] = [];
  const estimates: (number | null)[] = plan.layers.map(() => null);
  cuts.forEach(({ residual, left, right }, i) => {
    if (!(residual <= 1)) {
      const detail = `the cut test's difference is ${residual.toPrecision(3)} times what rounding explains`;
      const numbers = { found: left, right, bound: Math.abs(left - right) / residual };
      violations.push({ kind: "violated", check: "cut", layer: i + 1, detail, numbers });
    }
  });
  const outcome = (rung: Rung): SampleOutcome => {
    const total = totalBracket(weights, findings, slack);
    const verdicts = findings.map((f) => f.verdict);
    const found = [...violations, ...verdicts.filter((v) => v.kind === "violated")];
    const trivial = verdicts.every((v) => v.kind === "holds" && v.trivial);
    const own: Verdict = trivial ? { kind: "holds", trivial: true } : judgeBracket(total, null);
    return {
      verdict: found[0] ?? combineVerdicts(verdicts, own),
      violations: found,
      findings,
      total,
      weights,
      weightExponent: exponent,
      cutResiduals: residuals,
      rung,
      suspected,
      estimates,
      source: { measurements, at },
      vouched: true,
      kink,
    };
  };

  let rung: Rung = measurements.witnesses.some((w) => w !== null) ? "iterated" : "screened";
  let current = outcome(rung);
  if (violations.length > 0) return current;
  /** Takes these layers up again in f64; true where that shows a violation. */
  const refine = async (wanted: readonly number[], accuracy: number | null, explicit: boolean): Promise<boolean> => {
    const request: RefineRequest = { index, layers: wanted, accuracy, explicit };
    const refinement = await climb.host.refine(plan, await stored(), request);
    rung = "replayed";
    const local = localFault(layers, measurements.arithmetic, refinement);
    if (local !== null) violations.push(local);
    findings = mergeFindings(climb, findings, refinement, zeros);
    if (accuracy !== null) takeEstimates(refinement, estimates);
    current = outcome(rung);
    return current.violations.length > 0;
  };
  const everyLayer = layers.map((_, i) => i + 1);
  for (const step of STEPS) {
    const wanted = (suspected || closer) && step === STEPS[0] ? everyLayer : openLayers(current);
    if (wanted.length === 0) break;
    if (await refine(wanted, step.accuracy, step.explicit)) return current;
  }
  const inner = everyLayer.slice(1);
  if (climb.hostAccuracy !== null && inner.length > 0 && estimates.slice(1).some((e) => e === null)) {
    if (await refine(inner, climb.hostAccuracy, climb.certify !== null)) return current;
  }
  const { certify } = climb;
  if (certify !== null) {
    const wide = inner.filter((t) => !isNarrow(findings[t - 1] as LayerFinding, certify));
    if (wide.length > 0) await refine(wide, Math.min(REFINED_ACCURACY, certify / 8), true);
  }
  return current;
}

/** Whether layer t's proven interval of ‖J_t‖ is no wider than asked for; a dead layer's [0, 0] is. */
export function isNarrow({ jacobian: { statement } }: LayerFinding, width: number): boolean {
  return statement.upper - statement.lower <= width * statement.lower;
}

/** ‖ĉ‖/‖û‖ of the best f64 witness of each refined layer: Wᵀδ̂ with its pullback is one, and so is what an explicit Jacobian's bracket stands on. */
function takeEstimates(refinement: Refinement, estimates: (number | null)[]): void {
  refinement.layers.forEach((layer, i) => {
    if (layer === null || layer.witnesses.length === 0) return;
    const found = [{ vectorNorm: layer.pullbackNorm, resultNorm: layer.gradientNorm }, ...layer.witnesses];
    const quotients = found.map((w) => (w.vectorNorm > 0 ? w.resultNorm / w.vectorNorm : 0));
    estimates[i] = Math.max(0, layer.explicit?.spectralLower ?? 0, ...quotients);
  });
}

const STEPS: readonly { accuracy: number | null; explicit: boolean }[] = [
  { accuracy: null, explicit: false },
  { accuracy: REFINED_ACCURACY, explicit: false },
  { accuracy: REFINED_ACCURACY, explicit: true },
];

/** Layers whose verdict is open; all open or tight-bracketed ones where only the total is. */
function openLayers(outcome: SampleOutcome): number[] {
  const open = outcome.findings.flatMap((f, i) => (f.verdict.kind === "unresolved" ? [i + 1] : []));
  if (open.length > 0 || outcome.verdict.kind !== "unresolved") return open;
  return outcome.findings.flatMap((f, i) => (f.verdict.kind === "holds" && f.verdict.trivial ? [] : [i + 1]));
}

function mergeFindings(
  climb: Climb,
  findings: readonly LayerFinding[],
  refinement: Refinement,
  zeros: CertainZeros | null,
): LayerFinding[] {
  const evidence = { arithmetic: IEEE_F64, ...refinement };
  const refined = judgeLayers(climb.layers, climb.plan.norm, evidence, zeros);
  return findings.map((finding, i) => {
    const again = refined[i] ?? null;
    return again === null ? finding : intersectFindings(finding, again, i + 1);
  });
}

function invalidOutcome(plan: Plan, measurements: Measurements, at: number, reason: string): SampleOutcome {
  const none = { lower: NaN, upper: NaN };
  const verdict: Verdict = { kind: "invalid", reason };
  return {
    verdict,
    violations: [],
    findings: plan.layers.map(() => ({
      verdict,
      tightness: none,
      jacobian: { spectral: none, statement: none, kind: "product", contradiction: null },
      restartError: NaN,
    })),
    total: none,
    weights: plan.layers.map(() => NaN),
    weightExponent: 0,
    cutResiduals: plan.layers.map(() => NaN),
    rung: "screened",
    suspected: false,
    estimates: plan.layers.map(() => null),
    source: { measurements, at },
    vouched: false,
    kink: null,
  };
}
