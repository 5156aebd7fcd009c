/**
 * Real WebGPU for tests on machines without a GPU: a child process of Node (Dawn) or Deno (wgpu) on the software adapter, or on the
 * machine's own where GPV_TEST_ADAPTER names one.
 * A program of test/engine-gpu/programs runs in it; JSON goes in by stdin and comes back by stdout.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { softwareVulkan } from "../../src/cli/runtime/software-vulkan.ts";
import type { KernelCall, Words } from "../../src/conformance/call.ts";
import { TEST_ADAPTER } from "../engine-gpu/support/adapter.ts";

export const RUNTIMES = ["node", "deno"] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** A kernel call on its way to the other process: buffers as words of 32 bits, base64. */
export type PackedCall = Omit<KernelCall, "buffers"> & { readonly buffers: readonly string[] };

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Why this machine cannot run the software adapter, or null. */
export const skipReason: string | null =
  TEST_ADAPTER !== null || (process.platform === "linux" && process.arch === "x64")
    ? null
    : `software Vulkan exists for linux x64 only, this is ${process.platform} ${process.arch}`;

/**
 * Runs a program of test/engine-gpu/programs and parses what it prints.
 * @param adapter the environment that makes Vulkan use the software adapter; {} for a program without a GPU.
 */
export async function runProgram(
  runtime: Runtime,
  program: string,
  input: unknown,
  adapter: Readonly<Record<string, string>> = TEST_ADAPTER === null ? softwareVulkan() : {},
): Promise<unknown> {
  const source = join(root, "test/engine-gpu/programs", program);
  const environment = { ...process.env, ...adapter };
  if (runtime === "deno") {
    const deno = join(root, "node_modules/.bin/deno");
    return JSON.parse(await run(deno, ["run", "-A", "--node-modules-dir=manual", source], environment, input));
  }
  // Beside node_modules, so that the packages are found.
  const folder = mkdtempSync(join(root, "node_modules/.gpu-test-"));
  try {
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    await build({
      // A thread of engine cpu is looked for beside what starts it.
      entryPoints: { program: source, "cpu-thread": join(root, "src/cli/cpu-thread.ts") },
      outdir: folder,
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
      // Shaders are looked for from the bundle upwards.
      logLevel: "silent",
    });
    return JSON.parse(await run(process.execPath, [join(folder, "program.js")], environment, input));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs kernels, one process for all; each call's buffers as words. */
export async function runKernels(
  runtime: Runtime,
  calls: readonly KernelCall[],
): Promise<Uint32Array<ArrayBuffer>[][]> {
  const input: PackedCall[] = calls.map((call) => ({ ...call, buffers: call.buffers.map(toBase64) }));
  const answers = (await runProgram(runtime, "kernels.ts", input)) as string[][];
  return answers.map((buffers) => buffers.map(fromBase64));
}

function toBase64(words: Words): string {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength).toString("base64");
}

function fromBase64(text: string): Uint32Array<ArrayBuffer> {
  return new Uint32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
}

function run(command: string, words: string[], env: NodeJS.ProcessEnv, input: unknown): Promise<string> {
  return new Promise((resolvePromise, reject) => {
    const child = spawn(command, words, { env, stdio: ["pipe", "pipe", "pipe"], cwd: root });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolvePromise(Buffer.concat(out).toString("utf8"));
      else
        reject(
          new Error(`${command} ended with ${String(code)}: ${Buffer.concat(errors).toString("utf8").slice(0, 4000)}`),
        );
    });
    child.stdin.end(JSON.stringify(input));
  });
}
