/** WebGPU as this runtime offers it: Deno's own, or Dawn from the optional npm package `webgpu` under Node. */
import process from "node:process";
import { waitWithoutSpinning } from "./dawn-wait.ts";

/** Of this process: Dawn ends a process that has devices of two instances, and a device fails when its own is collected. */
let dawn: GPU | null | undefined;

/** The runtime's GPU object, or null where there is none. */
export async function openGpu(): Promise<GPU | null> {
  if (typeof navigator !== "undefined" && "gpu" in navigator) return navigator.gpu;
  if (dawn !== undefined) return dawn;
  try {
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    waitWithoutSpinning();
    dawn = create([]);
  } catch {
    dawn = null;
  }
  return dawn;
}

/** "node 20.20.2", "deno 2.9.5". */
export function runtimeName(): string {
  const { deno, node } = process.versions as { deno?: string; node: string };
  return deno === undefined ? `node ${node}` : `deno ${deno}`;
}
