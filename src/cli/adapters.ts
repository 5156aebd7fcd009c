/** The GPU adapters that this runtime offers, for `doctor` and for the choice of an engine. */
import { readdirSync } from "node:fs";
import process from "node:process";
import { describeAdapter } from "../engine/gpu/device.ts";
import { grouped } from "../report/numbers.ts";
import { openGpu } from "./runtime/gpu.ts";

/**
 * Whether looking for a hardware GPU can succeed. On Linux its driver has a device node; without one, opening WebGPU
 * only makes Dawn complain on stderr about the Vulkan library that is not there.
 */
export function mayHaveHardware(): boolean {
  if (process.platform !== "linux") return true;
  return (
    nodes("/dev").some((name) => /^(nvidia\d|nvidiactl|kfd|dxg|mali\d)/.test(name)) ||
    nodes("/dev/dri").some((name) => name.startsWith("renderD"))
  );
}

function nodes(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

export interface AdapterFacts {
  readonly name: string;
  /** True when a hardware GPU computes. */
  readonly hardware: boolean;
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}

/** Every adapter once, under each way of asking for one. Empty where there is no WebGPU. */
export async function listAdapters(): Promise<AdapterFacts[]> {
  const gpu = await openGpu();
  if (gpu === null) return [];
  const found = new Map<string, AdapterFacts>();
  for (const options of [
    { powerPreference: "high-performance" },
    { powerPreference: "low-power" },
    { forceFallbackAdapter: true },
  ] as const) {
    const adapter = await gpu.requestAdapter(options).catch(() => null);
    if (adapter === null) continue;
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
    const { name, hardware } = describeAdapter(adapter);
    found.set(name, { name, hardware, maxBufferSize, maxStorageBufferBindingSize });
  }
  return [...found.values()];
}

/** Two lines: the adapter, and the limits that memory is planned from. */
export function adapterLines({ name, hardware, maxBufferSize, maxStorageBufferBindingSize }: AdapterFacts): string[] {
  const mebibytes = (bytes: number): string => `${grouped(Math.floor(bytes / 2 ** 20))} MiB`;
  return [
    `${name} (${hardware ? "hardware" : "software"})`,
    `  buffer at most ${mebibytes(maxBufferSize)}, storage binding at most ${mebibytes(maxStorageBufferBindingSize)}`,
  ];
}
