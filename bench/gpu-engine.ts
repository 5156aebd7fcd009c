/**
 * Engine webgpu by itself on the adapter that there is, at 1e-3 or what is asked for, two batches in flight: samples per second, best of the
 * rounds, by the clock and by processor time (a software adapter's threads are this process's own), and of a full batch its dispatches, submits, maps and
 * bytes read back a sample. A checksum of every measured bit, so that two versions can be compared.
 * `npm run bench -- gpu-engine [ROUNDS [WORKLOADS [ACCURACY]]]`, as `gpu-engine 5 AB verdict`;
 * `gpu-engine 2 A 1e-3 stages` says where the device's time goes, a batch.
 */
import { createHash } from "node:crypto";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { openGpu } from "../src/cli/runtime/gpu.ts";
import { readShaders } from "../src/cli/runtime/shaders.ts";
import { runAgainOnSoftwareVulkan, runsOnSoftwareVulkan } from "../src/cli/runtime/software-vulkan.ts";
import { mayHaveHardware } from "../src/cli/adapters.ts";
import type { Batch, Measurements } from "../src/engine/engine.ts";
import { createGpuEngine } from "../src/engine/gpu/engine.ts";
import { createProfile } from "../src/engine/gpu/profile.ts";
import { makePlan } from "../src/engine/plan.ts";
import { inputWidth } from "../src/network/network.ts";
import { fillInputs } from "../src/sampling/inputs.ts";
import { WORKLOADS } from "./workloads.ts";

if (!mayHaveHardware() && !runsOnSoftwareVulkan()) process.exit(await runAgainOnSoftwareVulkan());

const [rounds = "3", letters = "ABCD", wanted = "1e-3", what = "rates"] = process.argv.slice(3);
const gpu = await openGpu();
if (gpu === null) throw new Error("this runtime has no WebGPU");
const counts = { dispatches: 0, submits: 0, maps: 0, bytes: 0, uploads: 0, pipelines: 0 };
countCalls();
const profile = createProfile();
const engine = await createGpuEngine({
  gpu,
  adapterPreference: mayHaveHardware() ? "high-performance" : "software",
  shaders: readShaders(),
  runtime: "bench",
  profile: what === "stages" ? profile : undefined,
});
console.log(`${engine.description.adapter}, ${rounds} rounds, accuracy ${wanted}`);

for (const { name, network } of WORKLOADS.filter((one) => letters.includes(one.name.charAt(0)))) {
  const head = { kind: "logit-argmax" } as const;
  const accuracy = wanted === "verdict" ? wanted : Number(wanted);
  const plan = makePlan(network, { head, precision: "f32", norm: "spectral", accuracy, seed: 1 });
  const size = engine.batchSize(plan);
  const batches = Array.from({ length: 4 }, (_, i): Batch => {
    const first = i * size;
    const inputs = fillInputs({ distribution: "normal", scale: 1, seed: 8 }, first, size, inputWidth(network));
    return { first, samples: size, inputs, labels: null };
  });
  const measure = async (batch: Batch): Promise<Measurements> => {
    const block = await engine.measure(plan, batch);
    block.release();
    return block.measurements;
  };
  const hash = createHash("sha256");
  for (const batch of batches)
    hash.update(JSON.stringify(await measure(batch), (_, v: unknown) => (ArrayBuffer.isView(v) ? bits(v) : v)));
  const times: { wall: number; busy: number; main: number }[] = [];
  const before = { ...counts };
  profile.stages.clear();
  for (let round = 0; round < Number(rounds); round++) {
    const [start, cpu, idle] = [performance.now(), process.cpuUsage(), performance.eventLoopUtilization()];
    for (let i = 0; i < batches.length; i += 2) await Promise.all(batches.slice(i, i + 2).map(measure));
    const { user, system } = process.cpuUsage(cpu);
    const main = performance.eventLoopUtilization(idle).active / 1000;
    times.push({ wall: (performance.now() - start) / 1000, busy: (user + system) / 1e6, main });
  }
  const samples = batches.length * size;
  const least = (key: "wall" | "busy" | "main"): number => Math.min(...times.map((one) => one[key]));
  const runs = Number(rounds) * batches.length;
  const each = (key: keyof typeof counts): number => (counts[key] - before[key]) / runs;
  console.log(
    JSON.stringify({
      ...{
        workload: name,
        batch: size,
        wall: Math.round(samples / least("wall")),
        busy: Math.round(samples / least("busy")),
      },
      ...{ mainShare: Number((least("main") / least("wall")).toFixed(2)) },
      ...{ dispatches: each("dispatches"), submits: each("submits"), maps: each("maps"), pipelines: each("pipelines") },
      ...{ bytes: Number((each("bytes") / size).toFixed(1)), uploaded: Number((each("uploads") / size).toFixed(1)) },
      bits: hash.digest("hex").slice(0, 16),
    }),
  );
  const all = [...profile.stages.values()].sort((a, b) => b.seconds - a.seconds);
  const sum = all.reduce((total, one) => total + one.seconds, 0);
  for (const { stage, kernel, seconds, dispatches: of } of all) {
    console.log(
      `${((seconds / runs) * 1000).toFixed(2).padStart(9)} ms ${((100 * seconds) / sum).toFixed(1).padStart(5)} % ${(of / runs).toFixed(1).padStart(6)} × ${kernel}: ${stage}`,
    );
  }
}
engine.dispose();

/** Counts what goes through the WebGPU objects of this process. */
function countCalls(): void {
  type Method = (this: unknown, ...words: never[]) => unknown;
  const around = (
    type: { prototype: object },
    name: string,
    note: (words: readonly unknown[], self: unknown) => void,
  ): void => {
    const methods = type.prototype as Record<string, Method>;
    const own = methods[name] as Method;
    methods[name] = function (...words) {
      note(words, this);
      return own.apply(this, words);
    };
  };
  around(GPUComputePassEncoder, "dispatchWorkgroups", () => counts.dispatches++);
  around(GPUQueue, "submit", () => counts.submits++);
  around(GPUQueue, "writeBuffer", (words) => {
    const [, , data, offset, length] = words as [unknown, unknown, ArrayBufferView | ArrayBuffer, number?, number?];
    counts.uploads += length === undefined ? data.byteLength - (offset ?? 0) : length;
  });
  around(GPUDevice, "createComputePipelineAsync", () => counts.pipelines++);
  around(GPUBuffer, "mapAsync", (_, self) => {
    counts.maps++;
    counts.bytes += (self as GPUBuffer).size;
  });
}

function bits(view: ArrayBufferView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString("base64");
}
