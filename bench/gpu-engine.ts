/**
 * Engine webgpu by itself on the adapter that there is, at 1e-3 or what is asked for, two batches in flight: samples a second by the clock and of
 * processor time, best of the rounds, what a batch asks of WebGPU, and a checksum of every measured bit, so that two versions can be compared.
 * `npm run bench -- gpu-engine [ROUNDS [WORKLOADS [ACCURACY]]]`, as `gpu-engine 5 AB verdict`;
 * `gpu-engine 2 A 1e-3 stages` says where the device's time goes.
 */
import process from "node:process";
import { mayHaveHardware } from "../src/cli/adapters.ts";
import { profileLines } from "../src/cli/profile.ts";
import { openGpu } from "../src/cli/runtime/gpu.ts";
import { readShaders } from "../src/cli/runtime/shaders.ts";
import { runAgainOnSoftwareVulkan, runsOnSoftwareVulkan } from "../src/cli/runtime/software-vulkan.ts";
import { createGpuEngine } from "../src/engine/gpu/engine.ts";
import { createProfile } from "../src/engine/gpu/profile.ts";
import { countCalls } from "./gpu/counts.ts";
import { engineFigures } from "./gpu/engine-figures.ts";
import { WORKLOADS } from "./workloads.ts";

if (!mayHaveHardware() && !runsOnSoftwareVulkan()) process.exit(await runAgainOnSoftwareVulkan());

const [rounds = "3", letters = "ABCD", accuracy = "1e-3", what = "rates"] = process.argv.slice(3);
const gpu = await openGpu();
if (gpu === null) throw new Error("this runtime has no WebGPU");
const counts = countCalls();
const profile = createProfile();
const engine = await createGpuEngine({
  ...{ gpu, shaders: readShaders(), runtime: "bench" },
  adapterPreference: mayHaveHardware() ? "high-performance" : "software",
  profile: what === "stages" ? profile : undefined,
});
console.log(`${engine.description.adapter}, ${rounds} rounds, accuracy ${accuracy}`);
for (const workload of WORKLOADS.filter(({ name }) => letters.includes(name.charAt(0)))) {
  const wanted = accuracy === "verdict" ? accuracy : Number(accuracy);
  const forget = (): void => {
    profile.stages.clear();
  };
  console.log(JSON.stringify(await engineFigures(engine, workload, counts, Number(rounds), wanted, forget)));
  if (what === "stages") console.log(profileLines(profile).join("\n"));
}
engine.dispose();
