/** Nothing depends on company (test/support/company.ts): on engine cpu over this runtime's own threads, or on engine webgpu. */
import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import process from "node:process";
import fc from "fast-check";
import { openGpu } from "../../../src/cli/runtime/gpu.ts";
import { readShaders } from "../../../src/cli/runtime/shaders.ts";
import { spawnThread } from "../../../src/cli/threads.ts";
import { createGpuEngine } from "../../../src/engine/gpu/engine.ts";
import { devicePair, hostPair } from "../../../src/engine/pair.ts";
import type { Pairs } from "../../support/company.ts";
import { company, companyFindings } from "../../support/company.ts";
import { ADAPTER_PREFERENCE } from "../support/adapter.ts";

const { engine, seed, cases } = JSON.parse(await text(process.stdin)) as {
  readonly engine: "cpu" | "webgpu";
  readonly seed: number;
  readonly cases: number;
};
const means = (threads: number) => ({ threads, spawn: spawnThread, runtime: "test" });

async function openPairs(): Promise<Pairs> {
  if (engine === "cpu") {
    return { "the calling thread": hostPair(means(0), null), "three threads": hostPair(means(3), null) };
  }
  const gpu = await openGpu();
  if (gpu === null) throw new Error("no WebGPU in this runtime");
  const device = await createGpuEngine({
    gpu,
    adapterPreference: ADAPTER_PREFERENCE,
    shaders: readShaders(),
    runtime: "test",
  });
  return { webgpu: devicePair(means(0), device) };
}

const pairs = await openPairs();
const hash = createHash("sha256");
const findings: string[] = [];
for (const own of fc.sample(company, { seed, numRuns: cases })) {
  const found = await companyFindings(own, pairs);
  hash.update(found.text);
  findings.push(...found.findings.map((line) => `${line} of ${JSON.stringify(own)}`));
}
process.stdout.write(JSON.stringify({ findings: findings.slice(0, 10), digest: hash.digest("hex") }), () => {
  process.exit(0);
});
