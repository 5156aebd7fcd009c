/** A block while it is settled: its columns, and what only settling needs. One function judges a sample, one concludes from its layers. */
import type { Measurements, StoredSample } from "../engine/engine.ts";
import type { Judged } from "../verification/audit/subject.ts";
import { worstCut, worstResidual } from "../verification/cut.ts";
import type { Evidence } from "../verification/evidence.ts";
import { evidenceOf } from "../verification/evidence.ts";
import { createFindings, findingAt, putFinding } from "../verification/findings.ts";
import { judgeLayers } from "../verification/judge.ts";
import type { CutRounding } from "../verification/cut.ts";
import { nearKink } from "../verification/kinks.ts";
import type { PlanBounds } from "../verification/plan-bounds.ts";
import { totalBracket, totalWeights } from "../verification/total.ts";
import { bracketCode, CODE, codeOf, combineVerdicts } from "../verification/verdict.ts";
import type { CertainZeros } from "../verification/zeros.ts";
import type { Rung, SettledBlock, Violation } from "./block.ts";
import { createBlock, RUNGS } from "./block.ts";
import type { Source } from "./numbers.ts";
import { fillNumbers, numberSource } from "./numbers.ts";

export interface Draft {
  readonly block: SettledBlock;
  readonly bounds: PlanBounds;
  readonly measurements: Measurements;
  readonly evidence: Evidence;
  readonly source: Source;
  /** w_t = weights[t−1]·2^weightExponent. */
  readonly weights: readonly Float64Array[];
  readonly weightExponent: Float64Array;
  /** 1: the cut test came near enough to its bound to look at everything that is stored of the sample (MATH.md §2, "suspicion"). */
  readonly suspected: Uint8Array;
  /** Violations that no layer's bracket shows, by place: of the cut test, a norm, a replay. */
  readonly violations: Map<number, Violation[]>;
  /** ‖J_t‖ as an f64 witness gives it, scaled, where one was asked for; null: the engine's own. */
  readonly estimates: Map<number, (number | null)[]>;
  /** Places whose numbers need not be near the formulas'. */
  readonly doubtful: Set<number>;
  /** Fetches what is stored of these places. */
  readonly stored: (places: readonly number[]) => Promise<StoredSample[]>;
}

/** @param first index of the block's first sample in the run. */
export function createDraft(
  bounds: PlanBounds,
  first: number,
  measurements: Measurements,
  stored: Draft["stored"],
): Draft {
  const { plan } = bounds;
  const { samples } = measurements;
  const findings = createFindings(plan.layers.length, samples);
  const block = createBlock(plan, first, samples, findings);
  block.rung.fill(RUNGS.indexOf(measurements.witnesses.some((w) => w !== null) ? "iterated" : "screened"));
  const weights = plan.layers.map(() => new Float64Array(samples));
  return {
    ...{ block, bounds, measurements, weights, stored },
    evidence: evidenceOf(measurements),
    source: numberSource(plan, weights),
    weightExponent: new Float64Array(samples),
    suspected: new Uint8Array(samples),
    violations: new Map(),
    estimates: new Map(),
    doubtful: new Set(),
  };
}

/** From the sample's measurements to its layers' brackets, cut test, weights, kink and verdict. @param zeros null: no measured number is 0. */
export function judge(draft: Draft, at: number, zeros: CertainZeros | null): void {
  const { bounds, block, measurements: m, weights } = draft;
  const { plan, cuts, suspicions } = bounds;
  judgeLayers(bounds.judge, draft.evidence, at, zeros, block.findings, at);
  for (let i = 0; i < cuts.length; i++) {
    const residual = worstResidual(cuts[i] as CutRounding, m, i, at);
    (block.layers[i] as (typeof block.layers)[number]).cutResidual[at] = residual;
    if (residual > (suspicions[i] as number)) draft.suspected[at] = 1;
    if (!(residual <= 1)) addViolation(draft, at, cutViolation(cuts[i] as CutRounding, m, i, at));
  }
  const { adjointNorm, hiddenNorm } = m;
  const { layers } = plan.network;
  draft.weightExponent[at] = totalWeights(adjointNorm, hiddenNorm, at, bounds.scaleExponents, layers, weights, at);
  const kink = nearKink(bounds.kinks, m, at);
  block.kink[at] = kink?.layer ?? 0;
  block.kinkLocal[at] = kink?.bound === "local" ? 1 : 0;
  conclude(draft, at);
}

