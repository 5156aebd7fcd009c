/** The cluster files as they are shipped. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { SweepReport } from "../../src/records/sweep.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const GPV = `${process.execPath} ${join(ROOT, "bin/gpv.js")}`;
const folder = mkdtempSync(join(tmpdir(), "gpv-cluster-"));
const grid = join(folder, "grid.yaml");
writeFileSync(grid, "depth: [1, 3]\nwidth: [4, 70]\nnetworks: 6\n");

function report(...words: string[]): string {
  const file = join(folder, "report.json");
  execFileSync(process.execPath, [join(ROOT, "bin/gpv.js"), ...words, "--report", file], { stdio: "ignore" });
  return JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as SweepReport), timing: null });
}

test("tasks of the Slurm array, one of them started twice, merge to the undisturbed report", () => {
  const tasks = ["1", "2", "2", "3"];
  for (const task of tasks) {
    const env = { ...process.env, GPV, LEDGERS: join(folder, "ledgers"), SLURM_ARRAY_TASK_ID: task };
    execFileSync("bash", [join(ROOT, "examples/cluster/slurm.sh"), grid], {
      env: { ...env, SLURM_ARRAY_TASK_COUNT: "3" },
      stdio: "ignore",
    });
  }
  const ledgers = ["3", "1", "2"].map((task) => join(folder, "ledgers", `shard-${task}.sqlite`));
  const whole = report("sweep", "--grid", grid, "--engine", "cpu", "--ledger", join(folder, "whole.sqlite"));
  expect(report("merge", ...ledgers)).toBe(whole);
});

test("the Kubernetes job runs as many shards as it has completions, with options that exist", () => {
  const text = readFileSync(join(ROOT, "examples/cluster/kubernetes.yaml"), "utf8");
  const { spec } = parse(text) as {
    spec: { completions: number; completionMode: string; template: { spec: { containers: { args: string[] }[] } } };
  };
  const [line = ""] = spec.template.spec.containers[0]?.args ?? [];
  expect(spec.completionMode).toBe("Indexed");
  expect(line).toContain(`--shard $((JOB_COMPLETION_INDEX + 1))/${String(spec.completions)}`);
  const help = execFileSync(process.execPath, [join(ROOT, "bin/gpv.js"), "sweep", "--help"], { encoding: "utf8" });
  for (const [option] of line.matchAll(/--[a-z-]+/g)) expect(help).toContain(option);
});
