/** What would take the machine: pipes without an end, deep documents and networks, grids of millions. Refused in one line, or little at a time. */
import { execFile, execFileSync } from "node:child_process";
import { createWriteStream, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { gpv, smallModel, start } from "../support/command-line.ts";

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

describe("what would take the machine", { timeout: 90_000 }, () => {
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

  test("a grid of a thousand layers is refused at once, one of a million architectures starts at once", async () => {
    const deep = written("depths.yaml", `depth: [${new Array<number>(1000).fill(1000).join(",")}]\nwidth: [1]\n`);
    const refused = await run(["sweep", "--grid", deep, "--ledger", join(place, "deep.sqlite")]);
    expect(refused).toEqual({
      code: 2,
      stderr: `gpv: ${deep}: found networks of 1000 layers, 1-1-1, 2 at once, which take 7850 MiB, expected at most 2048 MiB; raise it with --max-memory\n`,
    });
    const list = Array.from({ length: 100 }, (_, i) => i + 1);
    const wide = written("million.json", JSON.stringify({ depth: list, width: list, scale: list }));
    const words = ["sweep", "--engine", "cpu", "--ledger", join(place, "wide.sqlite"), "--grid"];
    const small = await run([...words, wide, "--max-memory", "1GiB"]);
    expect(small.stderr).toBe(
      `gpv: ${wide}: found 1000000 architectures, which take 1953 MiB, expected at most 1024 MiB; raise it with --max-memory\n`,
    );
    const { child, ended } = start([...words, wide]);
    setTimeout(() => child.kill("SIGINT"), 6000);
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    expect(stdout).toContain("Verdicts (samples)");
  });

  test("a network of 3,000 layers is refused before any work, and the limit is named", async () => {
    const one = { shape: [1, 1], values: [1] };
    const file = join(place, "deep.safetensors");
    writeFileSync(
      file,
      writeSafetensors(new Map(Array.from({ length: 3000 }, (_, i) => [`${String(i)}.weight`, one])), "F32"),
    );
    const { code, stderr } = await run([
      "verify",
      "--model",
      file,
      "--activation",
      "relu",
      "--random",
      "1",
      "--head",
      "sum",
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /found 3000 layers, which take \d+ MiB to verify, expected at most 2048 MiB; raise it with --max-memory\n$/,
    );
  });

  test.each(["node", "deno"] as const)(
    "Ctrl-C ends the reading of a large table, and of a pipe that nobody writes to, on %s",
    async (runtime) => {
      const table = written("large.csv", "0.125,-3e-4,17\n".repeat(4_000_000));
      const pipe = join(place, `silent-${runtime}`);
      execFileSync("mkfifo", [pipe]);
      for (const file of [table, pipe]) {
        const words = ["verify", "--model", smallModel(), "--head", "sum", "--engine", "cpu", "--inputs", file];
        const { child, ended } = start(words, runtime);
        let interruptedMs = NaN;
        setTimeout(() => {
          interruptedMs = performance.now();
          child.kill("SIGINT");
        }, 3000);
        const { code } = await ended;
        expect([file, code]).toEqual([file, 130]);
        // One second, and what the machine needs beside.
        expect(performance.now() - interruptedMs).toBeLessThan(2500);
      }
    },
  );

  test("a pipe is opened once, also by a process that starts again with the software adapter", async () => {
    for (const engine of ["cpu", "webgpu"]) {
      const [pipe, grid] = [join(place, `inputs-${engine}.csv`), join(place, `grid-${engine}.json`)];
      execFileSync("mkfifo", [pipe, grid]);
      createWriteStream(pipe).end("1,2,3\n4,5,6\n");
      const adapter = engine === "cpu" ? [] : ["--adapter", "software"];
      const own = ["--engine", engine, ...adapter];
      const inputs = await gpv("verify", "--model", smallModel(), "--head", "sum", "--inputs", pipe, ...own);
      expect([inputs.code, inputs.stderr]).toEqual([0, expect.stringMatching(/^gpv: engine /)]);
      createWriteStream(grid).end('{"depth": [1], "width": [2]}');
      const swept = await gpv(
        "sweep",
        "--grid",
        grid,
        "--inputs-per-network",
        "2",
        "--ledger",
        `${grid}.sqlite`,
        ...own,
      );
      expect([swept.code, swept.stderr]).toEqual([0, expect.stringMatching(/^gpv: engine /)]);
    }
  });

  test("a name that steers a terminal is shown by its code points", async () => {
    const { stderr } = await run(["verify", "--model", join(place, "a\u001b[2Jb.json"), "--random", "1"]);
    expect(stderr).not.toContain("\u001b");
    expect(stderr).toContain("\\u");
  });
});
