/**
 * From evidence to verdicts, rung by rung (MATH.md §2, rule 6). The first is the engine's own block, for every sample; those that its
 * brackets leave open, or that a check suspects, climb in f64: pullbacks, then witnesses, then explicit Jacobians; then what was asked of the
 * estimates and of the intervals. The columns of the draft are the state: each rung says which layers of a sample it takes up again, those of
 * one wish go through it together, and what it proves is intersected with what was known.
 */
import { BLOCK } from "../engine/cpu/engine.ts";
import type { CpuEngine } from "../engine/cpu/engine.ts";
import type { RefinedLayer, Refinement } from "../engine/cpu/refine.ts";
import { inputIndex } from "../engine/each-output.ts";
import type { ProvenNorms, StoredSample, Wanted } from "../engine/engine.ts";
import type { NormEstimate } from "../verification/audit/subject.ts";
import { jacobianBounds } from "../verification/bounds.ts";
import type { Evidence } from "../verification/evidence.ts";
import type { Findings } from "../verification/findings.ts";
import { createFindings } from "../verification/findings.ts";
import { intersectFindings } from "../verification/intersect.ts";
import { judgeLayers } from "../verification/judge.ts";
import { localFault } from "../verification/local.ts";
import type { JudgeBounds } from "../verification/rounding.ts";
import { sampleVerdicts, totalBrackets } from "../verification/total.ts";
import { CODE } from "../verification/verdict.ts";
import type { Rung } from "./block.ts";
import { RUNGS } from "./block.ts";
import type { Draft } from "./draft.ts";

/** What is asked of f64 beside verdicts. */
export interface Wishes {
  /** The clean f64 engine. */
  readonly host: CpuEngine;
  /** Accuracy of each ‖J_t‖ that the engine's own precision does not reach: f64 witnesses for every sample; null: the engine's do. */
  readonly hostAccuracy: number | null;
  /** Width wanted of every proven interval of ‖J_t‖, (upper − lower)/lower; null: none. */
  readonly certify: number | null;
}

/** Accuracy of the f64 witnesses: the point where brackets are bounded by rounding, not by the iteration. */
const REFINED_ACCURACY = 1e-9;
/** Of those that come first where nothing but verdicts was asked for: few steps, and enough for a bracket that is open by rounding alone. */
const COARSE_ACCURACY = 2 ** -5;

interface Step {
  readonly accuracy: number | null;
  readonly explicit: boolean;
  /** Width that upper ends are proven to from the lower ones that are known, without an explicit Jacobian's own bracket; null: none are. */
  readonly width: number | null;
  /** Whether samples that are settled already take part: a number was asked for, not a verdict. */
  readonly everyone?: boolean;
  /** Layers t to be taken up again. */
  readonly wanted: (draft: Draft, at: number) => readonly number[];
}

function stepsOf({ bounds, inF64, prove }: Draft, { hostAccuracy, certify }: Wishes): Step[] {
  const verdicts = { explicit: false, width: null, wanted: openLayers };
  const { accuracy } = bounds.plan;
  const steps: Step[] = [
    { ...verdicts, accuracy: null, wanted: (d, at) => (isLookedAt(d, at) ? everyLayer(d) : openLayers(d, at)) },
    ...(accuracy === "verdict" ? [{ ...verdicts, accuracy: COARSE_ACCURACY }] : []),
    { ...verdicts, accuracy: REFINED_ACCURACY },
    { ...verdicts, accuracy: REFINED_ACCURACY, explicit: true },
  ];
  const numbers = { explicit: false, width: certify, everyone: true };
  if (hostAccuracy !== null) steps.push({ ...numbers, accuracy: hostAccuracy, wanted: estimatedLayers });
  if (certify !== null) {
    const wide = { ...numbers, wanted: (d: Draft, at: number) => wideLayers(d, at, certify) };
    const own = Math.min(certify / 16, accuracy === "verdict" ? Infinity : accuracy);
    // The engine's own witnesses first, where their lower ends are not f32's and it has not proven them itself; then better ones; then all that can be known.
    if (inF64 && prove === undefined) steps.push({ ...wide, accuracy: null });
    steps.push(
      { ...wide, accuracy: own },
      { ...wide, accuracy: Math.min(REFINED_ACCURACY, certify / 8), explicit: true },
    );
  }
  return steps;
}

/** Samples that stand on one rung together, and the layers t that are taken up again. */
interface Party {
  readonly places: Int32Array;
  readonly layers: readonly number[];
}

/** What there is to judge the samples of a party by, in their order; the whole block for the engine's. */
interface Findable {
  readonly evidence: Evidence;
  readonly bounds: JudgeBounds;
}

