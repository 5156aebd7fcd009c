/** A measured batch, sample by sample in index order: settle, make the row, audit the samples that are drawn for it or suspected. */
import type { Batch, MeasuredBatch, Measurements, StoredSample, TracedSample } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { createPacer } from "../engine/turn.ts";
import { sampleMeasurements } from "../engine/sample-measurements.ts";
import { DeviceError } from "../network/errors.ts";
import { wordsAt } from "../sampling/philox.ts";
import { AUDIT_STREAM } from "../sampling/streams.ts";
import type { AuditOutcome } from "../verification/audit/audit.ts";
import { auditSample, discrepancyVerdict } from "../verification/audit/audit.ts";
import type { IdentityEntry } from "../verification/audit/identities.ts";
import type { Discrepancy } from "../verification/audit/comparison.ts";
import { auditPlannedLayer } from "../verification/audit/norms.ts";
import type { LengthCheck } from "../verification/lengths.ts";
import { createLengthCheck } from "../verification/lengths.ts";
import type { GivenBatch } from "./given.ts";
import type { SampleRow } from "./results.ts";
import { sampleRow } from "./row.ts";
import type { Climb, SampleOutcome } from "./sample.ts";
import { settleSample, settleWholly } from "./sample.ts";

/** What is done with each settled sample, in index order. */
export type Receive = (row: SampleRow, outcome: SampleOutcome) => void;

/** A sample with all that its verdict was made of. */
export interface CaughtSample {
  readonly row: SampleRow;
  /** The plan of the measurements: the engine's, or the host's where the sample was measured again wholly in f64. */
  readonly plan: Plan;
  readonly input: Float64Array;
  /** −1 for none. */
  readonly label: number;
  readonly traced: TracedSample;
  /** Of this sample alone. */
  readonly measurements: Measurements;
  /** The entries of the identities that the audit looked at; none where the sample was not audited. */
  readonly entries: readonly IdentityEntry[];
}

/** Which samples are to be handed over whole, and to whom. */
export interface Catch {
  readonly wants: (row: SampleRow) => boolean;
  readonly take: (caught: CaughtSample) => Promise<void> | void;
}

export interface Settlement {
  readonly climb: Climb;
  /** Share of samples that are audited. */
  readonly audit: number;
  /** The audit of the plan, made when the first sample is audited. */
  readonly planAudit: () => Promise<readonly Discrepancy[]>;
  /** Told of an audit's work before it begins. */
  readonly pace: (work: number) => Promise<void>;
  /** Of every sample, what its norms must be. */
  readonly lengths: LengthCheck;
  /** By its number of samples, the index of the first batch of that shape: one sample of it is audited whether the share draws one or not. */
  readonly shapes: Map<number, number>;
  readonly catch: Catch | null;
}

export function makeSettlement(climb: Climb, audit: number, catches: Catch | null): Settlement {
  let found: Promise<readonly Discrepancy[]> | null = null;
  const pace = createPacer();
  return {
    climb,
    audit,
    planAudit: () => (found ??= pacedPlanAudit(climb.plan, pace)),
    pace,
    lengths: createLengthCheck(climb.plan, climb.layers),
    shapes: new Map(),
    catch: catches,
  };
}

/** The word that decides whether a sample is audited. */
function auditWord(seed: number, index: number): number {
  return wordsAt(seed, AUDIT_STREAM, index, 1)[0] ?? 0;
}

async function pacedPlanAudit(plan: Plan, pace: Settlement["pace"]): Promise<readonly Discrepancy[]> {
  const found: Discrepancy[] = [];
  for (const [i, { scaledWeight }] of plan.layers.entries()) {
    await pace(PLAN_PASSES * scaledWeight.length);
    found.push(...auditPlannedLayer(plan, i));
  }
  return found;
}

/** Times that each weight is read by the audit of a plan, and of a sample, about. */
const PLAN_PASSES = 40;
const SAMPLE_PASSES = 12;

/** Whether a sample is audited: a function of its address and the share alone, and what a share audits a larger one does too. */
export function isAudited(seed: number, index: number, share: number): boolean {
  return (auditWord(seed, index) + 0.5) * 2 ** -32 < share;
}

