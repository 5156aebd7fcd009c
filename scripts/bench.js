// npm run bench -- [--json FILE] [--workload A …] [--peers none]: `gpv bench`, its report in FILE.
// npm run bench -- NAME [ARGUMENTS], --kernels or --scaling: another program that times a part, NAME a file of bench/.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runBundled } from "./bundled.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Programs that are spelt as options too. */
const PROGRAMS = ["--kernels", "--scaling"];
const words = process.argv.slice(2).filter((word) => word !== "--");
const program = words.find((word) => PROGRAMS.includes(word));
const [name = "--", ...rest] =
  program === undefined ? words : [program.slice(2), ...words.filter((w) => w !== program)];
if (name.startsWith("--")) {
  const own = [name, ...rest].filter((word) => word !== "--").map((word) => word.replace(/^--json(?==|$)/, "--report"));
  const { status } = spawnSync(process.execPath, [`${root}/bin/gpv.js`, "bench", ...own], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} else if (!/^[a-z-]+$/.test(name) || !existsSync(`${root}/bench/${name}.ts`)) {
  console.error(`bench: there is no bench/${name}.ts`);
  process.exitCode = 2;
} else {
  process.exitCode = await runBundled(`bench/${name}.ts`);
}
