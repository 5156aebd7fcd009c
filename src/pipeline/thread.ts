/**
 * Batches on the threads of engine cpu: each thread measures, settles and audits a batch by itself and hands back the finished block, so
 * that the calling thread only counts. Its engine and its host are its own; a sample's bits do not depend on where it was computed.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import { createCpuEngine } from "../engine/cpu/engine.ts";
import type { Work } from "../engine/cpu/host.ts";
import type { FaultName } from "../engine/faults.ts";
import type { Plan } from "../engine/plan.ts";
import type { InputDistribution } from "../sampling/inputs.ts";
import { fillInputs } from "../sampling/inputs.ts";
import { transferOf } from "./block.ts";
import type { Examiner } from "./examine.ts";
import { createExaminer } from "./examine.ts";
import type { GivenBatch } from "./given.ts";

/** One batch for a thread. */
export interface BatchWork {
  /** Its inputs may be left empty where `drawn` says how to make them. */
  readonly given: GivenBatch;
  readonly drawn: InputDistribution | null;
  readonly certify: number | null;
  readonly audit: number;
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
  const examinerOf = (plan: Plan, { certify, audit }: BatchWork): Examiner => {
    const own = examiners.get(plan) ?? new Map<string, Examiner>();
    examiners.set(plan, own);
    const key = `${String(certify)} ${String(audit)}`;
    const known = own.get(key);
    if (known !== undefined) return known;
    const made = createExaminer(plan, plan, { host: engineOf(undefined), hostAccuracy: null, certify }, audit);
    own.set(key, made);
    return made;
  };
  return async ({ plan, fault }, work) => {
    const asked = work as BatchWork;
    const examiner = examinerOf(plan, asked);
    const given = withInputs(asked, plan);
    const measured = await engineOf(fault).measure(plan, given.batch, examiner.drawn(given.batch));
    try {
      const { block, settled } = await examiner.examine(given, measured);
      settled.release();
      return { result: block, transfer: transferOf(block) };
    } finally {
      measured.release();
    }
  };
}

function withInputs({ given, drawn }: BatchWork, { network }: Plan): GivenBatch {
  if (drawn === null) return given;
  const { batch } = given;
  const width = network.layers[0]?.inputs ?? 0;
  return { ...given, batch: { ...batch, inputs: fillInputs(drawn, batch.first, batch.samples, width) } };
}
