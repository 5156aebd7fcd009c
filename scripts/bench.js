// Times a part of the program: npm run bench -- NAME [ARGUMENTS], NAME a file of bench/
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runBundled } from "./bundled.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const name = process.argv[2] ?? "engine";
if (!/^[a-z-]+$/.test(name) || !existsSync(`${root}/bench/${name}.ts`)) {
  console.error(`bench: there is no bench/${name}.ts`);
  process.exitCode = 2;
} else {
  process.exitCode = await runBundled(`bench/${name}.ts`);
}
