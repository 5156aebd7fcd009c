// Bundles src/ into dist/ with esbuild: the command line, its worker thread and the library, sharing their common parts.
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export async function build() {
  rmSync(`${root}/dist`, { recursive: true, force: true });
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: { "cli/main": "src/cli/main.ts", "cli/cpu-thread": "src/cli/cpu-thread.ts", index: "src/index.ts" },
    outdir: "dist",
    // Beside cpu-thread.js, which the part that starts it looks for in its own folder.
    chunkNames: "cli/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    logLevel: "warning",
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build();
}
