/**
 * A measured block settled: every sample is judged in columns (draft.ts); those that are open, suspected or too small for the engine's
 * precision climb together (climb.ts); those that its precision cannot hold are measured again wholly in f64, each settled as a block of
 * its own that takes the sample's place. A report of them is not compared with the engine's.
 */
import type { Batch, MeasuredBatch, Measurements, StoredSample } from "../engine/engine.ts";
import { IEEE_F64 } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { forwardUnderflow, mayUnderflow } from "../verification/kinks.ts";
import { overflowRisk } from "../verification/overflow.ts";
import type { PlanBounds } from "../verification/plan-bounds.ts";
import { uncertainZero, underflowRisk } from "../verification/underflow.ts";
import { CODE } from "../verification/verdict.ts";
import { certainZeros, hasZero } from "../verification/zeros.ts";
import type { Violation } from "./block.ts";
import type { Climber, Wishes } from "./climb.ts";
import { climb, hasToClimb } from "./climb.ts";
import type { Draft } from "./draft.ts";
import { createDraft, invalidate, judge, report, setRung, tell, violationsOf } from "./draft.ts";
import type { GivenBatch } from "./given.ts";
import { ownBatch } from "./given.ts";
import { verdictAt } from "./row.ts";

/** What is fixed for a run, or for the part of it that is in f64. */
export interface Settlement extends Wishes {
  readonly hostPlan: Plan;
  /** Bounds for the samples of the engine, by its arithmetic, and for those measured by the host. */
  readonly boundsOf: (measurements: Measurements) => PlanBounds;
  readonly hostBounds: PlanBounds;
}

/** A settled block, and what of it is still held for those who look closer. */
export interface Settled {
  readonly draft: Draft;
  /** Samples that were measured wholly in f64, by their places: held until `release`. */
  readonly wholes: ReadonlyMap<number, Whole>;
  readonly release: () => void;
}

export interface Whole {
  readonly draft: Draft;
  readonly measured: MeasuredBatch;
  /** Whether the engine's own numbers of the sample, which gave way, are judged in the block's draft. */
  readonly isEngineJudged: boolean;
}

/** A sample of which more than its measurements is asked. */
interface Asked extends Climber {
  /** Which of its numbers is too small for the engine's precision, in words. */
  readonly small: string | null;
  /** Which zero of it is not certain. */
  readonly unsure: string | null;
}

export async function settle(settlement: Settlement, given: GivenBatch, measured: MeasuredBatch): Promise<Settled> {
  const m = measured.measurements;
  const draft = createDraft(settlement.boundsOf(m), given.batch.first, m, (places) => measured.stored(places));
  const wholes = new Map<number, Whole>();
  const release = (): void => {
    for (const whole of wholes.values()) whole.measured.release();
  };
  try {
    const found = await settleDraft(settlement, given, draft);
    await Promise.all(
      found.replays.map(async ({ at, risk, isEngineJudged }) => {
        const own = ownBatch(given, at);
        const whole = { ...(await measureWholly(settlement, own)), isEngineJudged };
        wholes.set(at, whole);
        // What f64 cannot hold either is told of the engine's own numbers.
        if (risk === null || whole.draft.block.verdict[0] !== CODE.invalid) return;
        invalidate(draft, at, risk);
        report(draft, at);
        whole.measured.release();
        wholes.delete(at);
      }),
    );
    for (const [at, fault] of found.faults) blame(wholes.get(at)?.draft ?? draft, wholes.has(at) ? 0 : at, fault);
  } catch (error) {
    release();
    throw error;
  }
  return { draft, wholes, release };
}

/** One sample measured and settled wholly in f64: what that measurement stored is the exact data, the engine's is no more looked at. */
async function measureWholly(settlement: Settlement, batch: Batch): Promise<Pick<Whole, "draft" | "measured">> {
  const measured = await settlement.host.measure(settlement.hostPlan, batch, [0]);
  const { measurements } = measured;
  const draft = createDraft(settlement.hostBounds, batch.first, measurements, (places) => measured.stored(places));
  try {
    await settleDraft(settlement, { batch, originals: new Map(), isNewSize: false }, draft, false);
  } catch (error) {
    measured.release();
    throw error;
  }
  setRung(draft, 0, "replayed");
  return { draft, measured };
}

interface Found {
  /** To be measured wholly in f64; `risk`: what may overflow, else null. */
  readonly replays: readonly { at: number; risk: string | null; isEngineJudged: boolean }[];
  /** Norms that cannot be, by place. */
  readonly faults: ReadonlyMap<number, Violation>;
}

