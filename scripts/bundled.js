// Bundles a TypeScript program of the repository for Node and runs it with this process's arguments.
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Resolves to the program's exit code. */
export async function runBundled(entry) {
  const outfile = `${root}/node_modules/.evidence/${entry.replaceAll("/", "-").replace(/\.ts$/, ".mjs")}`;
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "warning",
  });
  const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
  return status ?? 1;
}
