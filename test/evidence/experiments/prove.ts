/** `npm run evidence -- experiments`: what is missing of the protocol's runs is made, and all of them are summed up. */
import { createCpuEngine } from "../../../src/engine/cpu/engine.ts";
import { folderStore, FULL, makeRuns } from "./runs.ts";
import { loadSets } from "./sets.ts";
import { rounded, summarise } from "./summary.ts";

export interface ExperimentsProof {
  readonly proof: "experiments";
  readonly engine: "cpu";
  /** A file a run; the same command goes on from them. */
  readonly folder: string;
}

export async function proveExperiments(
  { folder }: ExperimentsProof,
  say: (line: string) => void,
): Promise<Record<string, unknown>> {
  const engine = createCpuEngine({ threads: 0, runtime: "evidence", undisturbed: true });
  const store = folderStore(folder);
  await makeRuns({ sets: await loadSets(FULL.samples), engine, scale: FULL }, store, say);
  return { ...rounded(summarise(FULL, store)) };
}