function cutViolation(rounding: CutRounding, m: Measurements, i: number, at: number): Violation {
  const { residual, left, right } = worstCut(rounding, m, i, at);
  const detail = `the cut test's difference is ${residual.toPrecision(3)} times what rounding explains`;
  const numbers = { found: left, right, bound: Math.abs(left - right) / residual };
  return { kind: "violated", check: "cut", layer: i + 1, detail, numbers };
}

export function addViolation(draft: Draft, at: number, violation: Violation): void {
  draft.violations.set(at, [...(draft.violations.get(at) ?? []), violation]);
}

/** The total's bracket and the sample's verdict from those of its layers (MATH.md §2, "Sample verdict"). */
export function conclude({ block, bounds, weights, violations }: Draft, at: number): void {
  const { findings, numbers } = block;
  const total = totalBracket(weights, findings.tightnessLower, findings.tightnessUpper, at, bounds.weightError);
  numbers.totalLower[at] = total.lower;
  numbers.totalUpper[at] = total.upper;
  let isTrivial = true;
  for (let i = 0; i < findings.depth; i++) {
    if ((findings.verdict[i] as Uint8Array)[at] !== CODE.trivial) isTrivial = false;
  }
  const own = isTrivial ? CODE.trivial : bracketCode(total.lower, total.upper);
  block.verdict[at] = violations.has(at) ? CODE.violated : combineVerdicts(findings.verdict, at, own);
}

/** Every violation of the sample, those of its layers' brackets last. */
export function violationsOf({ block, violations }: Draft, at: number): Violation[] {
  const found = [...(violations.get(at) ?? [])];
  for (let i = 0; i < block.findings.depth; i++) {
    const { verdict } = findingAt(block.findings, i, at);
    if (verdict.kind === "violated") found.push(verdict);
  }
  return found;
}

/** A sample that cannot be judged. */
export function invalidate(draft: Draft, at: number, reason: string): void {
  const { block, bounds, weights } = draft;
  const { findings, numbers, layers } = block;
  const none = { lower: NaN, upper: NaN };
  const verdict = { kind: "invalid", reason } as const;
  const jacobian = { spectral: none, statement: none, kind: "product", contradiction: null } as const;
  bounds.layers.forEach((_, i) => {
    putFinding(findings, i, at, { verdict, jacobian, tightness: none, restartError: NaN });
    (weights[i] as Float64Array)[at] = NaN;
    (layers[i] as (typeof layers)[number]).cutResidual[at] = NaN;
  });
  numbers.totalLower[at] = NaN;
  numbers.totalUpper[at] = NaN;
  draft.weightExponent[at] = 0;
  draft.doubtful.add(at);
  draft.suspected[at] = 0;
  setRung(draft, at, "screened");
  tell(draft, at, { verdict, violations: [] });
}

export function tell(
  { block }: Draft,
  at: number,
  { verdict, violations }: Pick<NonNullable<ReturnType<SettledBlock["told"]["get"]>>, "verdict" | "violations">,
): void {
  block.verdict[at] = codeOf(verdict);
  block.told.set(at, { verdict, violations, audit: block.told.get(at)?.audit });
}

export function setRung({ block }: Draft, at: number, rung: Rung): void {
  block.rung[at] = RUNGS.indexOf(rung);
}

/** The reported numbers, once nothing of the sample changes any more. */
export function report({ source, block, measurements, weightExponent, estimates, doubtful }: Draft, at: number): void {
  const exponent = weightExponent[at] as number;
  fillNumbers(source, block, at, measurements, at, exponent, estimates.get(at) ?? null, !doubtful.has(at));
}

/** What an audit needs to know of a sample's verdict. */
export function judgementOf({ block, estimates, doubtful }: Draft, at: number): Judged {
  const { findings, numbers } = block;
  return {
    findings: Array.from({ length: findings.depth }, (_, i) => findingAt(findings, i, at)),
    total: { lower: numbers.totalLower[at] as number, upper: numbers.totalUpper[at] as number },
    estimates: estimates.get(at) ?? Array.from({ length: findings.depth }, () => null),
    vouched: !doubtful.has(at),
  };
}
