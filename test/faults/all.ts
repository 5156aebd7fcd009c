/** The whole campaign on one engine. */
import type { FaultName } from "../../src/engine/faults.ts";
import { FAULT_NAMES, FAULTS } from "../../src/engine/faults.ts";
import type { Engines, FaultFigures, Sizes } from "./campaign.ts";
import { measureFault, measureFlushing } from "./campaign.ts";

export interface CampaignFigures {
  readonly engine: string;
  readonly faults: readonly FaultFigures[];
  /** The allowed flushing of subnormals, on engine webgpu; null elsewhere. */
  readonly flushing: { readonly samples: number; readonly falseAlarms: number } | null;
}

/** The faults of an engine that are none of its freedoms, or every second one of them. */
export function namesOf(kind: Engines["kind"], { half, names }: Pick<Sizes, "half" | "names"> = {}): FaultName[] {
  if (names !== undefined) return [...names];
  const all = FAULT_NAMES.filter((name) => FAULTS[name].engines.includes(kind) && FAULTS[name].allowed !== true);
  return half === undefined ? all : all.filter((_, i) => i % 2 === half);
}

/** @param say gets a line when a fault has been measured. */
export async function allFaults(engines: Engines, sizes: Sizes, say: (line: string) => void): Promise<CampaignFigures> {
  const { description } = engines.host;
  const clean = await engines.open(undefined);
  const { kind, precision, adapter } = clean.description;
  const engine = `${kind} ${precision}, ${adapter}, ${description.runtime}`;
  const faults: FaultFigures[] = [];
  for (const name of namesOf(engines.kind, sizes)) {
    const figures = await measureFault(engines, clean, name, sizes);
    faults.push(figures);
    const { affected, detected, run } = figures;
    const runs = run === null ? "" : `, ${String(run.flagged)} of ${String(run.runs)} runs`;
    say(`${engines.kind} ${name}: ${String(detected.all)} of ${String(affected)} samples${runs}`);
  }
  clean.dispose();
  const flushing =
    engines.kind === "webgpu" && (sizes.names === undefined || sizes.flushing === true)
      ? await measureFlushing(engines, sizes.scenarios, sizes.samples)
      : null;
  return { engine, faults, flushing };
}