export async function climb(draft: Draft, wishes: Wishes): Promise<void> {
  const all = everyPlace(draft.block.samples);
  const own = ownEvidence(draft);
  judgeParty(draft, all, true, own.evidence, own.bounds);
  const proven = await provenNorms(draft, all, wishes);
  if (proven !== null) {
    const layers = own.evidence.layers.map((layer, i) => layer && { ...layer, upper: proven[i]?.upper ?? null });
    judgeParty(draft, all, true, { ...own.evidence, layers }, own.bounds);
  }
  const open = all.filter((at) => isOpen(draft, at));
  for (const step of stepsOf(draft, wishes)) {
    await Promise.all(
      partiesOf(draft, step, step.everyone === true ? all : open).map(async ({ places, layers }) => {
        const { evidence, bounds } = await refine(draft, places, layers, step, wishes);
        judgeParty(draft, places, false, evidence, bounds);
      }),
    );
  }
}

/** Upper ends where the samples are, of those that are asked for; null where there are none. */
async function provenNorms(
  { bounds, block, isOut, prove }: Draft,
  all: Int32Array,
  { certify }: Wishes,
): Promise<(ProvenNorms | null)[] | null> {
  if (certify === null || prove === undefined || bounds.plan.norm !== "spectral") return null;
  const { findings } = block;
  const wanted = findings.spectralLower.map((known, i): Wanted | null => {
    if (i === 0) return null;
    const lower = new Float64Array(block.samples);
    for (const at of all) {
      if (isOut[at] === 0 && !isNarrow(findings, i, at, certify)) lower[at] = known[at] as number;
    }
    return { width: certify, lower };
  });
  if (wanted.every((own) => own === null || own.lower.every((known) => known === 0))) return null;
  return prove(bounds.plan, wanted);
}

let counted = new Int32Array(0);

/** 0 … samples − 1. */
function everyPlace(samples: number): Int32Array {
  if (counted.length < samples) counted = Int32Array.from({ length: samples }, (_, at) => at);
  return counted.subarray(0, samples);
}

/** Brackets, verdicts of the layers, and the samples' own. */
function judgeParty(draft: Draft, places: Int32Array, isWhole: boolean, evidence: Evidence, bounds: JudgeBounds): void {
  const { block, zeros, weights, cutFaults, localFaults } = draft;
  const { findings, numbers, verdict } = block;
  const found = isWhole ? findings : createFindings(findings.depth, places.length);
  jacobianBounds(bounds, evidence, found);
  judgeLayers(bounds, evidence, (k) => zeros.get(places[k] as number) ?? null, found);
  if (!isWhole) intersectFindings(findings, found, evidence, places);
  totalBrackets(weights, findings, draft.bounds.weightError, places, numbers);
  const hasFaults = cutFaults.size + localFaults.size > 0;
  const isFaulty = hasFaults ? (at: number) => cutFaults.has(at) || localFaults.has(at) : null;
  sampleVerdicts(findings, numbers, isFaulty, places, verdict);
}

function ownEvidence({ evidence, bounds, block, measurements }: Draft): Findable {
  const rung: Rung = measurements.witnesses.some((w) => w !== null) ? "iterated" : "screened";
  block.rung.fill(RUNGS.indexOf(rung));
  return { evidence, bounds: bounds.judge };
}

/** Who of these samples takes this step, by the layers that they take up again, in blocks. */
function partiesOf(draft: Draft, step: Step, candidates: Int32Array): Party[] {
  const groups = new Map<string, { layers: readonly number[]; places: number[] }>();
  for (const at of candidates) {
    if (isOver(draft, at)) continue;
    const layers = step.wanted(draft, at);
    if (layers.length === 0) continue;
    const key = layers.join(" ");
    const group = groups.get(key) ?? { layers, places: [] };
    group.places.push(at);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ layers, places }) =>
    Array.from({ length: Math.ceil(places.length / BLOCK) }, (_, k) => ({
      ...{ layers, places: Int32Array.from(places.slice(k * BLOCK, (k + 1) * BLOCK)) },
    })),
  );
}

/** Takes these layers of the samples up again in f64: the local check of what is stored, estimates, and evidence. */
async function refine(
  draft: Draft,
  places: Int32Array,
  layers: readonly number[],
  { accuracy, explicit, width }: Step,
  { host }: Wishes,
): Promise<Findable> {
  const { block, bounds, measurements, localFaults } = draft;
  await fetchStored(draft, places);
  const indices = Array.from(places, (at) => inputIndex(bounds.plan, block.first + at));
  const stored = Array.from(places, (at) => draft.stored.get(at) as StoredSample);
  const wanted = width === null ? null : wantedOf(draft, places, layers, width);
  const refinement = await host.refine(bounds.plan, stored, { indices, layers, accuracy, explicit, wanted });
  places.forEach((at, k) => {
    block.rung[at] = RUNGS.indexOf("replayed");
    const fault = localFault(bounds.layers, measurements.arithmetic, refinement, k);
    if (fault !== null) localFaults.set(at, fault);
    if (accuracy !== null) takeEstimates(draft, at, refinement, k);
  });
  return { evidence: refinement, bounds: bounds.refined };
}

