/**
 * Batches on the threads of engine cpu: each thread measures, settles and audits a batch by itself and hands back the finished block, so
 * that the calling thread only counts; or it settles and audits what a device has measured, which is fed meanwhile. Its engine and its host are its own; a sample's bits do not depend on where it was computed.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import { createCpuEngine } from "../engine/cpu/engine.ts";
import type { Work } from "../engine/cpu/host.ts";
import type { FaultName } from "../engine/faults.ts";
import type { Measurements } from "../engine/engine.ts";
import type { Pool } from "../engine/memory.ts";
import { createPool } from "../engine/memory.ts";
import type { Plan } from "../engine/plan.ts";
import { inPrecision } from "../engine/plan.ts";
import type { InputDistribution } from "../sampling/inputs.ts";
import { fillInputs } from "../sampling/inputs.ts";
import { drawnDifference } from "../verification/audit/drawn-inputs.ts";
import type { Misread } from "./block.ts";
import { memoryOf } from "./block.ts";
import type { Examiner } from "./examine.ts";
import { createExaminer } from "./examine.ts";
import { withInputFault } from "./faults.ts";
import type { GivenBatch } from "./given.ts";
import { borrow } from "./remote-batch.ts";

/** What is asked of every batch of a run. */
export interface Asked {
  readonly certify: number | null;
  readonly hostAccuracy: number | null;
  /** Share; null: the default. */
  readonly audit: number | null;
}

/** One batch for a thread. */
export interface BatchWork extends Asked {
  /** Its inputs may be left empty where `drawn` says how to make them. */
  readonly given: GivenBatch;
  readonly drawn: InputDistribution | null;
  /** A batch that a device has measured, by the thread's plan in f32; null: the thread measures it. */
  readonly measured: { readonly measurements: Measurements; readonly port: MessagePort } | null;
  /** Memory of blocks that nobody reads any more. */
  readonly spare: readonly ArrayBuffer[];
}

/** What the thread of an engine does with a `BatchWork`; the answer is a SettledBlock. */
export function batchWork(): Work {
  const engines = new Map<FaultName | undefined, CpuEngine>();
  const engineOf = (fault: FaultName | undefined): CpuEngine => {
    const known = engines.get(fault);
    if (known !== undefined) return known;
    const made = createCpuEngine({ threads: 0, runtime: "thread", fault, undisturbed: true });
    engines.set(fault, made);
    return made;
  };
  const examiners = new WeakMap<Plan, Map<string, Examiner>>();
  const examinerOf = (plan: Plan, { certify, hostAccuracy, audit }: Asked): Examiner => {
    const own = examiners.get(plan) ?? new Map<string, Examiner>();
    examiners.set(plan, own);
    const key = [certify, hostAccuracy, audit].join(" ");
    const known = own.get(key);
    if (known !== undefined) return known;
    const hostPlan = plan.precision === "f64" ? plan : inPrecision(plan, "f64");
    const made = createExaminer(plan, hostPlan, { host: engineOf(undefined), hostAccuracy, certify }, audit);
    own.set(key, made);
    return made;
  };
  const pool = createPool();
  return async ({ plan, fault }, work) => {
    const asked = work as BatchWork;
    const examiner = examinerOf(plan, asked);
    examiner.reuse(asked.spare);
    const given = withInputs(asked, plan, fault, pool);
    const measured =
      asked.measured === null
        ? await engineOf(fault).measure(plan, given.batch, examiner.drawn(given.batch))
        : borrow(asked.measured.measurements, asked.measured.port);
    try {
      const { block, settled } = await examiner.examine(given, measured);
      settled.release();
      const misread = asked.drawn === null ? [] : misreadOf(asked.drawn, given, examiner.drawn(given.batch));
      return { result: misread.length === 0 ? block : { ...block, misread }, transfer: memoryOf(block) };
    } finally {
      measured.release();
      if (asked.drawn !== null) pool.give(given.batch.inputs.buffer as ArrayBuffer);
    }
  };
}

function withInputs(
  { given, drawn }: BatchWork,
  { network }: Plan,
  fault: FaultName | undefined,
  pool: Pool,
): GivenBatch {
  if (drawn === null) return given;
  const { batch } = given;
  const width = network.layers[0]?.inputs ?? 0;
  const first = fault === "inputs-row-early" ? Math.max(0, batch.first - 1) : batch.first;
  const result = new Float64Array(pool.take(8 * batch.samples * width));
  const inputs = withInputFault(fillInputs(drawn, first, batch.samples, width, result), fault);
  return { ...given, batch: { ...batch, inputs } };
}

/** Of the samples that are audited, those whose inputs are not the ones of their addresses. */
function misreadOf(drawn: InputDistribution, { batch }: GivenBatch, places: readonly number[]): Misread[] {
  const address = { inputs: drawn, first: 0, mean: 0, std: 1, classes: null };
  const width = batch.inputs.length / batch.samples;
  return places.flatMap((at) => {
    const index = batch.first + at;
    const found = drawnDifference(address, index, batch.inputs.subarray(at * width, (at + 1) * width), null);
    return found === null ? [] : [{ index, ...found }];
  });
}
