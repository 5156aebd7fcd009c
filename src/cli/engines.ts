/**
 * Which engine computes, and why. auto: a hardware GPU where there is one, else the host's f64 engine.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import { createCpuEngine } from "../engine/cpu/engine.ts";
import type { Engine } from "../engine/engine.ts";
import type { FaultName } from "../engine/faults.ts";
import { DeviceError, UsageError } from "../network/errors.ts";
import type { Values } from "./flags.ts";
import type { Io } from "./io.ts";
import { runtimeName, spawnThread, threadCount } from "./threads.ts";

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
export async function openEngines(wish: EngineWish, io: Io): Promise<Engines> {
  if (wish.engine === "cpu" && wish.adapter !== null) {
    throw new UsageError("Found --adapter with --engine cpu: expected --engine webgpu, or no --adapter");
  }
  if (wish.precision !== null && wish.engine === "webgpu") {
    throw new UsageError("Found --precision f64 with --engine webgpu: expected --engine cpu (webgpu is f32)");
  }
  if (wish.engine === "cpu") return cpuEngines(wish.plant, "asked for");
  if (wish.precision === "f64") return cpuEngines(wish.plant, "--precision f64 is the host's");
  try {
    return await gpuEngines(wish, io);
  } catch (error) {
    if (wish.engine === "webgpu" || !(error instanceof DeviceError)) throw error;
    return cpuEngines(wish.plant, `no hardware GPU: ${error.message}`);
  }
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
    why: `engine cpu (f64, ${threads === 0 ? "one thread" : `${String(threads)} threads`}): ${why}`,
    dispose: () => {
      engine.dispose();
      if (host !== engine) host.dispose();
    },
  };
}
