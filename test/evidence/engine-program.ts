/** Runs one proof on one engine and prints its figures as JSON: under Node or Deno, on the software adapter where that is asked for. */
import process from "node:process";
import { openGpu, runtimeName } from "../../src/cli/runtime/gpu.ts";
import { readShaders } from "../../src/cli/runtime/shaders.ts";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { createGpuEngine } from "../../src/engine/gpu/engine.ts";
import type { FaultName } from "../../src/engine/faults.ts";
import type { Sizes as FaultSizes } from "../faults/campaign.ts";
import { overheadOnCpu, overheadOnWebgpu } from "./overhead.ts";
import { prove } from "./prove.ts";

/** A proof over drawn cases `from` … `to` − 1 of a seed. */
export interface CaseRequest {
  readonly proof: "agreement" | "structured" | "clean";
  readonly engine: "cpu" | "webgpu";
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  readonly samples: number;
  readonly budget: number;
  /** Of the clean samples' audit; the default share where left out. */
  readonly audit?: number;
}

export interface FaultRequest {
  readonly proof: "faults";
  readonly engine: "cpu" | "webgpu";
  readonly sizes: FaultSizes;
}

/** Extreme numbers; networks of up to `deepest` layers, and `drawn` drawn ones. */
export interface ExtremeRequest {
  readonly proof: "extremes";
  readonly engine: "cpu" | "webgpu";
  readonly deepest: number;
  readonly drawn: number;
}

/** Rational arithmetic beside engine cpu's verdicts: drawn networks `from` … `to` − 1, and those at equality. */
export interface ExactRequest {
  readonly proof: "exact";
  readonly engine: "cpu";
  readonly from: number;
  readonly to: number;
}

/** What the cut test and the audit cost. */
export interface OverheadRequest {
  readonly proof: "overhead";
  readonly engine: "cpu" | "webgpu";
}

export type ProofRequest = OverheadRequest | CaseRequest | FaultRequest | ExtremeRequest | ExactRequest;

/** What a page can run as well: what is timed needs the engine's insides. */
export type PageProof = Exclude<ProofRequest, OverheadRequest>;

async function main(): Promise<void> {
  const request = JSON.parse(process.argv.at(-1) ?? "{}") as ProofRequest;
  if (request.proof === "overhead") {
    const figures =
      request.engine === "cpu" ? await overheadOnCpu() : await overheadOnWebgpu(await gpu(), readShaders());
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    process.exit(0);
  }
  const host = createCpuEngine({ threads: 0, runtime: runtimeName() });
  const open = async (fault?: FaultName): Promise<Engine> => {
    if (request.engine === "cpu") return openCpu(fault);
    return openWebgpu(fault);
  };
  const figures = await prove(request, open, host, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  process.exit(0);
}

function openCpu(fault?: FaultName): Engine {
  return createCpuEngine({ threads: 0, runtime: runtimeName(), ...(fault === undefined ? {} : { fault }) });
}

async function gpu(): Promise<GPU> {
  const found = await openGpu();
  if (found === null) throw new Error("no WebGPU in this runtime");
  return found;
}

async function openWebgpu(fault?: FaultName): Promise<Engine> {
  return createGpuEngine({
    gpu: await gpu(),
    adapterPreference: "software",
    shaders: readShaders(),
    runtime: runtimeName(),
    ...(fault === undefined ? {} : { fault }),
  });
}

await main();
