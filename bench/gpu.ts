/**
 * What a GPU of this machine does: the peak of its arithmetic and of its memory, the products beside that peak, the workloads beside engine cpu,
 * and where the device's time goes. bench/gpu.sh runs it with all that belongs to a first day on new hardware.
 * `npm run bench -- gpu FOLDER [ROUNDS [WORKLOADS]]` writes FOLDER/gpu.json and FOLDER/gpu.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { mayHaveHardware } from "../src/cli/adapters.ts";
import { drawnNetwork, SHAPES, WORKLOAD_NAMES } from "../src/cli/bench-workloads.ts";
import { profileLines } from "../src/cli/profile.ts";
import { openGpu, runtimeName } from "../src/cli/runtime/gpu.ts";
import { readShaders } from "../src/cli/runtime/shaders.ts";
import { choosesDrivers, runAgainOnSoftwareVulkan, runsOnSoftwareVulkan } from "../src/cli/runtime/software-vulkan.ts";
import { createCpuEngine } from "../src/engine/cpu/engine.ts";
import { createGpuEngine } from "../src/engine/gpu/engine.ts";
import { createProfile } from "../src/engine/gpu/profile.ts";
import { countCalls } from "./gpu/counts.ts";
import type { EngineFigures } from "./gpu/engine-figures.ts";
import { engineFigures } from "./gpu/engine-figures.ts";
import { kernelFigures } from "./gpu/kernels.ts";

const hardware = mayHaveHardware();
if (!hardware && !runsOnSoftwareVulkan() && !choosesDrivers()) process.exit(await runAgainOnSoftwareVulkan());

const [folder = "bench/results", rounds = "3", letters = hardware ? "ABCDEFG" : "ABCD", wish = null] =
  process.argv.slice(3);
const gpu = await openGpu();
if (gpu === null) throw new Error("this runtime has no WebGPU");
const adapterPreference = wish ?? (hardware ? "high-performance" : "software");
const shaders = readShaders();

const ACCURACY = 1e-3;

const kernels = await kernelFigures(gpu, adapterPreference, shaders);
const counts = countCalls();
const device = await createGpuEngine({ gpu, adapterPreference, shaders, runtime: runtimeName() });
const host = createCpuEngine({ threads: 0, runtime: runtimeName() });
const profile = createProfile();
const timed = await createGpuEngine({ gpu, adapterPreference, shaders, runtime: runtimeName(), profile });
const workloads: { device: EngineFigures; host: EngineFigures; stages: string[] }[] = [];
for (const letter of WORKLOAD_NAMES.filter((name) => letters.includes(name))) {
  const { widths, activation } = SHAPES[letter];
  const own = { name: `${letter} ${widths.join("-")} ${activation}`, network: drawnNetwork(SHAPES[letter]) };
  const figures = await engineFigures(device, own, counts, Number(rounds), ACCURACY);
  const beside = await engineFigures(host, own, counts, Number(rounds), ACCURACY);
  await engineFigures(timed, own, counts, 1, ACCURACY, () => {
    profile.stages.clear();
  });
  workloads.push({ device: figures, host: beside, stages: profileLines(profile) });
  console.log(`${own.name}: webgpu ${String(figures.wall)}, cpu ${String(beside.wall)} samples/s`);
}
for (const engine of [device, host, timed]) engine.dispose();

const machine = `${process.platform} ${process.arch}, ${String(cpus().length)} × ${cpus()[0]?.model.trim() ?? "?"}, ${runtimeName()}`;
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "gpu.json"), `${JSON.stringify({ machine, kernels, workloads }, null, 2)}\n`);
writeFileSync(join(folder, "gpu.md"), page());

function page(): string {
  const { adapter, method, peak, products, columns } = kernels;
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  return [
    `# ${adapter}`,
    "",
    `${machine}; kernels by ${method}. Peak: ${peak.gigaflops.toFixed(1)} GFLOP/s of f32 fused multiply-adds, ${peak.gigabytes.toFixed(1)} GB/s copied.`,
    "",
    "| product | size | columns | GFLOP/s | of the peak |",
    "| --- | --- | --- | --- | --- |",
    ...products.map(
      ({ kernel, size, columns, gigaflops, share }) =>
        `| ${kernel} | ${String(size)} | ${String(columns)} | ${gigaflops.toFixed(2)} | ${percent(share)} |`,
    ),
    "",
    "| down columns | rows | columns | GB/s | of the copied |",
    "| --- | --- | --- | --- | --- |",
    ...columns.map(
      ({ kernel, rows, columns: count, gigabytes, share }) =>
        `| ${kernel} | ${String(rows)} | ${String(count)} | ${gigabytes.toFixed(2)} | ${percent(share)} |`,
    ),
    "",
    "Samples a second by the clock, the engines alone (cpu: one thread), at 1e-3; of a batch its dispatches, submissions and bytes read back a sample.",
    "",
    "| workload | webgpu | cpu | batch | dispatches | submissions | bytes |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...workloads.map(
      ({ device: { workload: name, wall, batch, counts: own }, host: beside }) =>
        `| ${name} | ${String(wall)} | ${String(beside.wall)} | ${String(batch)} | ${String(own.dispatches)} | ${String(own.submits)} | ${String(own.bytes)} |`,
    ),
    ...workloads.flatMap(({ device: { workload: name }, stages }) => ["", `## ${name}`, "", "```", ...stages, "```"]),
    "",
  ].join("\n");
}
