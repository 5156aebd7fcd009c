/** Files that would take the machine: pipes without an end, documents nested without end. Each is refused in one line, exit 2. */
import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MODEL = join(ROOT, "test/fixtures/sound/r1-golden.json");
const place = mkdtempSync(join(tmpdir(), "gpv-budget-"));

function run(words: readonly string[]): Promise<{ code: number | string | null; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, "bin/gpv.js"), ...words], { timeout: 20_000 }, (error, _, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? "killed"), stderr });
    });
  });
}

function written(name: string, text: string): string {
  const file = join(place, name);
  writeFileSync(file, text);
  return file;
}

describe("what would take the machine", { timeout: 40_000 }, () => {
  test("a pipe without an end is read up to --max-memory", async () => {
    const { code, stderr } = await run(["verify", "--model", MODEL, "--inputs", "/dev/zero", "--max-memory", "64MiB"]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      "gpv: /dev/zero: found more than 64 MiB when read and unpacked, expected at most that; raise it with --max-memory\n",
    );
  });

  test("a model, a witness and a grid that are nested without end are refused", async () => {
    const deep = `{"schema":${"[".repeat(200_000)}`;
    for (const words of [
      ["verify", "--model", written("deep.json", deep), "--random", "1"],
      ["replay", written("witness.json", deep)],
      ["sweep", "--grid", written("grid.yaml", `depth: ${"[".repeat(30_000)}`), "--ledger", join(place, "l.sqlite")],
    ]) {
      const { code, stderr } = await run(words);
      expect(code, words[0]).toBe(2);
      expect(stderr.trimEnd().split("\n"), words[0]).toHaveLength(1);
    }
  });

  test("a name that steers a terminal is shown by its code points", async () => {
    const { stderr } = await run(["verify", "--model", join(place, "a\u001b[2Jb.json"), "--random", "1"]);
    expect(stderr).not.toContain("\u001b");
    expect(stderr).toContain("\\u");
  });
});
