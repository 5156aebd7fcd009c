/** Runs one proof on one engine and prints its figures as JSON: under Node or Deno, on the software adapter where that is asked for. */
import process from "node:process";
import { openGpu, runtimeName } from "../../src/cli/runtime/gpu.ts";
import { readShaders } from "../../src/cli/runtime/shaders.ts";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { createGpuEngine } from "../../src/engine/gpu/engine.ts";
import { agreement } from "./agreement.ts";
import { clean } from "./clean.ts";

export interface ProofRequest {
  readonly proof: "agreement" | "clean";
  readonly engine: "cpu" | "webgpu";
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  readonly samples: number;
  readonly budget: number;
}

async function main(): Promise<void> {
  const request = JSON.parse(process.argv.at(-1) ?? "{}") as ProofRequest;
  const host = createCpuEngine({ threads: 0, runtime: runtimeName() });
  const engine = request.engine === "cpu" ? host : await openWebgpu();
  const { proof, seed, from, to, samples, budget } = request;
  const figures =
    proof === "agreement"
      ? await agreement(engine, host, seed, from, to, budget)
      : await clean(engine, host, seed, from, to, samples, budget);
  process.stdout.write(`${JSON.stringify({ engine: engine.description, ...figures })}\n`);
  engine.dispose();
  process.exit(0);
}

async function openWebgpu() {
  const gpu = await openGpu();
  if (gpu === null) throw new Error("no WebGPU in this runtime");
  return createGpuEngine({ gpu, adapterPreference: "software", shaders: readShaders(), runtime: runtimeName() });
}

await main();