/** The places in a batch of the samples that are audited. */
export function auditedOf({ climb, audit }: Settlement, { first, samples }: Batch): number[] {
  const places = Array.from({ length: samples }, (_, at) => at);
  return audit === 0 ? [] : places.filter((at) => isAudited(climb.plan.seed, first + at, audit));
}

/**
 * The place of the sample that is audited because no other is in the first batch of its shape: kernels are another call for each. It is
 * not one of the draws that the report counts, which do not depend on the batch; like a suspected sample it changes nothing unless it is
 * found to be wrong. Null: none needed, or no audit wanted. The next to be drawn by a larger share, of those that are finite.
 */
function extraOf({ climb, audit, shapes }: Settlement, batch: Batch, { finite }: Measurements): number | null {
  const { first, samples } = batch;
  if (audit === 0) return null;
  if (!shapes.has(samples)) shapes.set(samples, first);
  if (shapes.get(samples) !== first) return null;
  let least = Infinity;
  let place: number | null = null;
  for (let at = 0; at < samples; at++) {
    const word = finite[at] === 1 ? auditWord(climb.plan.seed, first + at) : Infinity;
    if (word < least) [least, place] = [word, at];
  }
  return place;
}

/** Samples that are settled side by side. */
const TOGETHER = 512;

export async function settleBatch(
  settlement: Settlement,
  { batch, originals }: GivenBatch,
  measured: MeasuredBatch,
  receive: Receive,
): Promise<void> {
  const { climb } = settlement;
  const width = batch.inputs.length / batch.samples;
  const own = (at: number): Batch => ({
    first: batch.first + at,
    samples: 1,
    inputs: originals.get(at) ?? batch.inputs.slice(at * width, (at + 1) * width),
    labels: batch.labels === null ? null : batch.labels.slice(at, at + 1),
  });
  const drawn = new Set(auditedOf(settlement, batch));
  const extra = extraOf(settlement, batch, measured.measurements);
  const stored = together((samples) => measured.stored(samples));
  const traced = together((samples) => measured.traced(samples));
  /** A sample wholly in f64, the host's measurement of it kept in `whole` until it is done with. */
  const replay = async (at: number, whole: MeasuredBatch[]) => {
    const again = await climb.host.measure(climb.hostPlan, own(at), [0]);
    whole.push(again);
    const only = async (): Promise<StoredSample> => (await again.stored([0]))[0] as StoredSample;
    return { measurements: again.measurements, stored: only };
  };
  const settle = async (at: number): Promise<Settled> => {
    const index = batch.first + at;
    const whole: MeasuredBatch[] = [];
    try {
      const again = (): ReturnType<typeof replay> => replay(at, whole);
      const outcome = originals.has(at)
        ? await settleWholly(climb, index, again)
        : withViolation(
            await settleSample(climb, measured.measurements, index, at, () => stored(at), again),
            settlement.lengths(measured.measurements, at, own(at).inputs),
          );
      const row = sampleRow(climb.plan, index, outcome);
      const { engine } = outcome;
      // What is proven already needs no suspicion.
      const suspected = (outcome.suspected || engine?.suspected === true) && outcome.violations.length === 0;
      const looked = drawn.has(at) || suspected || (at === extra && outcome.violations.length === 0);
      if (outcome.verdict.kind === "invalid" || !looked) return { row, outcome, entries: [] };
      const { inputs, labels } = own(at);
      const host = whole.find((batch) => batch.measurements === outcome.source.measurements);
      const planAudit = await settlement.planAudit();
      await settlement.pace(SAMPLE_PASSES * climb.plan.layers.reduce((sum, l) => sum + l.scaledWeight.length, 0));
      const audit = (of: SampleOutcome, plan: Plan, stored: TracedSample, reported: SampleRow | null): AuditOutcome =>
        auditSample(
          {
            plan,
            layers: climb.layers,
            arithmetic: of.source.measurements.arithmetic,
            index,
            input: inputs,
            label: labels?.[0] ?? -1,
            traced: stored,
            ...of.source,
            jacobianUpper: of.findings.map((f) => f.jacobian.spectral.upper),
          },
          reported,
          of,
          planAudit,
        );
      if (engine !== undefined) {
        // The engine's own numbers gave way to f64's, so that none of them is reported; what it stored is audited all the same.
        const found = audit(engine, climb.plan, await traced(at), null);
        if (found.discrepancies.length > 0) return audited(climb, index, engine, found, drawn.has(at));
      }
      const reported = outcome.vouched ? row : null;
      const found =
        host === undefined
          ? audit(outcome, climb.plan, await traced(at), reported)
          : audit(outcome, climb.hostPlan, (await host.traced([0]))[0] as TracedSample, reported);
      return audited(climb, index, outcome, found, drawn.has(at));
    } finally {
      for (const again of whole) again.release();
    }
  };
  const hand = async (at: number, { row, outcome, entries }: Settled): Promise<void> => {
    const { inputs, labels } = own(at);
    const again =
      outcome.source.measurements === measured.measurements ? null : await climb.host.measure(climb.hostPlan, own(at));
    const [whole] = await (again ?? measured).traced([again === null ? at : 0]);
    again?.release();
    if (whole === undefined) return;
    const measurements = sampleMeasurements(outcome.source.measurements, outcome.source.at);
    const plan = again === null ? climb.plan : climb.hostPlan;
    const label = labels?.[0] ?? -1;
    await settlement.catch?.take({ row, plan, input: inputs, label, traced: whole, measurements, entries });
  };
  for (let from = 0; from < batch.samples; from += TOGETHER) {
    const places = Array.from({ length: Math.min(TOGETHER, batch.samples - from) }, (_, i) => from + i);
    for (const [i, settled] of (await Promise.all(places.map(settle))).entries()) {
      receive(settled.row, settled.outcome);
      if (settlement.catch?.wants(settled.row) === true) await hand(from + i, settled);
    }
  }
}

