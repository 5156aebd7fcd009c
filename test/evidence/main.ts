/**
 * `npm run evidence -- NAME`: a proof at full size on every engine; figures go to docs/evidence/NAME.json. `npm test` runs the same code,
 * reduced.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import process from "node:process";
import { runInChromium } from "./chromium.ts";
import type { PageProof, ProofRequest } from "./engine-program.ts";
import type { TasksRequest } from "./page-tasks.ts";
import { longestTasks } from "./page-tasks.ts";
import type { ExperimentsProof } from "./experiments/prove.ts";
import { proveExperiments } from "./experiments/prove.ts";
import type { FuzzRequest } from "./fuzz.ts";
import { fuzz } from "./fuzz.ts";
import { cleanInParts, keptProofs } from "./kept.ts";
import { runProof } from "./run-proof.ts";
import type { SweepProof } from "./sweeps.ts";
import { proveSweep } from "./sweeps.ts";
import type { ThroughputRequest } from "./throughput.ts";
import { throughput } from "./throughput.ts";
import type { TrainingProof } from "./training.ts";
import { proveTraining } from "./training.ts";

type HereRequest = ThroughputRequest | FuzzRequest | TrainingProof | ExperimentsProof;
type Run =
  | readonly ["node" | "deno" | "chromium", ProofRequest]
  | readonly ["page", TasksRequest]
  | readonly ["gpv", SweepProof]
  | readonly ["here", HereRequest];

const CPU = ["node", "cpu"] as const;
const WEBGPU = ["node", "webgpu"] as const;
const DENO = ["deno", "webgpu"] as const;

/** Over 20,000 brackets through an SVD. */
const AGREEMENT = { proof: "agreement", seed: 101, from: 0, to: 640, samples: 1000, budget: 3e6 } as const;
/** Over 20,000 brackets of structured matrices on engine cpu; a fifth of the cases on the software adapter, which compiles each anew. */
const STRUCTURED = { proof: "structured", seed: 301, from: 0, to: 4500, samples: 8, budget: 1e9 } as const;
/** 1,000,000 samples over 320 architectures on each of three engines, 100,000 in Chromium, and a share of them all audited. */
const CLEAN = { proof: "clean", seed: 201, from: 0, to: 320, samples: 3300, budget: 1.5e9 } as const;
const CLEAN_AUDITED = { ...CLEAN, seed: 203, samples: 100, budget: 2e7, audit: 1 } as const;
const CLEAN_IN_CHROMIUM = { ...CLEAN, seed: 202, samples: 350, budget: 1.5e8 } as const;

