/** The two engines of a run: what measures, with the planted fault where one is switched on, and the clean one of the host. */
import type { CpuEngine, HostThread } from "./cpu/engine.ts";
import { createCpuEngine } from "./cpu/engine.ts";
import type { Engine } from "./engine.ts";
import type { FaultName } from "./faults.ts";

export interface EnginePair {
  readonly engine: Engine;
  /** The clean engine of the host, which proves norms and settles what is open; the engine itself where that is cpu without a fault. */
  readonly host: CpuEngine;
  /** Threads of the host's engine; 0: the calling one. */
  readonly threads: number;
  /** Frees both. */
  readonly dispose: () => void;
}

/** How this runtime computes on the host. */
export interface HostMeans {
  readonly threads: number;
  readonly spawn: () => HostThread;
  /** "node 20.20.2" and the like. */
  readonly runtime: string;
}

/** Engine cpu. */
export function hostPair(means: HostMeans, plant: FaultName | null): EnginePair {
  const host = createCpuEngine(means);
  return pairOf(plant === null ? host : createCpuEngine({ ...means, fault: plant }), host, means.threads);
}

/** An engine on a device, which has its own fault. */
export function devicePair(means: HostMeans, engine: Engine): EnginePair {
  return pairOf(engine, createCpuEngine(means), means.threads);
}

function pairOf(engine: Engine, host: CpuEngine, threads: number): EnginePair {
  const dispose = (): void => {
    engine.dispose();
    if (engine !== host) host.dispose();
  };
  return { engine, host, threads, dispose };
}
