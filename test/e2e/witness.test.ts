/** Witness files as a user makes and examines them: processes of their own. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { forged, network, witnessOf } from "../witness/support.ts";
import { writeModelJson } from "../../src/formats/model-json.ts";
import { witnessText } from "../../src/witness/file.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const NODE = [process.execPath, join(ROOT, "bin/gpv.js")];
const DENO = [
  join(ROOT, "node_modules/.bin/deno"),
  "run",
  "-A",
  "--node-modules-dir=manual",
  join(ROOT, "src/cli/main.ts"),
];

function run(
  command: readonly string[],
  ...words: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [program = "", ...rest] = command;
  const child = spawn(program, [...rest, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

const place = mkdtempSync(join(tmpdir(), "gpv-witness-"));
const model = join(place, "model.json");
const folder = join(place, "found");
const planted = ["--plant", "vjp-missing-mask"];
const verify = ["verify", "--model", model, "--random", "4", "--engine", "cpu"];
let file = "";

describe("a witness", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    writeFileSync(model, writeModelJson(network([5, 12, 9, 3], "relu")));
    const { code, stderr } = await run(NODE, ...verify, ...planted, "--witnesses", folder);
    expect(code).toBe(1);
    const files = readdirSync(folder).sort();
    expect(files).toEqual([0, 1, 2, 3].map((i) => `violated-${String(i)}.json`));
    file = join(folder, "violated-0.json");
    expect(stderr).toContain(`gpv: 4 witness files written; to examine the first: gpv replay ${file}`);
  }, 60_000);

  test.each([
    ["node", NODE],
    ["deno", DENO],
  ])("is confirmed by replay under %s, within 80 columns", async (_, command) => {
    const { code, stdout } = await run(command, "replay", file, "--exact");
    expect(code).toBe(0);
    expect(stdout).toContain("CONFIRMED: network and input are sound (in f64 the inequality holds): the");
    expect(stdout).toContain("In rational arithmetic, nothing rounded");
    for (const line of stdout.split("\n")) expect(Array.from(line).length, line).toBeLessThanOrEqual(80);
  });

  test("that shows nothing is refuted: exit 1", async () => {
    const clean = await witnessOf(network([5, 12, 9, 3], "relu"));
    const made = join(place, "forged.json");
    const violations = [{ check: "cut", layer: 1, detail: "made up" }];
    writeFileSync(made, await witnessText(forged(clean, { verdict: "violated", violations })));
    const { code, stdout } = await run(NODE, "replay", made);
    expect(code).toBe(1);
    expect(stdout).toContain("REFUTED");
  });

  test("that is none is refused in one line: exit 2", async () => {
    const garbage = join(place, "garbage.json");
    writeFileSync(garbage, "not a witness");
    for (const words of [["replay", garbage], ["replay", join(place, "nowhere.json")], ["replay"], ["shrink", file]]) {
      const { code, stdout, stderr } = await run(NODE, ...words);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/^gpv: [^\n]+\n$/);
    }
  });

  test("shrinks to one that replays; on an engine without the fault it is not reproduced", async () => {
    const small = join(place, "small.json");
    const shrunk = await run(NODE, "shrink", file, "--engine", "cpu", ...planted, "--output", small);
    expect(shrunk.code).toBe(0);
    expect(shrunk.stdout).toMatch(/^\d+ parameters to \d+ parameters \(.*\) in \d+ runs\nstill violated: cut: /);
    expect(readFileSync(small).length).toBeLessThan(readFileSync(file).length / 2);
    expect((await run(NODE, "replay", small)).code).toBe(0);
    const other = await run(NODE, "shrink", file, "--engine", "cpu", "--output", join(place, "none.json"));
    expect(other.code).toBe(1);
    expect(other.stdout).toMatch(/^not reproduced here: the sample is not violated on host\n$/);
    expect(readdirSync(place)).not.toContain("none.json");
  });

  test("needs a folder that can be written to, before any work", async () => {
    mkdirSync(join(place, "taken"), { recursive: true });
    writeFileSync(join(place, "taken", "file"), "");
    const { code, stderr } = await run(NODE, ...verify, "--witnesses", join(place, "taken", "file"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/--witnesses .*: cannot be written to \(.*\)\n$/);
  });
});
