/** WebGPU as this runtime offers it: Deno's own, or Dawn from the optional npm package `webgpu` under Node. */
import process from "node:process";
import { waitWithoutSpinning } from "./dawn-wait.ts";

/** Dawn's instances: a device outlives the last mention of its own, and fails when that is collected. */
const kept: GPU[] = [];

/** The runtime's GPU object, or null where there is none. */
export async function openGpu(): Promise<GPU | null> {
  if (typeof navigator !== "undefined" && "gpu" in navigator) return navigator.gpu;
  try {
    const dawn = await import("webgpu");
    Object.assign(globalThis, dawn.globals);
    waitWithoutSpinning();
    const gpu = dawn.create([]);
    kept.push(gpu);
    return gpu;
  } catch {
    return null;
  }
}

/** "node 20.20.2", "deno 2.9.5". */
export function runtimeName(): string {
  const { deno, node } = process.versions as { deno?: string; node: string };
  return deno === undefined ? `node ${node}` : `deno ${deno}`;
}
