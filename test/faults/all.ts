/** The whole campaign on one engine. */
import { FAULT_NAMES, FAULTS } from "../../src/engine/faults.ts";
import type { Engines, FaultFigures, Sizes } from "./campaign.ts";
import { measureFault, measureFlushing } from "./campaign.ts";

export interface CampaignFigures {
  readonly engine: string;
  readonly faults: readonly FaultFigures[];
  /** The allowed flushing of subnormals, on engine webgpu; null elsewhere. */
  readonly flushing: { readonly samples: number; readonly falseAlarms: number } | null;
}

/** @param say gets a line when a fault has been measured. */
export async function allFaults(engines: Engines, sizes: Sizes, say: (line: string) => void): Promise<CampaignFigures> {
  const { description } = engines.host;
  const clean = await engines.open(undefined);
  const { kind, precision, adapter } = clean.description;
  const engine = `${kind} ${precision}, ${adapter}, ${description.runtime}`;
  const faults: FaultFigures[] = [];
  for (const name of FAULT_NAMES) {
    const { engines: where, allowed } = FAULTS[name];
    if (!where.includes(engines.kind) || allowed === true) continue;
    const figures = await measureFault(engines, clean, name, sizes);
    faults.push(figures);
    const { affected, detected, runs, runsFlagged } = figures;
    say(
      `${engines.kind} ${name}: ${String(detected.all)} of ${String(affected)} samples, ${String(runsFlagged)} of ${String(runs)} runs`,
    );
  }
  clean.dispose();
  const flushing = engines.kind === "webgpu" ? await measureFlushing(engines, sizes.scenarios, sizes.samples) : null;
  return { engine, faults, flushing };
}