/** @param checksNorms whether every sample's norms are held against what they must be (verification/lengths.ts). */
async function settleDraft(
  settlement: Settlement,
  { batch, originals }: GivenBatch,
  draft: Draft,
  checksNorms = true,
): Promise<Found> {
  const { bounds, measurements: m } = draft;
  const { plan, lengths, kinks, least } = bounds;
  const width = batch.inputs.length / batch.samples;
  const inF64 = m.arithmetic.unitRoundoff === IEEE_F64.unitRoundoff;
  const climbers: Asked[] = [];
  const uncertain: number[] = [];
  const faults = new Map<number, Violation>();
  const replays: { at: number; risk: string | null; isEngineJudged: boolean }[] = [];

  for (let at = 0; at < batch.samples; at++) {
    if (originals.has(at)) {
      replays.push({ at, risk: null, isEngineJudged: false });
      continue;
    }
    const risk = overflowRisk(plan, bounds.layers, m, at);
    const fault = checksNorms ? lengths(m, at, batch.inputs, at * width, risk === null) : null;
    if (fault !== null) faults.set(at, fault);
    if (risk !== null) {
      if (inF64) invalidate(draft, at, risk);
      else replays.push({ at, risk, isEngineJudged: false });
    } else if (hasZero(m, at) || mayUnderflow(kinks, m, at)) {
      uncertain.push(at);
    } else {
      judge(draft, at, null);
      const small = underflowRisk(least, m, at, null);
      if (small === null && !hasToClimb(draft, at, settlement)) continue;
      const closer = small !== null && !inF64;
      climbers.push({ at, small, closer, unsure: null, zeros: null, stored: null, refined: false });
    }
  }
  const stored = uncertain.length === 0 ? [] : await draft.stored(uncertain);
  uncertain.forEach((at, i) => climbers.push(lookedAt(draft, at, stored[i] as StoredSample, inF64)));
  await climb(draft, climbers, settlement);

  const { verdict } = draft.block;
  for (const { at, small, unsure } of climbers) {
    if (small === null || verdict[at] === CODE.violated) {
      if (unsure !== null) nameZero(draft, at, unsure);
    } else if (inF64) {
      const reason = `${small}, too small for f64: the numbers reported need not be near the formulas'`;
      tell(draft, at, { verdict: { kind: "unresolved", reason }, violations: [] });
      draft.doubtful.add(at);
    } else {
      // Its checks passed, so that the engine is not to blame for what is small; the numbers reported are f64's.
      replays.push({ at, risk: null, isEngineJudged: true });
    }
  }
  for (let at = 0; at < batch.samples; at++) {
    if (verdict[at] === CODE.violated) {
      const violations = violationsOf(draft, at);
      tell(draft, at, { verdict: violations[0] ?? verdictAt(draft.block, at), violations });
    }
    report(draft, at);
  }
  return { replays, faults };
}

/** A sample with a zero, or with a z at a kink: which of it is certain, and what may have underflowed on the way. */
function lookedAt(draft: Draft, at: number, stored: StoredSample, inF64: boolean): Asked {
  const { bounds, measurements: m, block } = draft;
  const { plan, kinks, least } = bounds;
  const { flush } = m.arithmetic;
  const zeros = hasZero(m, at) ? certainZeros(plan, stored, flush, block.first + at) : null;
  const lost = mayUnderflow(kinks, m, at) ? forwardUnderflow(plan, stored, flush) : null;
  const unsure = uncertainZero(m, at, zeros);
  const small = lost ?? underflowRisk(least, m, at, zeros) ?? (inF64 ? null : unsure);
  judge(draft, at, zeros);
  return { at, small, unsure, zeros, stored, closer: small !== null && !inF64, refined: false };
}

/** An open verdict beside a zero that is not certain says so. */
function nameZero(draft: Draft, at: number, zero: string): void {
  const verdict = verdictAt(draft.block, at);
  if (verdict.kind !== "unresolved") return;
  const reason = `${zero}, which may be a number too small for f64 or a sum that cancelled: ${verdict.reason}`;
  tell(draft, at, { verdict: { kind: "unresolved", reason }, violations: [] });
}

/** Puts a violation before what else is known of the sample. */
function blame(draft: Draft, at: number, verdict: Violation): void {
  tell(draft, at, { verdict, violations: [verdict, ...(draft.block.told.get(at)?.violations ?? [])] });
}
