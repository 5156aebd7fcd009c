#!/usr/bin/env node
// Starts the program from dist/. In a checkout dist/ is made anew first when a source is newer; the package ships it.
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, "dist", "cli", "main.js");

/** Newest modification time below a folder. */
function newest(folder) {
  let time = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) time = Math.max(time, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  }
  return time;
}

const source = join(root, "src");
if (existsSync(source) && (!existsSync(built) || statSync(built).mtimeMs < newest(source))) {
  const { build } = await import("../scripts/build.js");
  await build();
}
const { runProgram } = await import(pathToFileURL(built).href);
await runProgram();
