/** gpv sweep and merge as processes: killed at any moment and resumed, in shards, interrupted, with a planted fault. */
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { SampleRow } from "../../src/records/sample.ts";
import type { SweepReport } from "../../src/records/sweep.ts";
import { proveSweep } from "../evidence/sweeps.ts";
import { softwareVulkan } from "../../src/cli/runtime/software-vulkan.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DENO = join(ROOT, "node_modules/.bin/deno");
const RUNTIMES = {
  node: [process.execPath, join(ROOT, "bin/gpv.js")],
  deno: [DENO, "run", "-A", "--node-modules-dir=manual", join(ROOT, "src/cli/main.ts")],
} as const;
type Runtime = keyof typeof RUNTIMES;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(runtime: Runtime, words: readonly string[]) {
  const [program, ...rest] = RUNTIMES[runtime];
  const env = { ...process.env, ...softwareVulkan() };
  const child = spawn(program, [...rest, ...words], { stdio: ["ignore", "pipe", "pipe"], env });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString("utf8")));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString("utf8")));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  return { child, ended };
}

const run = (runtime: Runtime, ...words: string[]): Promise<Ended> => start(runtime, words).ended;

const place = mkdtempSync(join(tmpdir(), "gpv-sweep-"));
const grid = join(place, "grid.yaml");
// About a second and a half in a dozen units.
writeFileSync(
  grid,
  `- depth: [1, 2, 5]
  width: [4, [30, 60, 10]]
  activation: [relu, tanh]
  networks: 6
- depth: [2]
  width: [16]
  activation: [identity]
  initialiser: [hadamard]
  bias: [0]
`,
);
let files = 0;
const fresh = (ending: string): string => join(place, `${String(files++)}${ending}`);

/** The report without what may differ. */
function read(file: string): Omit<SweepReport, "timing"> {
  const { timing, ...rest } = JSON.parse(readFileSync(file, "utf8")) as SweepReport;
  expect(timing.interrupted).toBe(false);
  return rest;
}

function sweepWords(ledger: string, report: string, ...more: string[]): string[] {
  return ["sweep", "--grid", grid, "--engine", "cpu", "--ledger", ledger, "--report", report, ...more];
}

let undisturbed: Omit<SweepReport, "timing">;
let finishedLedger: string;
beforeAll(async () => {
  finishedLedger = fresh(".sqlite");
  const report = fresh(".json");
  const ended = await run("node", ...sweepWords(finishedLedger, report));
  expect([ended.code, ended.stderr]).toEqual([0, expect.stringContaining("engine cpu")]);
  expect(ended.stdout.split("\n").filter((line) => Array.from(line).length > 80)).toEqual([]);
  undisturbed = read(report);
});

