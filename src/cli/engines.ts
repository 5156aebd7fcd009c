/**
 * Which engine computes, and why. auto: a hardware GPU where there is one, else the host's f64 engine.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import { createCpuEngine } from "../engine/cpu/engine.ts";
import type { Engine } from "../engine/engine.ts";
import type { FaultName } from "../engine/faults.ts";
import { FAULTS } from "../engine/faults.ts";
import type { GpuEngineOptions } from "../engine/gpu/engine.ts";
import { createGpuEngine } from "../engine/gpu/engine.ts";
import { DeviceError, UsageError } from "../network/errors.ts";
import type { Values } from "./flags.ts";
import { SoftwareVulkanWanted } from "./again.ts";
import { listAdapters, mayHaveHardware } from "./adapters.ts";
import { openGpu, runtimeName } from "./runtime/gpu.ts";
import { readShaders } from "./runtime/shaders.ts";
import { runsOnSoftwareVulkan } from "./runtime/software-vulkan.ts";
import { spawnThread, threadCount } from "./threads.ts";

export interface Engines {
  /** What measures; with the planted fault, where one is switched on. */
  readonly engine: Engine;
  /** The clean f64 engine that settles what is open. */
  readonly host: CpuEngine;
  /** Worker threads of the host's engine; 0: the calling thread. */
  readonly threads: number;
  /** One line for stderr: which engine, and why. */
  readonly why: string;
  readonly dispose: () => void;
}

export type EngineWish = Pick<Values, "engine" | "precision" | "adapter" | "plant">;

/**
 * Opens the engine that the options ask for.
 * @throws DeviceError where none is usable (exit 3); UsageError for options that contradict each other.
 */
export async function openEngines(wish: EngineWish): Promise<Engines> {
  if (wish.engine === "cpu" && wish.adapter !== null) {
    throw new UsageError("Found --adapter with --engine cpu: expected --engine webgpu, or no --adapter");
  }
  if (wish.precision !== null && wish.engine === "webgpu") {
    throw new UsageError("Found --precision f64 with --engine webgpu: expected --engine cpu (webgpu is f32)");
  }
  const planted = wish.plant === null ? null : FAULTS[wish.plant].engines;
  if (wish.plant !== null && wish.engine !== "auto" && planted?.some((kind) => kind === wish.engine) === false) {
    throw new UsageError(
      `--plant ${wish.plant}: found --engine ${wish.engine}, expected ${planted.join(" or ")}, where this fault can be planted`,
    );
  }
  if (wish.engine === "auto" && planted?.length === 1 && planted[0] === "webgpu") {
    return gpuEngines(wish, `the fault ${String(wish.plant)} is one of its kernels'`);
  }
  if (wish.engine === "cpu") return cpuEngines(wish.plant, "asked for");
  if (wish.engine === "webgpu") return gpuEngines(wish, "asked for");
  if (wish.precision === "f64") return cpuEngines(wish.plant, "--precision f64 is the host's");
  if (wish.adapter !== null) return gpuEngines(wish, `asked for by --adapter ${wish.adapter}`);
  if (planted?.length === 1) return cpuEngines(wish.plant, `the fault ${String(wish.plant)} is one of its own`);
  const hardware = mayHaveHardware() ? (await listAdapters()).find((adapter) => adapter.hardware) : undefined;
  if (hardware === undefined) return cpuEngines(wish.plant, "no hardware GPU was found");
  return gpuEngines({ ...wish, adapter: "high-performance" }, "a hardware GPU was found");
}

/**
 * The adapter that is wanted; else hardware where there is some, else the software one.
 * @throws DeviceError where there is none; SoftwareVulkanWanted where one would be in a process of its own.
 */
export async function findAdapter(wish: Pick<EngineWish, "adapter" | "plant">): Promise<GpuEngineOptions> {
  const offered = mayHaveHardware() || runsOnSoftwareVulkan() ? await listAdapters() : [];
  const any = wish.adapter === "software" ? offered.some((adapter) => !adapter.hardware) : offered.length > 0;
  if (!any && !runsOnSoftwareVulkan()) throw new SoftwareVulkanWanted("no adapter in this process");
  const gpu = await openGpu();
  if (gpu === null) {
    throw new DeviceError("webgpu: this runtime has none: npm install webgpu, or use Deno, or --engine cpu");
  }
  return {
    gpu,
    adapterPreference: wish.adapter ?? (offered.some((adapter) => adapter.hardware) ? "high-performance" : "software"),
    shaders: readShaders(),
    runtime: runtimeName(),
    ...(wish.plant === null ? {} : { fault: wish.plant }),
  };
}

/** f32 on an adapter. */
async function gpuEngines(wish: EngineWish, why: string): Promise<Engines> {
  const engine = await createGpuEngine(await findAdapter(wish));
  const threads = threadCount();
  const host = createCpuEngine({ threads, spawn: spawnThread, runtime: runtimeName() });
  const { adapter, hardware } = engine.description;
  return {
    engine,
    host,
    threads,
    why: `engine webgpu (f32, ${adapter}${hardware ? "" : ", in software"}): ${why}`,
    dispose: () => {
      engine.dispose();
      host.dispose();
    },
  };
}

function cpuEngines(plant: FaultName | null, why: string): Engines {
  const threads = threadCount();
  const host = createCpuEngine({ threads, spawn: spawnThread, runtime: runtimeName() });
  const engine =
    plant === null ? host : createCpuEngine({ threads, spawn: spawnThread, runtime: runtimeName(), fault: plant });
  return {
    engine,
    host,
    threads,
    why: `engine cpu (f64, ${threads < 2 ? "one thread" : `${String(threads)} threads`}): ${why}`,
    dispose: () => {
      engine.dispose();
      if (host !== engine) host.dispose();
    },
  };
}
