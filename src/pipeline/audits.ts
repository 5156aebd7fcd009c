/**
 * Which samples of a block are audited, and what becomes of what an audit finds. Drawn ones by their address and the share; those that the
 * cut test suspects; and one of the first batch of each size, since kernels are another call for each. The latter two are none of the draws
 * that the report counts, which do not depend on the batch: they change nothing unless they are found to be wrong.
 */
import type { Batch, MeasuredBatch, Measurements, TracedSample } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { createPacer } from "../engine/turn.ts";
import { wordsAt } from "../sampling/philox.ts";
import { AUDIT_STREAM } from "../sampling/streams.ts";
import type { AuditOutcome } from "../verification/audit/audit.ts";
import { auditSample, discrepancyVerdict } from "../verification/audit/audit.ts";
import type { Discrepancy } from "../verification/audit/comparison.ts";
import type { IdentityEntry } from "../verification/audit/identities.ts";
import { auditPlannedLayer } from "../verification/audit/norms.ts";
import { CODE } from "../verification/verdict.ts";
import type { Draft } from "./draft.ts";
import { judgementOf } from "./draft.ts";
import type { GivenBatch } from "./given.ts";
import { ownBatch } from "./given.ts";
import { sampleRow, verdictAt } from "./row.ts";
import type { Settled } from "./replays.ts";
import { tell } from "./words.ts";

export interface Auditor {
  /** The places in a batch of the samples that are drawn. */
  readonly drawn: (batch: Batch) => number[];
  /** Audits what is to be audited of a settled block. @returns the entries of the identities that were looked at, by place. */
  readonly audit: (given: GivenBatch, measured: MeasuredBatch, settled: Settled) => Promise<Audits>;
  /**
   * Audits one sample.
   * @param own the sample as a batch of its own. @param isReported whether its row is what will be reported, so that it is audited too.
   */
  readonly examine: (
    draft: Draft,
    at: number,
    own: Batch,
    traced: TracedSample,
    isReported: boolean,
  ) => Promise<AuditOutcome>;
}

export interface Audits {
  readonly entries: ReadonlyMap<number, readonly IdentityEntry[]>;
  /** Samples of which the engine's own numbers were found wrong, so that they are reported and not the f64 measurement in their place. */
  readonly guilty: ReadonlySet<number>;
}

/** Times that each weight is read by the audit of a plan, and of a sample, about. */
const PLAN_PASSES = 40;
const SAMPLE_PASSES = 12;

/** The word that decides whether a sample is audited. */
function auditWord(seed: number, index: number): number {
  return wordsAt(seed, AUDIT_STREAM, index, 1)[0] ?? 0;
}

/** Whether a sample is audited: a function of its address and the share alone, and what a share audits a larger one does too. */
export function isAudited(seed: number, index: number, share: number): boolean {
  return (auditWord(seed, index) + 0.5) * 2 ** -32 < share;
}

