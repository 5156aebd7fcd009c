/** Which engine computes in a browser, and why. */
import type { Engine } from "../engine/engine.ts";
import type { FaultName } from "../engine/faults.ts";
import { describeAdapter } from "../engine/gpu/device.ts";
import { createGpuEngine } from "../engine/gpu/engine.ts";
import type { EnginePair, HostMeans } from "../engine/pair.ts";
import { devicePair, hostPair } from "../engine/pair.ts";
import type { ShaderSources } from "../engine/gpu/sources.ts";
import { createRecoveringEngine } from "../engine/recovering.ts";
import { DeviceError } from "../network/errors.ts";
import { spawnThread, threadCount } from "./threads.ts";

export interface EngineWish {
  /** auto: WebGPU where the browser has it, else the host's f64 engine. */
  readonly engine: "auto" | "webgpu" | "cpu";
  /** A planted fault to be switched on; null: none. */
  readonly plant: FaultName | null;
  readonly shaders: ShaderSources;
}

/** Why the engine is the one that it is: the host's in all cases but "webgpu". */
export type EngineReason =
  | { readonly kind: "asked" }
  | { readonly kind: "webgpu"; readonly adapter: string; readonly hardware: boolean }
  | { readonly kind: "no-webgpu" | "no-adapter" }
  | { readonly kind: "unusable"; readonly message: string };

export interface Engines extends EnginePair {
  readonly why: EngineReason;
}

/** The adapter that WebGPU gives, or why it gives none. */
export async function findAdapter(): Promise<{ adapter: string; hardware: boolean } | "no-webgpu" | "no-adapter"> {
  const gpu = openGpu();
  if (gpu === null) return "no-webgpu";
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) return "no-adapter";
  const { name, hardware } = describeAdapter(adapter);
  return { adapter: name, hardware };
}

/**
 * @param onRecovery is called when a lost device was replaced.
 * @throws DeviceError where WebGPU was asked for and is not usable.
 */
export async function openEngines(wish: EngineWish, onRecovery: () => void): Promise<Engines> {
  const means: HostMeans = { threads: threadCount(), spawn: spawnThread, runtime: runtimeName() };
  const onHost = (why: EngineReason): Engines => ({ ...hostPair(means, wish.plant), why });
  if (wish.engine === "cpu") return onHost({ kind: "asked" });
  const gpu = openGpu();
  const found = await findAdapter();
  if (gpu === null || typeof found === "string") {
    const kind = found === "no-webgpu" ? "no-webgpu" : "no-adapter";
    if (wish.engine === "webgpu") throw new DeviceError(`webgpu: ${MISSING[kind]}; expected one, or engine cpu`);
    return onHost({ kind });
  }
  const open = (): Promise<Engine> =>
    createGpuEngine({
      ...{ gpu, adapterPreference: "high-performance", shaders: wish.shaders, runtime: means.runtime },
      fault: wish.plant ?? undefined,
    });
  try {
    let first = true;
    const patient = async (): Promise<Engine> => {
      if (!first) return withPatience(open);
      first = false;
      return open();
    };
    const engine = await createRecoveringEngine(patient, { onRecovery });
    const { adapter, hardware } = engine.description;
    return { ...devicePair(means, engine), why: { kind: "webgpu", adapter, hardware } };
  } catch (error) {
    if (wish.engine === "webgpu" || !(error instanceof DeviceError)) throw error;
    return onHost({ kind: "unusable", message: error.message });
  }
}

const MISSING = { "no-webgpu": "this browser has none", "no-adapter": "this browser offers no adapter" } as const;

/** After a driver's reset a browser may give no device for some seconds. */
const WAITS_MS = [0, 500, 2000, 5000];

async function withPatience(open: () => Promise<Engine>): Promise<Engine> {
  let failure: unknown = null;
  for (const waitMs of WAITS_MS) {
    await new Promise((next) => setTimeout(next, waitMs));
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** Null where the browser has no WebGPU, or hides it: it does outside of a secure context. */
function openGpu(): GPU | null {
  return (navigator as { readonly gpu?: GPU }).gpu ?? null;
}

export function runtimeName(): string {
  const found = /(Chrome|Firefox|Version)\/(\d+)/.exec(navigator.userAgent);
  const names: Readonly<Record<string, string>> = { Chrome: "chromium", Firefox: "firefox", Version: "safari" };
  return found === null ? "browser" : `${names[found[1] ?? ""] ?? "browser"} ${found[2] ?? ""}`;
}
