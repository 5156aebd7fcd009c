/** One proof in a process of its own: Node (bundled) or Deno, with the software adapter for engine webgpu. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { softwareVulkan } from "../../src/cli/runtime/software-vulkan.ts";
import type { ProofRequest } from "./engine-program.ts";

/** The repository, wherever this was bundled to. */
export const root = findRoot();

function findRoot(): string {
  const own = dirname(fileURLToPath(import.meta.url));
  return own.includes("node_modules") ? own.slice(0, own.indexOf("node_modules")) : resolve(own, "../..");
}

/** @returns the figures that the program printed. */
export async function runProof(runtime: "node" | "deno", request: ProofRequest): Promise<Record<string, unknown>> {
  const source = join(root, "test/evidence/engine-program.ts");
  const folder = join(root, "node_modules/.evidence");
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `program-${String(process.pid)}.mjs`);
  if (runtime === "node") {
    await build({
      entryPoints: [source],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
      logLevel: "silent",
    });
  }
  const [command, words] =
    runtime === "node"
      ? [process.execPath, [outfile]]
      : [join(root, "node_modules/.bin/deno"), ["run", "-A", "--node-modules-dir=manual", source]];
  const environment = request.engine === "webgpu" ? { ...process.env, ...softwareVulkan() } : process.env;
  const child = spawn(command, [...words, JSON.stringify(request)], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let errors = "";
  child.stdout.on("data", (data: Buffer) => (out += data.toString()));
  child.stderr.on("data", (data: Buffer) => {
    errors += data.toString();
    if (process.stderr.isTTY) process.stderr.write(data);
  });
  const code = await new Promise<number | null>((done) => child.on("close", done));
  if (code !== 0) throw new Error(`${runtime} ${request.proof} ended with ${String(code)}: ${errors.slice(-2000)}`);
  return JSON.parse(out) as Record<string, unknown>;
}
