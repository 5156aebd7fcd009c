/**
 * `npm run evidence -- NAME`: a proof at full size on every engine; figures go to docs/evidence/NAME.json. `npm test` runs the same code,
 * reduced.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import process from "node:process";
import { runProof } from "./run-proof.ts";

const SIZES = {
  // 200 architectures through the oracle.
  agreement: { seed: 101, from: 0, to: 200, samples: 1000, budget: 3e6 },
  // 320 architectures, 100,000 samples or more.
  clean: { seed: 201, from: 0, to: 320, samples: 900, budget: 1e8 },
} as const;

const ENGINES = [
  ["node", "cpu"],
  ["node", "webgpu"],
  ["deno", "webgpu"],
] as const;

const name = process.argv[2] as keyof typeof SIZES | undefined;
if (name === undefined || !(name in SIZES)) {
  process.stderr.write(`evidence: found "${String(name)}", expected one of ${Object.keys(SIZES).join(", ")}\n`);
  process.exit(2);
}
const figures: Record<string, unknown>[] = [];
for (const [runtime, engine] of ENGINES) {
  process.stderr.write(`${name}: engine ${engine} under ${runtime}\n`);
  figures.push(await runProof(runtime, { proof: name, engine, ...SIZES[name] }));
}
const commit = execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" }).trim();
const machine = `${platform()} ${arch()}, ${String(cpus().length)} × ${cpus()[0]?.model.trim() ?? "unknown processor"}`;
mkdirSync("docs/evidence", { recursive: true });
writeFileSync(
  `docs/evidence/${name}.json`,
  `${JSON.stringify({ commit, machine, command: `npm run evidence -- ${name}`, figures }, null, 2)}\n`,
);
process.stdout.write(`docs/evidence/${name}.json written\n`);
