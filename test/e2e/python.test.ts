/** examples/python/gpv.py with a real torch, where one is installed (Debian: python3-torch). */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
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

test.skipIf(python === undefined)(
  "the walk through of docs/python.md, train, save, verify, look, prints what stands there (skipped: no Python with torch here)",
  { timeout: LIMIT_MS },
  () => {
    const blocks = readFileSync(join(ROOT, "docs/python.md"), "utf8").matchAll(/```(\w*)\n(.*?)```/gs);
    const [training, looking, output] = Array.from(blocks, ([, , text = ""]) => text);
    const folder = mkdtempSync(join(tmpdir(), "gpv-walk-"));
    try {
      // The command as it is here, and no window.
      const script = `${training ?? ""}${looking ?? ""}`
        .replace('"gpv", ', `${JSON.stringify(process.execPath)}, ${JSON.stringify(join(ROOT, "bin/gpv.js"))}, `)
        .replace("webbrowser.open", "open");
      writeFileSync(join(folder, "walk.py"), script);
      const said = execFileSync(python as string, ["walk.py"], {
        cwd: folder,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      // Another torch may draw other weights: what is not of them has to be there as it stands.
      const lines = (output ?? "").split("\n").filter((line) => /^ {2}(model|inputs|holds)| ← /.test(line));
      expect(lines).toHaveLength(7);
      for (const line of lines) expect(said).toContain(line);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
