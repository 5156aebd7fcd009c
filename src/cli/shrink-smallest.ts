/** After a sweep: the smallest violated witness that it wrote, reduced for as long as a person would wait. */
import { statSync } from "node:fs";
import { basename, join } from "node:path";
import { withPlanFault } from "../engine/plan-faults.ts";
import type { LedgerHeader } from "../sweep/ledger.ts";
import { witnessText } from "../witness/file.ts";
import { shrinkWitness } from "../witness/shrink.ts";
import { openEngines } from "./engines.ts";
import { reading } from "./files.ts";
import type { FaultName } from "../engine/faults.ts";
import type { Io } from "./io.ts";
import { writeWhole } from "./outputs.ts";
import { openWitness } from "./replay.ts";
import { TOOL } from "./version.ts";

/** Long enough for the networks of a sweep; `gpv shrink` goes on from there. */
const LIMIT_MS = 15_000;
const ATTEMPTS = 2000;

/** The file of the reduced witness; null where none of `files` is violated, or it does not fail again. */
export async function shrinkSmallest(
  files: readonly string[],
  folder: string,
  header: LedgerHeader,
  adapter: string | null,
  io: Io,
): Promise<string | null> {
  const violated = files.filter((file) => basename(file).startsWith("violated-"));
  const [smallest] = violated.map((file) => ({ file, size: statSync(file).size })).sort((a, b) => a.size - b.size);
  if (smallest === undefined) return null;
  const witness = await openWitness(smallest.file, reading(io));
  const plant = header.settings.plant as FaultName | null;
  const engines = await openEngines({ engine: header.engine.kind, precision: null, adapter, plant });
  try {
    const signal = AbortSignal.any([io.signal, AbortSignal.timeout(LIMIT_MS)]);
    const outcome = await shrinkWitness({
      witness,
      engine: engines.engine,
      host: engines.host,
      adjustPlan: (plan) => withPlanFault(plan, plant),
      origin: { tool: TOOL, engine: engines.engine.description, settings: witness.settings, address: witness.address },
      attempts: ATTEMPTS,
      signal,
    });
    if (outcome.witness === null) return null;
    const file = join(folder, `shrunk-${basename(smallest.file)}`);
    writeWhole(file, await witnessText(outcome.witness));
    return file;
  } finally {
    engines.dispose();
  }
}
