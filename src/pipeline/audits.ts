/**
 * Which samples of a block are audited, and what becomes of what an audit finds. Drawn ones by their address and the share; those that the
 * cut test suspects; and the first and the last of every batch, where a kernel's call begins and ends. The latter two are none of the draws
 * that the report counts, which do not depend on the batch: they change nothing unless they are found to be wrong.
 */
import type { Batch, MeasuredBatch, Measurements, TracedSample } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { createPacer } from "../engine/turn.ts";
import type { AuditOutcome } from "../verification/audit/audit.ts";
import { auditSample, discrepancyVerdict } from "../verification/audit/audit.ts";
import type { Discrepancy } from "../verification/audit/comparison.ts";
import type { IdentityEntry } from "../verification/audit/identities.ts";
import { auditPlannedLayer } from "../verification/audit/planned-norms.ts";
import type { AccuracyCount } from "../verification/audit/accuracy.ts";
import { auditAccuracy } from "../verification/audit/accuracy.ts";
import type { JacobianWorkspace } from "../verification/audit/jacobian.ts";
import { jacobianWorkspace } from "../verification/audit/jacobian.ts";
import { prepareAudit } from "../verification/audit/prepared.ts";
import type { Prepared } from "../verification/audit/prepared.ts";
import { layerBounds } from "../verification/rounding.ts";
import { CODE } from "../verification/verdict.ts";
import type { Draft } from "./draft.ts";
import { judgementOf } from "./draft.ts";
import { drawnPlaces } from "./drawn.ts";
import type { GivenBatch } from "./given.ts";
import { ownBatch } from "./given.ts";
import { sampleRow, verdictAt } from "./row.ts";
import type { Settled } from "./replays.ts";
import { tell } from "./words.ts";

export interface Auditor {
  /** The places in a batch of the samples that are drawn. */
  readonly drawn: (batch: Batch) => number[];
  /** Places that will be looked at, if all is finite: an engine may read them back while it is at it. */
  readonly wanted: (batch: Batch) => number[];
  /** Audits what is to be audited of a settled block. @returns the entries of the identities that were looked at, by place. */
  readonly audit: (given: GivenBatch, measured: MeasuredBatch, settled: Settled) => Promise<Audits>;
  /**
   * Audits one sample.
   * @param own the sample as a batch of its own. @param isReported whether its row is what will be reported, so that it is audited too.
   * @param isDrawn whether it counts.
   */
  readonly examine: (
    draft: Draft,
    at: number,
    own: Batch,
    traced: TracedSample,
    isReported: boolean,
    isDrawn: boolean,
  ) => Promise<Examination>;
}

/** @property accuracy of the sample's estimates of ‖J_t‖, where it was drawn and an accuracy was asked for. */
export interface Examination extends AuditOutcome {
  readonly accuracy: AccuracyCount | null;
}

export interface Audits {
  readonly entries: ReadonlyMap<number, readonly IdentityEntry[]>;
  /** Samples of which the engine's own numbers were found wrong, so that they are reported and not the f64 measurement in their place. */
  readonly guilty: ReadonlySet<number>;
}

/** Times that each weight is read by the audit of a plan, and of a sample, about. */
const PLAN_PASSES = 40;
const SAMPLE_PASSES = 12;

/**
 * @param share of samples that are audited, 0 to 1; null: the default.
 * @param accuracy that was asked of every ‖J_t‖; null: of none.
 */
