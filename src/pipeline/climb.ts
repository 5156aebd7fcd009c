/**
 * Samples that the engine's own brackets leave open, or that a check suspects, climb in f64 (MATH.md §2, rule 6): pullbacks, then witnesses,
 * then explicit Jacobians; then what was asked of the estimates and of the intervals. The columns of the draft are the state: each rung says
 * which layers of a sample it takes up again, those of one wish go through it together, and what it proves is intersected with what was known.
 */
import { BLOCK } from "../engine/cpu/engine.ts";
import type { CpuEngine } from "../engine/cpu/engine.ts";
import type { RefinedLayer, Refinement } from "../engine/cpu/refine.ts";
import type { StoredSample } from "../engine/engine.ts";
import { IEEE_F64 } from "../engine/engine.ts";
import type { Findings } from "../verification/findings.ts";
import { createFindings, findingAt, putFinding } from "../verification/findings.ts";
import { CODE } from "../verification/verdict.ts";
import { intersectFindings } from "../verification/intersect.ts";
import { judgeLayers } from "../verification/judge.ts";
import { localFault } from "../verification/local.ts";
import type { CertainZeros } from "../verification/zeros.ts";
import type { Draft } from "./draft.ts";
import { addViolation, conclude, setRung } from "./draft.ts";

/** What is asked of f64 beside verdicts. */
export interface Wishes {
  /** The clean f64 engine. */
  readonly host: CpuEngine;
  /** Accuracy of each ‖J_t‖ that the engine's own precision does not reach: f64 witnesses for every sample; null: the engine's do. */
  readonly hostAccuracy: number | null;
  /** Width wanted of every proven interval of ‖J_t‖, (upper − lower)/lower; null: none. */
  readonly certify: number | null;
}

/** A sample on its way. */
export interface Climber {
  readonly at: number;
  /** Fetched before its first refinement. */
  stored: StoredSample | null;
  readonly zeros: CertainZeros | null;
  /** Whether all of its stored adjoints are checked in f64, whatever its verdict. */
  readonly closer: boolean;
  refined: boolean;
}

/** Accuracy of the f64 witnesses: the point where brackets are bounded by rounding, not by the iteration. */
const REFINED_ACCURACY = 1e-9;

interface Rung {
  readonly accuracy: number | null;
  readonly explicit: boolean;
  /** Layers t to be taken up again. */
  readonly wanted: (draft: Draft, climber: Climber) => readonly number[];
}

function rungsOf({ hostAccuracy, certify }: Wishes): Rung[] {
  const rungs: Rung[] = [
    { accuracy: null, explicit: false, wanted: (d, c) => (isLookedAt(d, c) ? everyLayer(d) : openLayers(d, c.at)) },
    { accuracy: REFINED_ACCURACY, explicit: false, wanted: (d, c) => openLayers(d, c.at) },
    { accuracy: REFINED_ACCURACY, explicit: true, wanted: (d, c) => openLayers(d, c.at) },
  ];
  const explicit = certify !== null;
  if (hostAccuracy !== null)
    rungs.push({ accuracy: hostAccuracy, explicit, wanted: (d, c) => estimatedLayers(d, c.at) });
  if (certify !== null) {
    const accuracy = Math.min(REFINED_ACCURACY, certify / 8);
    rungs.push({ accuracy, explicit, wanted: (d, c) => wideLayers(d, c.at, certify) });
  }
  return rungs;
}

/** Whether a judged sample has anything to climb for. */
export function hasToClimb(draft: Draft, at: number, { hostAccuracy, certify }: Wishes): boolean {
  if (draft.violations.has(at)) return false;
  if (draft.suspected[at] === 1 || hostAccuracy !== null || certify !== null) return true;
  const { verdict, findings } = draft.block;
  if (verdict[at] === CODE.unresolved) return true;
  for (let i = 0; i < findings.depth; i++) if ((findings.verdict[i] as Uint8Array)[at] === CODE.unresolved) return true;
  return false;
}

export async function climb(draft: Draft, climbers: readonly Climber[], wishes: Wishes): Promise<void> {
  for (const rung of rungsOf(wishes)) {
    const groups = new Map<string, { layers: readonly number[]; members: Climber[] }>();
    for (const climber of climbers) {
      if (isOver(draft, climber)) continue;
      const layers = rung.wanted(draft, climber);
      if (layers.length === 0) continue;
      const key = layers.join(" ");
      const group = groups.get(key) ?? { layers, members: [] };
      group.members.push(climber);
      groups.set(key, group);
    }
    for (const { layers, members } of groups.values()) await refine(draft, members, layers, rung, wishes);
  }
}

/** A violation that the f64 replay shows, or that needs none of it, ends the climb. */
function isOver({ violations, block }: Draft, { at, refined }: Climber): boolean {
  return violations.has(at) || (refined && block.verdict[at] === CODE.violated);
}

