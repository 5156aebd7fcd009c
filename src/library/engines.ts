/** Which engine a caller's question is given to. */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import { createCpuEngine } from "../engine/cpu/engine.ts";
import type { Engine } from "../engine/engine.ts";
import { describeAdapter } from "../engine/gpu/device.ts";
import { createGpuEngine } from "../engine/gpu/engine.ts";
import type { ShaderSources } from "../engine/gpu/sources.ts";
import { DeviceError } from "../network/errors.ts";

export interface EngineChoice {
  /**
   * auto: a hardware GPU where this runtime's `navigator.gpu` offers one and `shaders` are given, else engine cpu in the calling thread.
   * An engine of one's own is left open.
   * @default "auto"
   */
  readonly engine?: "auto" | "webgpu" | "cpu" | Engine;
  /** The clean engine of the host that settles what is open; null: one in the calling thread. */
  readonly host?: CpuEngine | null;
  /** The files of shaders/ by their names: what webgpu needs. */
  readonly shaders?: ShaderSources | null;
}

export interface ChosenEngines {
  readonly engine: Engine;
  readonly host: CpuEngine;
  /** Frees what was opened for the question. */
  readonly dispose: () => void;
}

const RUNTIME = "library";

/** @throws DeviceError where webgpu is asked for and there is none. */
export async function chooseEngines({
  engine = "auto",
  host = null,
  shaders = null,
}: EngineChoice): Promise<ChosenEngines> {
  const settling = host ?? createCpuEngine({ threads: 0, runtime: RUNTIME });
  const freed = (opened: Engine | null) => (): void => {
    opened?.dispose();
    if (settling !== host) settling.dispose();
  };
  if (typeof engine === "object") return { engine, host: settling, dispose: freed(null) };
  const device = engine === "cpu" ? null : await openDevice(engine, shaders);
  return { engine: device ?? settling, host: settling, dispose: freed(device) };
}

async function openDevice(wish: "auto" | "webgpu", shaders: ShaderSources | null): Promise<Engine | null> {
  const gpu = (globalThis as { readonly navigator?: { readonly gpu?: GPU } }).navigator?.gpu;
  if (shaders === null) {
    if (wish === "auto") return null;
    throw new DeviceError("webgpu: found no shaders, expected the files of shaders/ by their names");
  }
  const adapter = (await gpu?.requestAdapter({ powerPreference: "high-performance" })) ?? null;
  if (gpu === undefined || adapter === null) {
    if (wish === "auto") return null;
    throw new DeviceError("webgpu: this runtime offers no adapter; expected one, or engine cpu");
  }
  if (wish === "auto" && !describeAdapter(adapter).hardware) return null;
  return createGpuEngine({ gpu, adapterPreference: "high-performance", shaders, runtime: RUNTIME });
}
