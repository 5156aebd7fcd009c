/** The runs of test/support/sharp.ts on the software adapter; prints their rows as JSON. */
import process from "node:process";
import { openGpu } from "../../../src/cli/runtime/gpu.ts";
import { readShaders } from "../../../src/cli/runtime/shaders.ts";
import { createCpuEngine } from "../../../src/engine/cpu/engine.ts";
import { createGpuEngine } from "../../../src/engine/gpu/engine.ts";
import { judgeRuns } from "../../support/sharp.ts";
import { ADAPTER_PREFERENCE } from "../support/adapter.ts";

const gpu = await openGpu();
if (gpu === null) throw new Error("no WebGPU in this runtime");
const host = createCpuEngine({ threads: 0, runtime: "test" });
const settings = { adapterPreference: ADAPTER_PREFERENCE, shaders: readShaders(), runtime: "test" } as const;
const engine = await createGpuEngine({ gpu, ...settings });
process.stdout.write(JSON.stringify(await judgeRuns(engine, host)));
engine.dispose();
host.dispose();
