/**
 * Runs kernels by hand on the software adapter, for the tests: kernel calls as JSON on stdin, the buffers asked for on stdout.
 * The same file under Node (bundled by test/support/software-gpu.ts) and under Deno.
 */
import process from "node:process";
import { openGpu } from "../../../src/cli/runtime/gpu.ts";
import { readShaders } from "../../../src/cli/runtime/shaders.ts";
import { runCalls } from "../../../src/conformance/run.ts";
import { openDevice } from "../../../src/engine/gpu/device.ts";
import type { PackedCall } from "../../support/software-gpu.ts";
import { ADAPTER_PREFERENCE } from "../support/adapter.ts";

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const calls = JSON.parse(Buffer.concat(chunks).toString("utf8")) as PackedCall[];

const gpu = await openGpu();
if (gpu === null) throw new Error("no WebGPU in this runtime");
const open = await openDevice(gpu, ADAPTER_PREFERENCE, readShaders(), undefined);
const answers = await runCalls(
  [open],
  "alone",
  calls.map((call) => ({
    ...call,
    buffers: call.buffers.map((text) => new Uint32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer)),
  })),
);
const packed = answers.map((buffers) =>
  buffers.map((words) => Buffer.from(words.buffer, words.byteOffset, words.byteLength).toString("base64")),
);
process.stdout.write(JSON.stringify(packed));
open.device.destroy();