/** What each proof runs, and where. */
const PROOFS: Readonly<Record<string, readonly Run[]>> = {
  agreement: [CPU, WEBGPU, DENO].map(([runtime, engine]) => [runtime, { ...AGREEMENT, engine }]),
  structured: [
    [...CPU, STRUCTURED.to],
    [...WEBGPU, STRUCTURED.to / 5],
  ].map(([runtime, engine, to]) => [runtime, { ...STRUCTURED, engine, to }] as Run),
  clean: [
    ...[CPU, WEBGPU, DENO].map(([runtime, engine]): Run => [runtime, { ...CLEAN, engine }]),
    ...[CPU, WEBGPU].map(([runtime, engine]): Run => [runtime, { ...CLEAN_AUDITED, engine }]),
    ["chromium", { ...CLEAN_IN_CHROMIUM, engine: "webgpu" }],
  ],
  extremes: [CPU, WEBGPU, DENO].map(([runtime, engine]) => [
    runtime,
    { proof: "extremes", engine, deepest: 64, drawn: 400 },
  ]),
  overhead: [CPU, WEBGPU].map(([runtime, engine]) => [runtime, { proof: "overhead", engine }]),
  page: [
    ["page", { proof: "tasks", engine: "cpu", widths: "16-24-8", samples: 120_000 }],
    ["page", { proof: "tasks", engine: "webgpu", widths: "16-24-8", samples: 120_000 }],
  ],
  resume: [
    [
      "gpv",
      {
        ...{ proof: "resume", engine: "cpu", grid: ["--preset", "smoke", "--inputs-per-network", "64"] },
        ...{ rounds: 20, kills: 3, shards: 7, orders: 10 },
      },
    ],
  ],
  /** Over 5,000,000 samples in one process. */
  soak: [
    [
      "gpv",
      {
        proof: "soak",
        engine: "cpu",
        grid: ["--grid", "examples/grids/soak.yaml", "--inputs-per-network", "8800"],
        everyMs: 60_000,
      },
    ],
  ],
  throughput: [["here", { proof: "throughput", engine: "cpu", rounds: 9, inputs: 256 }]],
  /** Over 1,000,000 mutated files. */
  fuzz: [["here", { proof: "fuzz", engine: "none", seed: 401, share: 1 }]],
  /** Over 1,000,000 probe samples of networks while they learn. */
  training: [
    ["here", { proof: "training", engine: "cpu", seeds: 3, samples: { digits: 256, drawn: 960 }, steps: 1500 }],
  ],
  /** docs/experiments/protocol.md; cut short, the same command goes on. */
  experiments: [
    [
      "here",
      {
        ...{ proof: "experiments", engine: "cpu", folder: ".cache/experiments" },
        soFar: process.argv.includes("--so-far"),
      },
    ],
  ],
  exact: [["node", { proof: "exact", engine: "cpu", from: 0, to: 500 }]],
};

const name = process.argv[2] ?? "";
const proofs = PROOFS[name];
if (proofs === undefined) {
  process.stderr.write(`evidence: found "${name}", expected one of ${Object.keys(PROOFS).join(", ")}\n`);
  process.exit(2);
}
const kept = keptProofs(name);
function prove(run: Run): Promise<Record<string, unknown>> {
  if (run[0] === "page") return longestTasks(run[1]);
  if (run[0] === "here") return here(run[1]);
  if (run[0] === "gpv") return proveSweep(run[1]);
  if (run[1].proof === "clean" && run[0] !== "chromium") return cleanInParts(kept, run[0], run[1], note);
  return run[0] === "chromium" ? runInChromium(run[1] as PageProof) : runProof(run[0], run[1]);
}

function here(request: HereRequest): Promise<Record<string, unknown>> {
  switch (request.proof) {
    case "fuzz":
      return fuzz(request, note);
    case "training":
      return proveTraining(request);
    case "experiments":
      return proveExperiments(request, note);
    case "throughput":
      return throughput(request);
  }
}

function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

const figures: Record<string, unknown>[] = [];
let next = 0;
// Two at a time, one a core on the smallest machine that this is for; what is timed has the machine to itself.
const lane = async (): Promise<void> => {
  for (let i = next++; i < proofs.length; i = next++) {
    const [runtime, { engine }] = proofs[i] as Run;
    process.stderr.write(`${name}: engine ${engine} under ${runtime}\n`);
    figures[i] = await prove(proofs[i] as Run);
    process.stderr.write(`${name}: engine ${engine} under ${runtime}: done\n`);
  }
};
const isTimed = ["overhead", "page", "throughput"].includes(name);
await Promise.all(isTimed ? [lane()] : [lane(), lane()]);
const commit = execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" }).trim();
const machine = `${platform()} ${arch()}, ${String(cpus().length)} × ${cpus()[0]?.model.trim() ?? "unknown processor"}`;
mkdirSync("docs/evidence", { recursive: true });
writeFileSync(
  `docs/evidence/${name}.json`,
  `${JSON.stringify({ commit, machine, command: `npm run evidence -- ${name}`, figures }, null, 2)}\n`,
);
process.stdout.write(`docs/evidence/${name}.json written\n`);
process.exit(0);