function withViolation(outcome: SampleOutcome, found: ReturnType<LengthCheck>): SampleOutcome {
  return found === null ? outcome : { ...outcome, verdict: found, violations: [found, ...outcome.violations] };
}

interface Settled {
  readonly row: SampleRow;
  readonly outcome: SampleOutcome;
  readonly entries: readonly IdentityEntry[];
}

/** The outcome with what the audit found; its row with the identities' residuals where it was drawn, so that those who count draws count rows. */
function audited(
  climb: Climb,
  index: number,
  before: SampleOutcome,
  { discrepancies, residuals, entries }: AuditOutcome,
  drawn: boolean,
): Settled {
  const violations = [...before.violations, ...discrepancies.map(discrepancyVerdict)];
  const outcome = { ...before, violations, verdict: violations[0] ?? before.verdict };
  const row = sampleRow(climb.plan, index, outcome);
  if (!drawn) return { row, outcome, entries };
  const audit = {
    identityResidual: residuals.identity,
    contractedResidual: residuals.contracted,
    biasIdentityResidual: climb.plan.network.layers.every(({ biased }) => biased === false)
      ? { value: null, bound: null, reason: "no layer has a bias" }
      : residuals.bias,
  };
  return { row: { ...row, audit }, outcome, entries };
}

/** Reads that are asked for side by side go to the engine as one: what samples ask for while others take the same step. */
function together<T extends StoredSample>(read: (samples: readonly number[]) => Promise<T[]>) {
  let waiting: { at: number; resolve: (sample: T) => void; reject: (error: unknown) => void }[] = [];
  const flush = async (): Promise<void> => {
    const asked = waiting;
    waiting = [];
    try {
      const samples = await read(asked.map((w) => w.at));
      asked.forEach(({ at, resolve, reject }, i) => {
        const sample = samples[i];
        if (sample === undefined) reject(new DeviceError(`the engine gave back nothing for sample ${String(at)}`));
        else resolve(sample);
      });
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  };
  return (at: number): Promise<T> =>
    new Promise((resolve, reject) => {
      // Two microtasks on: those that were already on their way have asked by then.
      if (waiting.length === 0) queueMicrotask(() => queueMicrotask(() => void flush()));
      waiting.push({ at, resolve, reject });
    });
}
