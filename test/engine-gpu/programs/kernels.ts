/**
 * Runs kernels by hand on the software adapter, for the tests: kernel calls as JSON on stdin, the buffers asked for on stdout.
 * The same file under Node (bundled by test/support/software-gpu.ts) and under Deno.
 */
import process from "node:process";
import { openGpu } from "../../../src/cli/runtime/gpu.ts";
import { readShaders } from "../../../src/cli/runtime/shaders.ts";
import { openDevice } from "../../../src/engine/gpu/device.ts";
import { createWorkspace, encodePass, guarded, submitAndRead } from "../../../src/engine/gpu/dispatch.ts";
import { KERNELS } from "../../../src/engine/gpu/kernels.ts";
import type { KernelCall } from "../../support/software-gpu.ts";

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const calls = JSON.parse(Buffer.concat(chunks).toString("utf8")) as KernelCall[];

const gpu = await openGpu();
if (gpu === null) throw new Error("no WebGPU in this runtime");
const open = await openDevice(gpu, "software", readShaders(), undefined);
const answers: string[][] = [];
for (const call of calls) {
  const workspace = createWorkspace(open);
  const buffers = call.buffers.map((words, i) => {
    const bytes = Buffer.from(words, "base64");
    const buffer = workspace.matrix(String(i), 1, Math.max(4, bytes.length / 4)).buffer;
    open.device.queue.writeBuffer(buffer, 0, new Uint8Array(bytes));
    return { buffer, bytes: bytes.length };
  });
  answers.push(
    await guarded(open, call.kernel, async () => {
      const dispatch = await workspace.dispatch(
        KERNELS[call.kernel],
        call.overrides,
        call.sizes,
        buffers.map((b) => b.buffer),
      );
      const encoder = open.device.createCommandEncoder();
      encodePass(encoder, call.kernel, [dispatch]);
      const read = await submitAndRead(
        open,
        encoder,
        call.read.map((i) => buffers[i] as (typeof buffers)[number]),
      );
      return read.map((bytes) => Buffer.from(bytes).toString("base64"));
    }),
  );
  workspace.destroy();
}
process.stdout.write(JSON.stringify(answers));
open.device.destroy();