export function createAuditor(plan: Plan, share: number | null, accuracy: number | null): Auditor {
  const pace = createPacer();
  const work = SAMPLE_PASSES * plan.layers.reduce((sum, l) => sum + l.scaledWeight.length, 0);
  let planFound: Promise<readonly Discrepancy[]> | null = null;
  const runs = new Map<Plan, PreparedRun>();
  const preparedFor = (own: Plan): PreparedRun => {
    const found = runs.get(own) ?? prepareRun(own);
    runs.set(own, found);
    return found;
  };

  /** Of the batch last asked for: each is asked for twice. */
  let known = { first: -1, samples: 0, places: [] as number[] };
  const drawn = ({ first, samples }: Batch): number[] => {
    if (share === 0) return [];
    if (known.first === first && known.samples === samples) return known.places;
    const places = drawnPlaces(plan.seed, first, samples, share);
    known = { first, samples, places };
    return places;
  };
  const wanted = (batch: Batch): number[] =>
    share === 0 ? [] : [...new Set([...drawn(batch), 0, batch.samples - 1])].sort((a, b) => a - b);
  /** The first and the last sample of a batch, of those that are finite: where a kernel's call begins and ends. */
  const ends = ({ samples }: Batch, { finite }: Measurements): number[] => {
    if (share === 0) return [];
    let [first, last] = [0, samples - 1];
    while (first < samples && finite[first] !== 1) first++;
    while (last > first && finite[last] !== 1) last--;
    return first < samples ? [first, last] : [];
  };
  const examine: Auditor["examine"] = async (draft, at, own, traced, isReported, isDrawn) => {
    planFound ??= auditPlan(preparedFor(plan).prepared, pace);
    const planAudit = await planFound;
    await pace(work);
    const { bounds, measurements, block } = draft;
    const judgement = judgementOf(draft, at);
    const { prepared, workspace } = preparedFor(bounds.plan);
    const subject = {
      plan: bounds.plan,
      prepared,
      layers: bounds.layers,
      arithmetic: measurements.arithmetic,
      index: own.first,
      input: own.inputs,
      label: own.labels?.[0] ?? -1,
      ...{ traced, measurements, at, kinks: bounds.kinks },
      jacobianUpper: judgement.findings.map((f) => f.jacobian.spectral.upper),
    };
    const row = isReported && judgement.vouched ? sampleRow(block, at) : null;
    const outcome = auditSample(subject, row, judgement, planAudit);
    if (!isDrawn || row === null || accuracy === null) return { ...outcome, accuracy: null };
    return { ...outcome, accuracy: auditAccuracy(subject, row.layers, accuracy, workspace()) };
  };

  const audit = async (given: GivenBatch, measured: MeasuredBatch, { draft, wholes }: Settled): Promise<Audits> => {
    const { batch } = given;
    const entries = new Map<number, readonly IdentityEntry[]>();
    const guilty = new Set<number>();
    const chosen = new Set(drawn(batch));
    const outer = ends(batch, measured.measurements);
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
      if (chosen.has(at) || ((outer.includes(at) || isSuspected(at)) && isInnocent())) looked.push(at);
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
        const found = await examine(draft, at, own, stored, whole === undefined, chosen.has(at));
        if (whole === undefined || found.discrepancies.length > 0) {
          note(draft, at, found, chosen.has(at));
          entries.set(at, found.entries);
          if (whole !== undefined) guilty.add(at);
          continue;
        }
      }
      if (whole === undefined) continue;
      const [again] = await whole.measured.traced([0]);
      const found = await examine(whole.draft, 0, own, again as TracedSample, true, chosen.has(at));
      note(whole.draft, 0, found, chosen.has(at));
      entries.set(at, found.entries);
    }
    return { entries, guilty };
  };
  return { drawn, wanted, audit, examine };
}

/** A plan as the audit reads it. */
interface PreparedRun {
  readonly prepared: Prepared;
  readonly workspace: () => JacobianWorkspace;
}

function prepareRun(plan: Plan): PreparedRun {
  const prepared = prepareAudit(plan, layerBounds(plan));
  let workspace: JacobianWorkspace | null = null;
  return { prepared, workspace: () => (workspace ??= jacobianWorkspace(prepared)) };
}

async function auditPlan(prepared: Prepared, pace: (work: number) => Promise<void>): Promise<readonly Discrepancy[]> {
  const found: Discrepancy[] = [];
  for (const [i, { scaled }] of prepared.layers.entries()) {
    await pace(PLAN_PASSES * scaled.length);
    found.push(...auditPlannedLayer(prepared, i));
  }
  return found;
}

/** The verdict with what the audit found; the identities' residuals where the sample was drawn, so that those who count draws count rows. */
function note(draft: Draft, at: number, { discrepancies, residuals, accuracy }: Examination, drawn: boolean): void {
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
  block.told.set(at, { verdict: verdictAt(block, at), violations, audit, ...(accuracy === null ? {} : { accuracy }) });
}
