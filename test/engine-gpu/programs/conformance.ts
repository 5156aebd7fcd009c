/**
 * Which planted faults the systematic kernel cases find, each on a device of its own with the fault in its shaders. Prints, by fault, the
 * first case that deviates, or null. The same file under Node and Deno.
 */
import process from "node:process";
import { openGpu } from "../../../src/cli/runtime/gpu.ts";
import { readShaders } from "../../../src/cli/runtime/shaders.ts";
import { kernelOf } from "../../../src/conformance/call.ts";
import { GRID, kernelCase } from "../../../src/conformance/cases.ts";
import { judge } from "../../../src/conformance/oracle.ts";
import { runCalls } from "../../../src/conformance/run.ts";
import type { FaultName } from "../../../src/engine/faults.ts";
import { openDevice } from "../../../src/engine/gpu/device.ts";
import { KERNEL_FAULTS } from "../../../src/engine/gpu/faults.ts";
import { ADAPTER_PREFERENCE } from "../support/adapter.ts";

const gpu = await openGpu();
if (gpu === null) throw new Error("no WebGPU in this runtime");
const cases = Array.from({ length: GRID }, (_, index) => kernelCase(0, index));
const found: Record<string, string | null> = {};

/** The shaders that a fault touches: the text of its edits, or the uniforms of one kernel. */
function touched(fault: FaultName): ReadonlySet<string> {
  const edits = KERNEL_FAULTS[fault];
  return new Set(edits === undefined ? ["jacobian-vector-product.wgsl"] : edits.map((e) => e.shader));
}

for (const fault of [...Object.keys(KERNEL_FAULTS), "jvp-sizes-shifted"] as FaultName[]) {
  const open = await openDevice(gpu, ADAPTER_PREFERENCE, readShaders(), fault);
  const shaders = touched(fault);
  found[fault] = null;
  for (const { name, call } of cases) {
    if (!shaders.has(kernelOf(call).shader)) continue;
    const [answer = []] = await runCalls([open], "alone", [call]);
    if (judge(call, answer).deviation === null) continue;
    found[fault] = `${call.kernel}: ${name}`;
    break;
  }
  open.device.destroy();
}
process.stdout.write(JSON.stringify(found));
