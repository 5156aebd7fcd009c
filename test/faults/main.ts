/**
 * `npm run faults -- [--json FILE] [--runs N]`: every planted fault on every engine that has it, and clean samples beside them.
 * Writes docs/faults.md; exits 0 when finished.
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import type { CleanFigures } from "../evidence/clean.ts";
import { runProof } from "../evidence/run-proof.ts";
import type { CampaignFigures } from "./all.ts";
import { faultsPage } from "./page.ts";

const { values } = parseArgs({
  options: { json: { type: "string" }, runs: { type: "string", default: "20" } },
});
const runs = Number(values.runs);
if (!Number.isSafeInteger(runs) || runs < 1) {
  process.stderr.write(`faults: found --runs ${values.runs}, expected a whole number ≥ 1\n`);
  process.exit(2);
}

// 6 × 100 samples and more: every fault affects at least 500. A batch of 512 has a second workgroup, as in the runs.
const sizes = { scenarios: 6, samples: 100, large: 512, runs, runSamples: 1000 };
const campaign = async (engine: "cpu" | "webgpu"): Promise<CampaignFigures> =>
  (await runProof("node", { proof: "faults", engine, sizes })) as unknown as CampaignFigures;
const cleanCases = { proof: "clean", seed: 301, from: 0, to: 320, samples: 900, budget: 5e7 } as const;
const cleanRun = async (engine: "cpu" | "webgpu"): Promise<CleanFigures> =>
  (await runProof("node", { ...cleanCases, engine })) as unknown as CleanFigures;

// Two processes at a time: one a core on the smallest machine that this is for.
const [cpu, webgpu] = await Promise.all([
  (async () => ({ campaign: await campaign("cpu"), clean: await cleanRun("cpu") }))(),
  campaign("webgpu"),
]);
const { clean } = cpu;
const falseAlarms = (clean.verdicts["violated"] ?? 0) + (webgpu.flushing?.falseAlarms ?? 0);
const result = {
  faults: [...cpu.campaign.faults, ...webgpu.faults],
  clean: {
    samples: clean.samples + (webgpu.flushing?.samples ?? 0),
    architectures: clean.architectures,
    falseAlarms,
  },
};
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
writeFileSync("docs/faults.md", faultsPage([cpu.campaign, webgpu], result.clean));
process.stdout.write("docs/faults.md written\n");
process.exit(0);
