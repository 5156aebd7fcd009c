/** The jax-js program in a Deno process of its own. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import type { JaxCase, JaxResult } from "../programs/jax.ts";

/** @param limitMs a hang of the third party is a failure of these tests, not of the suite. */
export function runJax(cases: readonly JaxCase[], limitMs: number): JaxResult[] {
  const root = resolve(import.meta.dirname, "../../..");
  const child = spawnSync(
    resolve(root, "node_modules/.bin/deno"),
    ["run", "-A", "--node-modules-dir=manual", "test/reference/programs/jax.ts"],
    {
      cwd: root,
      input: JSON.stringify(cases),
      encoding: "utf8",
      timeout: limitMs,
      killSignal: "SIGKILL",
      maxBuffer: 2 ** 28,
    },
  );
  if (child.error !== undefined) throw new Error("jax-js did not answer within its time limit", { cause: child.error });
  if (child.status !== 0) throw new Error(`jax-js ended with ${String(child.status)}: ${child.stderr.slice(-2000)}`);
  return JSON.parse(child.stdout) as JaxResult[];
}
