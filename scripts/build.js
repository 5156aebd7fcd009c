// Bundles src/ into dist/ with esbuild: the command line, its worker thread and the library, sharing their common parts.
//
// It is built aside and moved in file by file, the parts (named by their content) before the entries that name them, so that whoever
// starts meanwhile finds the old program whole or the new one, and two builds at once leave the same. Parts of older builds stay for
// the processes that run them, and go a day later.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

const ENTRIES = {
  "cli/main": "src/cli/main.ts",
  "cli/cpu-thread": "src/cli/cpu-thread.ts",
  index: "src/index.ts",
  node: "src/node.ts",
};
const OLD_MS = 24 * 60 * 60 * 1000;

export async function build() {
  const started = new Date();
  mkdirSync(dist, { recursive: true });
  const aside = mkdtempSync(join(dist, ".build-"));
  try {
    await esbuild.build({
      absWorkingDir: root,
      entryPoints: ENTRIES,
      outdir: aside,
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
    const entries = new Set(Object.keys(ENTRIES).map((name) => join(aside, `${name}.js`)));
    const files = filesIn(aside);
    // The program's own entry last: its time says what it was built from (bin/gpv.js).
    const main = join(aside, "cli", "main.js");
    utimesSync(main, started, started);
    for (const file of [
      ...files.filter((f) => !entries.has(f)),
      ...files.filter((f) => entries.has(f) && f !== main),
      main,
    ]) {
      const target = join(dist, relative(aside, file));
      mkdirSync(dirname(target), { recursive: true });
      renameSync(file, target);
    }
    removeOld(new Set(files.map((file) => join(dist, relative(aside, file)))));
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Parts that no build has needed for a day. */
function removeOld(kept) {
  for (const name of readdirSync(join(dist, "cli"))) {
    const file = join(dist, "cli", name);
    if (!kept.has(file) && Date.now() - statSync(file, { throwIfNoEntry: false })?.mtimeMs > OLD_MS) {
      rmSync(file, { force: true });
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // What a package ships holds nothing of older builds.
  rmSync(dist, { recursive: true, force: true });
  await build();
}