/** What is known of these norms from below. */
function wantedOf({ block }: Draft, places: Int32Array, layers: readonly number[], width: number): (Wanted | null)[] {
  return block.findings.spectralLower.map((lower, i) =>
    i > 0 && layers.includes(i + 1) ? { width, lower: Float64Array.from(places, (at) => lower[at] as number) } : null,
  );
}

async function fetchStored({ stored, fetch }: Draft, places: Int32Array): Promise<void> {
  const missing = Array.from(places).filter((at) => !stored.has(at));
  if (missing.length === 0) return;
  const found = await fetch(missing);
  missing.forEach((at, k) => stored.set(at, found[k] as StoredSample));
}

/** ‖ĉ‖/‖û‖ of the best f64 witness of each refined layer: Wᵀδ̂ with its pullback is one, and so is what an explicit Jacobian's bracket stands on. */
function takeEstimates({ estimates }: Draft, at: number, { layers }: Refinement, k: number): void {
  const own = estimates.get(at) ?? layers.map(() => null);
  layers.forEach((layer, i) => {
    if (layer !== null && layer.witness !== null) own[i] = estimateOf(layer, layer.witness, k);
  });
  estimates.set(at, own);
}

function estimateOf(layer: RefinedLayer, witness: NonNullable<RefinedLayer["witness"]>, k: number): NormEstimate {
  const quotient = (result: Float64Array, vector: Float64Array): number =>
    (vector[k] as number) > 0 ? (result[k] as number) / (vector[k] as number) : 0;
  const norm = Math.max(
    0,
    layer.explicit?.spectralLower[k] ?? 0,
    quotient(layer.gradientNorm, layer.pullbackNorm),
    quotient(witness.resultNorm, witness.vectorNorm),
  );
  return { norm, error: witness.error?.[k] ?? NaN };
}

/** Whether a sample climbs no further: it is not judged, a check has found it wrong, or its replay shows a violation. */
function isOver({ isOut, cutFaults, localFaults, block }: Draft, at: number): boolean {
  if (isOut[at] === 1 || cutFaults.has(at) || localFaults.has(at)) return true;
  return block.verdict[at] === CODE.violated && block.rung[at] === RUNGS.indexOf("replayed");
}

/** Whether all of its stored adjoints are checked in f64, whatever its verdict. */
function isLookedAt({ suspected, small, inF64 }: Draft, at: number): boolean {
  return suspected[at] === 1 || (small.has(at) && !inF64);
}

function everyLayer({ block }: Draft): number[] {
  return block.layers.map((_, i) => i + 1);
}

/** Whether a sample may climb for its verdict's sake: what is settled stays so. */
function isOpen(draft: Draft, at: number): boolean {
  const code = draft.block.verdict[at] as number;
  return code === CODE.unresolved || code === CODE.violated || isLookedAt(draft, at);
}

/** Layers whose verdict is open; all that a factor of 0 does not settle where only the total is. */
function openLayers({ block }: Draft, at: number): readonly number[] {
  // A sample with an open layer is open itself, or violated.
  const own = block.verdict[at] as number;
  if (own !== CODE.unresolved && own !== CODE.violated) return NONE;
  const codes = block.findings.verdict.map((layer) => layer[at]);
  const where = (wanted: (code: number | undefined) => boolean): number[] =>
    codes.flatMap((code, i) => (wanted(code) ? [i + 1] : []));
  const open = where((code) => code === CODE.unresolved);
  return open.length > 0 || own !== CODE.unresolved ? open : where((code) => code !== CODE.trivial);
}

const NONE: readonly number[] = [];

/** Layers 2 … l, where one of them has no estimate of f64 yet. */
function estimatedLayers({ block, estimates }: Draft, at: number): number[] {
  const own = estimates.get(at);
  const inner = block.layers.slice(1).map((_, i) => i + 2);
  return own !== undefined && inner.every((t) => own[t - 1] !== null) ? [] : inner;
}

function wideLayers({ block }: Draft, at: number, width: number): number[] {
  const inner = block.layers.slice(1).map((_, i) => i + 2);
  return inner.filter((t) => !isNarrow(block.findings, t - 1, at, width));
}

/** Whether layer t's proven interval of ‖J_t‖ is no wider than asked for; a dead layer's [0, 0] is. @param i t − 1. */
export function isNarrow({ statementLower, statementUpper }: Findings, i: number, at: number, width: number): boolean {
  const lower = (statementLower[i] as Float64Array)[at] as number;
  return ((statementUpper[i] as Float64Array)[at] as number) - lower <= width * lower;
}
