/** Programs of jax-js in a Deno process of their own. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import type { JaxCase, JaxResult } from "../programs/jax.ts";

export function runJax(cases: readonly JaxCase[], limitMs: number): JaxResult[] {
  return runJaxProgram("test/reference/programs/jax.ts", cases, limitMs) as JaxResult[];
}

/**
 * What a program prints, from a case on its stdin.
 * @param limitMs a hang of the third party is a failure of these tests, not of the suite.
 */
export function runJaxProgram(program: string, input: unknown, limitMs: number): unknown {
  const root = resolve(import.meta.dirname, "../../..");
  const child = spawnSync(
    resolve(root, "node_modules/.bin/deno"),
    ["run", "-A", "--node-modules-dir=manual", program],
    {
      cwd: root,
      input: JSON.stringify(input),
      encoding: "utf8",
      timeout: limitMs,
      killSignal: "SIGKILL",
      maxBuffer: 2 ** 28,
    },
  );
  if (child.error !== undefined) throw new Error("jax-js did not answer within its time limit", { cause: child.error });
  if (child.status !== 0) throw new Error(`jax-js ended with ${String(child.status)}: ${child.stderr.slice(-2000)}`);
  return JSON.parse(child.stdout);
}