describe("a sweep", () => {
  test("killed with -9 at random moments and resumed, or in shards merged in any order, reports the same bits", async () => {
    const reduced = { rounds: 2, shards: 3, orders: 3 };
    const figures = await proveSweep({ proof: "resume", engine: "cpu", grid: ["--grid", grid], kills: 3, ...reduced });
    expect(figures).toMatchObject({ ...reduced, equal: 2, merged: 3 });
    expect(figures["killed"]).toBeGreaterThan(0);
  });

  test("of ten thousand samples soaks clean", async () => {
    const figures = await proveSweep({
      ...{ proof: "soak", engine: "cpu", everyMs: 200 },
      grid: ["--grid", grid, "--inputs-per-network", "140"],
    });
    expect(figures["samples"]).toBeGreaterThan(10_000);
    expect(figures["verdicts"]).toMatchObject({ violated: 0, unresolved: 0, invalid: 0 });
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "that gets %s ends with what is finished, 130, and goes on",
    async (signal) => {
      const ledger = fresh(".sqlite");
      const { child, ended } = start("node", sweepWords(ledger, fresh(".json")));
      const poll = setInterval(() => {
        if (existsSync(`${ledger}-wal`)) child.kill(signal);
      }, 20);
      const { code, stderr } = await ended;
      clearInterval(poll);
      expect(code).toBe(130);
      expect(stderr).toContain(`gpv: go on with: gpv sweep --resume --ledger ${ledger}`);
      const report = fresh(".json");
      expect((await run("node", "sweep", "--resume", "--ledger", ledger, "--report", report)).code).toBe(0);
      expect(read(report)).toEqual(undisturbed);
    },
  );

  test("in shards is merged as far as they go, and each shard once", async () => {
    const ledgers = [1, 2].map(() => fresh(".sqlite"));
    for (const [i, ledger] of ledgers.entries()) {
      const ended = await run("node", ...sweepWords(ledger, fresh(".json"), "--shard", `${String(i + 1)}/3`));
      expect(ended.code).toBe(0);
    }
    const partial = await run("node", "merge", ...ledgers);
    expect([partial.code, partial.stderr]).toEqual([
      130,
      expect.stringMatching(/are finished: the report covers those\n$/),
    ]);
    const twice = await run("node", "merge", ledgers[0] ?? "", ledgers[0] ?? "");
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining("again, expected each once")]);
    copyFileSync(ledgers[0] ?? "", `${ledgers[0] ?? ""}.copy`);
    const copied = await run("node", "merge", ledgers[0] ?? "", `${ledgers[0] ?? ""}.copy`);
    expect([copied.code, copied.stderr]).toEqual([2, expect.stringContaining("holds unit 0, which")]);
  });

  test("does the same under Deno, whose ledger Node may not go on with", async () => {
    const [ledger, report] = [fresh(".sqlite"), fresh(".json")];
    const ended = await run("deno", ...sweepWords(ledger, report));
    expect([ended.code, ended.stderr]).toEqual([0, expect.stringContaining("engine cpu")]);
    const own = read(report);
    expect({ ...own, engine: undisturbed.engine }).toEqual(undisturbed);
    expect(own.engine.runtime).toMatch(/^deno/);
    const refused = await run("node", "sweep", "--resume", "--ledger", ledger);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("made with engine runtime deno")]);
  });

  test("on a finished ledger writes the report again with --resume, and is refused without", async () => {
    const copy = fresh(".sqlite");
    copyFileSync(finishedLedger, copy);
    const before = readFileSync(copy);
    const report = fresh(".json");
    expect((await run("node", "sweep", "--resume", "--ledger", copy, "--report", report)).code).toBe(0);
    expect(read(report)).toEqual(undisturbed);
    for (const [words, message] of [
      [sweepWords(copy, report), "holds a sweep already: expected --resume to go on with it, or another --ledger"],
      [sweepWords(copy, report, "--resume", "--seed", "1"), "made with seed 0, found 1 now"],
      [["sweep", "--resume", "--ledger", copy, "--preset", "smoke"], "made with grids"],
      [sweepWords(copy, report, "--resume", "--shard", "1/2"), "made with shard 1/1, found 1/2 now"],
      [["sweep", "--ledger", fresh(".sqlite")], "Found neither --preset nor --grid"],
      [["sweep", "--resume", "--ledger", fresh(".sqlite")], "found no ledger to resume"],
    ] as const) {
      const { code, stdout, stderr } = await run("node", ...words);
      expect([code, stdout, stderr.split("\n").length]).toEqual([2, "", 2]);
      expect(stderr).toContain(message);
    }
    expect(readFileSync(copy).equals(before)).toBe(true);
  });

  test("names cases that gpv verify --address makes again alone", async () => {
    const { address = "", ratio } = undisturbed.tightest[0] ?? {};
    const samples = fresh(".jsonl");
    const words = ["verify", "--address", address, "--grid", grid, "--engine", "cpu", "--samples", samples];
    expect((await run("node", ...words)).code).toBe(0);
    const row = JSON.parse(readFileSync(samples, "utf8")) as SampleRow;
    expect([row.ratio, row.index]).toEqual([ratio, Number(address.split(":")[2])]);
  });
});

test("--witness-verdicts writes samples that hold, by address", async () => {
  const [ledger, folder] = [fresh(".sqlite"), fresh("")];
  const words = ["--ledger", ledger, "--engine", "cpu", "--witness-verdicts", "holds"];
  const refused = await run("node", "sweep", "--grid", grid, ...words);
  expect([refused.code, existsSync(ledger)]).toEqual([2, false]);
  expect((await run("node", "sweep", "--grid", grid, ...words, "--witnesses", folder)).code).toBe(0);
  const names = readdirSync(folder);
  expect(names).toHaveLength(100);
  expect(names.filter((name) => !/^holds-\d+-\d+-\d+\.json$/.test(name))).toEqual([]);
});

test("a planted kernel fault is found by the smoke preset, and its reduced witness is confirmed", async () => {
  const folder = fresh("");
  const words = ["--engine", "webgpu", "--plant", "vjp-missing-mask", "--witnesses", folder];
  const ended = await run("node", "sweep", "--preset", "smoke", "--ledger", fresh(".sqlite"), ...words);
  expect(ended.code).toBe(1);
  expect(ended.stdout).toContain('the fault "vjp-missing-mask" was switched on');
  const shrunk = readdirSync(folder).find((name) => name.startsWith("shrunk-"));
  expect(ended.stderr).toContain(`gpv replay ${join(folder, shrunk ?? "?")}`);
  const replayed = await run("node", "replay", join(folder, shrunk ?? "?"));
  expect([replayed.code, replayed.stdout]).toEqual([0, expect.stringContaining("CONFIRMED")]);
});

test("Deno sweeps by the README's own command line, and its import map names the libsql of package.json", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gpv-deno-"));
  const grid = join(folder, "grid.json");
  writeFileSync(grid, JSON.stringify({ depth: [2], width: [4], activation: ["relu"] }));
  const words = ["sweep", "--grid", grid, "--inputs-per-network", "4", "--ledger", join(folder, "l.sqlite")];
  const child = spawn(DENO, ["run", "-A", "src/cli/main.ts", ...words], { cwd: ROOT, stdio: "ignore" });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(code).toBe(0);
  const read = (name: string): unknown => JSON.parse(readFileSync(join(ROOT, name), "utf8"));
  const { optionalDependencies } = read("package.json") as { optionalDependencies: Record<string, string> };
  const { imports } = read("deno.json") as { imports: Record<string, string> };
  expect(imports["libsql"]).toBe(`npm:libsql@${String(optionalDependencies["libsql"])}`);
});
