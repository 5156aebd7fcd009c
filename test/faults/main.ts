/**
 * `npm run faults -- [--json FILE] [--runs N]`: every planted fault on every engine that has it, and clean samples beside them.
 * Writes docs/faults.md; exits 0 when finished. Each fault is measured by a process of its own and kept in node_modules/.evidence, so that
 * what was interrupted goes on where it was, as long as the source is the same.
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import type { CleanFigures } from "../evidence/clean.ts";
import { keptProofs } from "../evidence/kept.ts";
import type { CampaignFigures } from "./all.ts";
import { namesOf } from "./all.ts";
import { faultsPage } from "./page.ts";

const { values } = parseArgs({
  options: { json: { type: "string" }, runs: { type: "string", default: "200" } },
});
const runs = Number(values.runs);
if (!Number.isSafeInteger(runs) || runs < 1) {
  process.stderr.write(`faults: found --runs ${values.runs}, expected a whole number ≥ 1\n`);
  process.exit(2);
}

// 6 × 100 samples and more: every fault affects at least 500. A batch of 512 has a second workgroup, as in the runs.
const sizes = { scenarios: 6, samples: 100, large: 512, run: { samples: 1000, runs, whole: runs } };
const kept = keptProofs("faults");

async function campaign(engine: "cpu" | "webgpu"): Promise<CampaignFigures> {
  const parts: CampaignFigures[] = [];
  for (const name of namesOf(engine)) {
    parts.push(await kept<CampaignFigures>("node", { proof: "faults", engine, sizes: { ...sizes, names: [name] } }));
    process.stderr.write(`${engine} ${name}\n`);
  }
  const flushing =
    engine === "cpu"
      ? null
      : (
          await kept<CampaignFigures>("node", {
            proof: "faults",
            engine,
            sizes: { ...sizes, names: [], flushing: true },
          })
        ).flushing;
  return { engine: parts[0]?.engine ?? engine, faults: parts.flatMap((part) => part.faults), flushing };
}

const cleanCases = { proof: "clean", seed: 301, from: 0, to: 320, samples: 900, budget: 5e7 } as const;

// Two processes at a time: one a core on the smallest machine that this is for.
const [cpu, webgpu] = await Promise.all([
  (async () => ({
    campaign: await campaign("cpu"),
    clean: await kept<CleanFigures>("node", { ...cleanCases, engine: "cpu" }),
  }))(),
  campaign("webgpu"),
]);
const { clean } = cpu;
const falseAlarms = (clean.verdicts["violated"] ?? 0) + clean.failures.length + (webgpu.flushing?.falseAlarms ?? 0);
const result = {
  faults: [...cpu.campaign.faults, ...webgpu.faults].map(({ run, ...figures }) => ({
    ...figures,
    ...(run === null ? {} : { runs: run.runs, runsFlagged: run.flagged, claimed: run.claimed, whole: run.whole }),
  })),
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
