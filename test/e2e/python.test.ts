/** examples/python/gpv.py with a real torch, where one is installed (Debian: python3-torch). */
import { execFileSync, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const LIMIT_MS = 120_000;

/** A Python that has torch; null: none, and the test is skipped. */
const python = ["python3", "/usr/bin/python3"].find(
  (name) => spawnSync(name, ["-c", "import torch, numpy"], { stdio: "ignore" }).status === 0,
);

test.skipIf(python === undefined)(
  "gpv.py verifies modules of torch, agrees with its gradients, refuses what is no chain, and logs a training (skipped: no Python with torch here)",
  { timeout: LIMIT_MS },
  () => {
    const env = {
      ...process.env,
      PYTHONPATH: join(ROOT, "examples/python"),
      PYTHONDONTWRITEBYTECODE: "1",
      GPV: `"${process.execPath}" "${join(ROOT, "bin/gpv.js")}"`,
    };
    const said = execFileSync(python as string, [join(ROOT, "test/e2e/python-module.py")], { env, encoding: "utf8" });
    expect(said).toBe("ok\n");
  },
);
