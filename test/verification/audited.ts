/** One sample measured by engine cpu and settled, with all that its audit is handed. */
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Arithmetic, Measurements, TracedSample } from "../../src/engine/engine.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { makePlan } from "../../src/engine/plan.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import type { Draft } from "../../src/pipeline/draft.ts";
import { judgementOf } from "../../src/pipeline/draft.ts";
import { sampleRow, verdictAt } from "../../src/pipeline/row.ts";
import { settle } from "../../src/pipeline/settle.ts";
import type { Head } from "../../src/network/heads.ts";
import type { Network } from "../../src/network/network.ts";
import { prepareAudit } from "../../src/verification/audit/prepared.ts";
import type { AuditSubject, Judged } from "../../src/verification/audit/subject.ts";
import { planBounds } from "../../src/verification/plan-bounds.ts";
import { layerBounds } from "../../src/verification/rounding.ts";
import type { Verdict } from "../../src/verification/verdict.ts";

export interface Wanted {
  readonly network: Network;
  readonly head: Head;
  readonly input: Float64Array;
  readonly label?: number;
  readonly norm?: "spectral" | "frobenius";
  readonly accuracy?: number | "verdict";
  /** Accuracy of f64 witnesses that take the place of the engine's own; null where left out: none do. */
  readonly hostAccuracy?: number | null;
  /** The engine's arithmetic as the bounds see it; its own where left out. */
  readonly arithmetic?: Arithmetic;
  /** Changes what was stored before the sample is settled. */
  readonly change?: (traced: TracedSample, measurements: Measurements) => void;
}

export interface Audited {
  readonly plan: Plan;
  readonly traced: TracedSample;
  readonly measurements: Measurements;
  readonly outcome: Judged & { readonly verdict: Verdict };
  readonly draft: Draft;
  readonly row: SampleRow;
  readonly subject: AuditSubject;
}

const host = createCpuEngine({ threads: 0, runtime: "test" });

export async function auditedSample(wanted: Wanted): Promise<Audited> {
  const { network, head, input, label = -1, norm = "spectral", accuracy = 1e-3, hostAccuracy = null } = wanted;
  const plan = makePlan(network, { head, precision: "f64", norm, accuracy, errors: true, seed: 3 });
  const layers = layerBounds(plan);
  const labels = label < 0 ? null : Int32Array.of(label);
  const batch = await host.measure(plan, { first: 0, samples: 1, inputs: input.slice(), labels });
  const [traced] = structuredClone(await batch.traced([0]));
  if (traced === undefined) throw new RangeError("nothing was stored");
  const arithmetic = wanted.arithmetic ?? batch.measurements.arithmetic;
  const measurements: Measurements = { ...structuredClone(batch.measurements), arithmetic };
  batch.release();
  wanted.change?.(traced, measurements);
  const measured = {
    measurements,
    stored: (): Promise<TracedSample[]> => Promise.resolve([traced]),
    traced: (): Promise<TracedSample[]> => Promise.resolve([traced]),
    release: (): void => undefined,
  };
  const bounds = planBounds(plan, layers, arithmetic);
  const draft = await settle(
    { host, hostAccuracy, certify: null, bounds, checksNorms: true },
    { batch: { first: 0, samples: 1, inputs: input, labels }, originals: new Map() },
    measured,
  );
  const outcome = { ...judgementOf(draft, 0), verdict: verdictAt(draft.block, 0) };
  const jacobianUpper = outcome.findings.map((f) => f.jacobian.spectral.upper);
  const prepared = prepareAudit(plan, layers);
  const subject = {
    plan,
    prepared,
    layers,
    arithmetic,
    index: 0,
    at: 0,
    input,
    label,
    traced,
    measurements,
    jacobianUpper,
    kinks: bounds.kinks,
  };
  return { plan, traced, measurements, outcome, draft, row: sampleRow(draft.block, 0), subject };
}
