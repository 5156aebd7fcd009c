/** Samples handed over with all that their verdicts were made of: for witnesses. */
import type { Measurements, TracedSample } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { sampleMeasurements } from "../engine/sample-measurements.ts";
import type { IdentityEntry } from "../verification/audit/identities.ts";
import type { Held } from "./flights.ts";
import { ownBatch } from "./given.ts";
import type { SampleRow } from "../records/sample.ts";

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

/** Hands over the sample at this place of a batch that is still held. */
export async function hand({ take }: Catch, row: SampleRow, at: number, held: Held): Promise<void> {
  const { given, measured, examined } = held;
  const { settled, audits } = examined;
  const whole = audits.guilty.has(at) ? undefined : settled.wholes.get(at);
  const draft = whole?.draft ?? settled.draft;
  const place = whole === undefined ? at : 0;
  const [traced] = await (whole?.measured ?? measured).traced([place]);
  if (traced === undefined) return;
  const { inputs, labels } = ownBatch(given, at);
  await take({
    ...{ row, traced, plan: draft.bounds.plan, input: inputs, label: labels?.[0] ?? -1 },
    measurements: sampleMeasurements(draft.measurements, place),
    entries: audits.entries.get(at) ?? [],
  });
}
