/** The program as a user starts it, under Node from the build and under Deno from the source, with what a test needs to hand it. */
import type { StdioOptions } from "node:child_process";
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export const RUNTIMES = {
  node: [process.execPath, join(ROOT, "bin/gpv.js")],
  deno: [join(ROOT, "node_modules/.bin/deno"), "run", "-A", "--node-modules-dir=manual", join(ROOT, "src/cli/main.ts")],
} as const;

export type Runtime = keyof typeof RUNTIMES;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts one command line; `stdio` as spawn takes it, or "pipe" for the streams that are not named. */
export function start(words: readonly string[], runtime: Runtime = "node", stdio: StdioOptions = "pipe") {
  const [program, ...rest] = RUNTIMES[runtime];
  const child = spawn(program, [...rest, ...words], { stdio });
  let [stdout, stderr] = ["", ""];
  child.stdin?.end();
  child.stdout?.on("data", (data: Buffer) => (stdout += data.toString("utf8")));
  child.stderr?.on("data", (data: Buffer) => (stderr += data.toString("utf8")));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
  return { child, ended };
}

export const gpv = (...words: string[]): Promise<Ended> => start(words).ended;

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), "gpv-"));

/** A 3-2-2 model in a folder of its own. */
export function smallModel(place = temporaryFolder()): string {
  const file = join(place, "model.json");
  const layers = [
    {
      weight: [
        [1, -0.5, 0.25],
        [0.5, 2, -1],
      ],
      bias: [0.1, -0.2],
      activation: "tanh",
    },
    {
      weight: [
        [1, 2],
        [-1, 0.5],
      ],
      bias: [0, 0],
      activation: "identity",
    },
  ];
  writeFileSync(file, JSON.stringify({ schema: "gradient-penalty-model/1", layers }));
  return file;
}