/** @param share of samples that are audited, 0 to 1. */
export function createAuditor(plan: Plan, share: number): Auditor {
  const pace = createPacer();
  const work = SAMPLE_PASSES * plan.layers.reduce((sum, l) => sum + l.scaledWeight.length, 0);
  let planFound: Promise<readonly Discrepancy[]> | null = null;

  const drawn = ({ first, samples }: Batch): number[] => {
    const places = Array.from({ length: samples }, (_, at) => at);
    return share === 0 ? [] : places.filter((at) => isAudited(plan.seed, first + at, share));
  };
  /** One of the first batch of its size: the next to be drawn by a larger share, of those that are finite. */
  const extra = ({ batch: { first, samples }, isNewSize }: GivenBatch, { finite }: Measurements): number | null => {
    if (share === 0 || !isNewSize) return null;
    let least = Infinity;
    let place: number | null = null;
    for (let at = 0; at < samples; at++) {
      const word = finite[at] === 1 ? auditWord(plan.seed, first + at) : Infinity;
      if (word < least) [least, place] = [word, at];
    }
    return place;
  };
  const examine: Auditor["examine"] = async (draft, at, own, traced, isReported) => {
    planFound ??= auditPlan(plan, pace);
    const planAudit = await planFound;
    await pace(work);
    const { bounds, measurements, block } = draft;
    const judgement = judgementOf(draft, at);
    const subject = {
      plan: bounds.plan,
      layers: bounds.layers,
      arithmetic: measurements.arithmetic,
      index: own.first,
      input: own.inputs,
      label: own.labels?.[0] ?? -1,
      ...{ traced, measurements, at },
      jacobianUpper: judgement.findings.map((f) => f.jacobian.spectral.upper),
    };
    const row = isReported && judgement.vouched ? sampleRow(block, at) : null;
    return auditSample(subject, row, judgement, planAudit);
  };

  const audit = async (given: GivenBatch, measured: MeasuredBatch, { draft, wholes }: Settled): Promise<Audits> => {
    const { batch } = given;
    const entries = new Map<number, readonly IdentityEntry[]>();
    const guilty = new Set<number>();
    const chosen = new Set(drawn(batch));
    const one = extra(given, measured.measurements);
    const isSuspected = (at: number): boolean => {
      const whole = wholes.get(at);
      const isEngine = whole === undefined || whole.isEngineJudged;
      return (isEngine && draft.suspected[at] === 1) || whole?.draft.suspected[0] === 1;
    };
    const looked: number[] = [];
    for (let at = 0; at < batch.samples; at++) {
      const whole = wholes.get(at);
      const { block } = whole?.draft ?? draft;
      const place = whole === undefined ? at : 0;
      if (block.verdict[place] === CODE.invalid) continue;
      // What is proven already needs no suspicion.
      const isInnocent = (): boolean => (block.told.get(place)?.violations.length ?? 0) === 0;
      if (chosen.has(at) || ((at === one || isSuspected(at)) && isInnocent())) looked.push(at);
    }
    const isEngines = (at: number): boolean => wholes.get(at)?.isEngineJudged ?? true;
    const engines = looked.filter(isEngines);
    const read = engines.length === 0 ? [] : await measured.traced(engines);
    const traced = new Map(read.map((sample, k) => [engines[k] as number, sample]));
    for (const at of looked) {
      const own = ownBatch(given, at);
      const whole = wholes.get(at);
      const stored = traced.get(at);
      if (stored !== undefined) {
        // The engine's own numbers gave way to f64's, so that none of them is reported; what it stored is audited all the same.
        const found = await examine(draft, at, own, stored, whole === undefined);
        if (whole === undefined || found.discrepancies.length > 0) {
          note(draft, at, found, chosen.has(at));
          entries.set(at, found.entries);
          if (whole !== undefined) guilty.add(at);
          continue;
        }
      }
      if (whole === undefined) continue;
      const [again] = await whole.measured.traced([0]);
      const found = await examine(whole.draft, 0, own, again as TracedSample, true);
      note(whole.draft, 0, found, chosen.has(at));
      entries.set(at, found.entries);
    }
    return { entries, guilty };
  };
  return { drawn, audit, examine };
}

async function auditPlan(plan: Plan, pace: (work: number) => Promise<void>): Promise<readonly Discrepancy[]> {
  const found: Discrepancy[] = [];
  for (const [i, { scaledWeight }] of plan.layers.entries()) {
    await pace(PLAN_PASSES * scaledWeight.length);
    found.push(...auditPlannedLayer(plan, i));
  }
  return found;
}

/** The verdict with what the audit found; the identities' residuals where the sample was drawn, so that those who count draws count rows. */
function note(draft: Draft, at: number, { discrepancies, residuals }: AuditOutcome, drawn: boolean): void {
  const { block } = draft;
  const before = block.told.get(at);
  const violations = [...(before?.violations ?? []), ...discrepancies.map(discrepancyVerdict)];
  if (discrepancies.length > 0) tell(block, at, { verdict: violations[0] ?? verdictAt(block, at), violations });
  if (!drawn) return;
  const audit = {
    identityResidual: residuals.identity,
    contractedResidual: residuals.contracted,
    biasIdentityResidual: block.model.some(({ biased }) => biased)
      ? residuals.bias
      : { value: null, bound: null, reason: "no layer has a bias" },
  };
  block.told.set(at, { verdict: verdictAt(block, at), violations, audit });
}