/** Takes these layers of the samples up again in f64. */
async function refine(
  draft: Draft,
  members: readonly Climber[],
  layers: readonly number[],
  { accuracy, explicit }: Rung,
  { host }: Wishes,
): Promise<void> {
  const { block, bounds } = draft;
  await fetchStored(draft, members);
  const parts = Array.from({ length: Math.ceil(members.length / BLOCK) }, (_, k) =>
    members.slice(k * BLOCK, (k + 1) * BLOCK),
  );
  await Promise.all(
    parts.map(async (part) => {
      const indices = part.map(({ at }) => block.first + at);
      const stored = part.map((climber) => climber.stored as StoredSample);
      const refinement = await host.refine(bounds.plan, stored, { indices, layers, accuracy, explicit });
      const again = createFindings(block.findings.depth, part.length);
      part.forEach((climber, k) => {
        take(draft, climber, refinement, k, again);
        if (accuracy !== null) takeEstimates(draft, climber.at, refinement, k);
        conclude(draft, climber.at);
        climber.refined = true;
      });
    }),
  );
}

/** What the refinement proves of its sample k beside what was known. */
function take(draft: Draft, { at, zeros }: Climber, refinement: Refinement, k: number, again: Findings): void {
  const { bounds, measurements, block } = draft;
  setRung(draft, at, "replayed");
  const local = localFault(bounds.layers, measurements.arithmetic, refinement, k);
  if (local !== null) addViolation(draft, at, local);
  judgeLayers(bounds.refined, { arithmetic: IEEE_F64, ...refinement }, k, zeros, again, k);
  refinement.layers.forEach((layer, i) => {
    if (layer === null) return;
    const both = intersectFindings(findingAt(block.findings, i, at), findingAt(again, i, k), i + 1);
    putFinding(block.findings, i, at, both);
  });
}

async function fetchStored({ stored }: Draft, members: readonly Climber[]): Promise<void> {
  const missing = members.filter((climber) => climber.stored === null);
  if (missing.length === 0) return;
  const found = await stored(missing.map(({ at }) => at));
  missing.forEach((climber, i) => (climber.stored = found[i] ?? null));
}

/** ‖ĉ‖/‖û‖ of the best f64 witness of each refined layer: Wᵀδ̂ with its pullback is one, and so is what an explicit Jacobian's bracket stands on. */
function takeEstimates({ estimates }: Draft, at: number, { layers }: Refinement, k: number): void {
  const own = estimates.get(at) ?? layers.map(() => null);
  layers.forEach((layer, i) => {
    if (layer !== null && layer.witness !== null) own[i] = estimateOf(layer, layer.witness, k);
  });
  estimates.set(at, own);
}

function estimateOf(layer: RefinedLayer, witness: NonNullable<RefinedLayer["witness"]>, k: number): number {
  const quotient = (result: Float64Array, vector: Float64Array): number =>
    (vector[k] as number) > 0 ? (result[k] as number) / (vector[k] as number) : 0;
  return Math.max(
    0,
    layer.explicit?.spectralLower[k] ?? 0,
    quotient(layer.gradientNorm, layer.pullbackNorm),
    quotient(witness.resultNorm, witness.vectorNorm),
  );
}

function isLookedAt({ suspected }: Draft, { at, closer }: Climber): boolean {
  return suspected[at] === 1 || closer;
}

function layersWhere({ block }: Draft, wanted: (i: number) => boolean): number[] {
  return block.layers.flatMap((_, i) => (wanted(i) ? [i + 1] : []));
}

const everyLayer = (draft: Draft): number[] => layersWhere(draft, () => true);

/** Layers whose verdict is open; all that a factor of 0 does not settle where only the total is. */
function openLayers(draft: Draft, at: number): number[] {
  const { verdict, findings } = draft.block;
  const code = (i: number): number => (findings.verdict[i] as Uint8Array)[at] as number;
  const open = layersWhere(draft, (i) => code(i) === CODE.unresolved);
  if (open.length > 0 || verdict[at] !== CODE.unresolved) return open;
  return layersWhere(draft, (i) => code(i) !== CODE.trivial);
}

/** Layers 2 … l, where one of them has no estimate of f64 yet. */
function estimatedLayers(draft: Draft, at: number): number[] {
  const own = draft.estimates.get(at);
  const inner = layersWhere(draft, (i) => i > 0);
  return own !== undefined && inner.every((t) => own[t - 1] !== null) ? [] : inner;
}

function wideLayers(draft: Draft, at: number, width: number): number[] {
  return layersWhere(draft, (i) => i > 0 && !isNarrow(draft.block.findings, i, at, width));
}

/** Whether layer t's proven interval of ‖J_t‖ is no wider than asked for; a dead layer's [0, 0] is. @param i t − 1. */
export function isNarrow({ statementLower, statementUpper }: Findings, i: number, at: number, width: number): boolean {
  const lower = (statementLower[i] as Float64Array)[at] as number;
  return ((statementUpper[i] as Float64Array)[at] as number) - lower <= width * lower;
}
