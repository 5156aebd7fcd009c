/**
 * Which engine computes, and why. auto: a hardware GPU where there is one, else the host's f64 engine.
 */
import type { FaultName } from "../engine/faults.ts";
import { FAULTS } from "../engine/faults.ts";
import type { GpuEngineOptions } from "../engine/gpu/engine.ts";
import { isNamed } from "../engine/gpu/device.ts";
import { createGpuEngine } from "../engine/gpu/engine.ts";
import type { StageProfile } from "../engine/gpu/profile.ts";
import type { Recovery } from "../engine/recovering.ts";
import { createRecoveringEngine } from "../engine/recovering.ts";
import type { EnginePair, HostMeans } from "../engine/pair.ts";
import { devicePair, hostPair } from "../engine/pair.ts";
import { DeviceError, UsageError } from "../network/errors.ts";
import type { Values } from "./flags.ts";
import { processTimer } from "./io.ts";
import type { Io } from "./io.ts";
import { SoftwareVulkanWanted } from "./again.ts";
import { listAdapters, mayHaveHardware } from "./adapters.ts";
import { openGpu, runtimeName } from "./runtime/gpu.ts";
import { readShaders } from "./runtime/shaders.ts";
import { choosesDrivers, runsOnSoftwareVulkan } from "./runtime/software-vulkan.ts";
import { spawnThread, threadCount } from "./threads.ts";

export interface Engines extends EnginePair {
  /** One line for stderr: which engine, and why. */
  readonly why: string;
}

export type EngineWish = Pick<Values, "engine" | "precision" | "adapter" | "plant">;

/** What else an engine is opened with: how it meets a device that fails, and what hears the time of its stages. */
export type EngineCare = Recovery & { readonly profile?: StageProfile | undefined };

/**
 * Opens the engine that the options ask for.
 * @throws DeviceError where none is usable (exit 3); UsageError for options that contradict each other.
 */
export async function openEngines(wish: EngineWish, recovery: EngineCare = {}): Promise<Engines> {
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
    return gpuEngines(wish, `the fault ${String(wish.plant)} is one of its kernels'`, recovery);
  }
  if (wish.engine === "cpu") return cpuEngines(wish.plant, "asked for");
  if (wish.engine === "webgpu") return gpuEngines(wish, "asked for", recovery);
  if (wish.precision === "f64") return cpuEngines(wish.plant, "--precision f64 is the host's");
  if (wish.adapter !== null) return gpuEngines(wish, `asked for by --adapter ${wish.adapter}`, recovery);
  if (planted?.length === 1) return cpuEngines(wish.plant, `the fault ${String(wish.plant)} is one of its own`);
  const hardware = mayHaveHardware() ? (await listAdapters()).find((adapter) => adapter.hardware) : undefined;
  if (hardware === undefined) return cpuEngines(wish.plant, "no hardware GPU was found");
  return gpuEngines({ ...wish, adapter: "high-performance" }, "a hardware GPU was found", recovery);
}

/**
 * Called before a file or pipe is opened: a process that starts again for the software adapter would open it twice.
 * @throws SoftwareVulkanWanted; DeviceError as findAdapter
 */
export async function restartFirst(wish: Pick<EngineWish, "engine" | "adapter" | "plant">): Promise<void> {
  if (runsOnSoftwareVulkan() || wish.engine === "cpu") return;
  if (wish.engine === "webgpu" || wish.adapter !== null) await findAdapter(wish);
}

/**
 * The adapter that is wanted; else hardware where there is some, else the software one.
 * @throws DeviceError where there is none; SoftwareVulkanWanted where one would be in a process of its own.
 */
export async function findAdapter(wish: Pick<EngineWish, "adapter" | "plant">): Promise<GpuEngineOptions> {
  const { adapter } = wish;
  const named = adapter !== null && !["high-performance", "low-power", "software"].includes(adapter);
  const looks = named || choosesDrivers() || mayHaveHardware() || runsOnSoftwareVulkan();
  const offered = looks ? await listAdapters() : [];
  const any = offered.some((one) => (named ? isNamed(one, adapter) : adapter !== "software" || !one.hardware));
  if (!any && !runsOnSoftwareVulkan()) throw new SoftwareVulkanWanted("no adapter in this process");
  const gpu = await openGpu();
  if (gpu === null) {
    throw new DeviceError("webgpu: this runtime has none: npm install webgpu, or use Deno, or --engine cpu");
  }
  if (offered.length === 0 && choosesDrivers()) {
    throw new DeviceError(
      "webgpu: found no adapter with the drivers of VK_ICD_FILENAMES or VK_DRIVER_FILES, expected one that this runtime takes (Node's does not take lavapipe, Deno's does); unset, the software adapter is there",
    );
  }
  return {
    gpu,
    adapterPreference: wish.adapter ?? (offered.some((adapter) => adapter.hardware) ? "high-performance" : "software"),
    shaders: readShaders(),
    runtime: runtimeName(),
    fault: wish.plant ?? undefined,
  };
}

/** How a command meets a device that fails: it says so, and gives it this long to answer. */
export function recoveryOf({ watchdog }: Pick<Values, "watchdog">, io: Pick<Io, "note">): Recovery {
  return {
    onRecovery: ({ message }) => {
      io.note(`gpv: ${message}; opened the device again`);
    },
    watchdog: { ms: 1000 * watchdog, timer: processTimer },
  };
}

/** f32 on an adapter, opened anew where its device fails. */
async function gpuEngines(wish: EngineWish, why: string, { profile, ...recovery }: EngineCare): Promise<Engines> {
  const engine = await createRecoveringEngine(
    async () => createGpuEngine({ ...(await findAdapter(wish)), profile }),
    recovery,
  );
  const pair = devicePair(hostMeans(), engine);
  const { adapter, hardware } = pair.engine.description;
  return { ...pair, why: `engine webgpu (f32, ${adapter}${hardware ? "" : ", in software"}): ${why}` };
}

function cpuEngines(plant: FaultName | null, why: string): Engines {
  const pair = hostPair(hostMeans(), plant);
  const threads = pair.threads < 2 ? "one thread" : `${String(pair.threads)} threads`;
  return { ...pair, why: `engine cpu (f64, ${threads}): ${why}` };
}

function hostMeans(): HostMeans {
  return { threads: threadCount(), spawn: spawnThread, runtime: runtimeName() };
}
