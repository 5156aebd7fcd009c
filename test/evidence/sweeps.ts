/**
 * Proofs about sweeps as processes. `resume`: sweeps that are killed with -9 at random moments and resumed, and shards that are merged in
 * any order, report the same bits as one that nobody disturbed. `soak`: millions of samples in one process, its memory and its open
 * files by the minute, and no false alarm.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { wordsAt } from "../../src/sampling/philox.ts";
import type { SweepReport } from "../../src/records/sweep.ts";
import { root } from "./run-proof.ts";

export interface ResumeRequest {
  readonly proof: "resume";
  readonly engine: "cpu";
  /** What is swept, as options of gpv sweep. */
  readonly grid: readonly string[];
  /** Sweeps that are killed, and how often each at most. */
  readonly rounds: number;
  readonly kills: number;
  readonly shards: number;
  /** Orders in which the shards are merged. */
  readonly orders: number;
}

export interface SoakRequest {
  readonly proof: "soak";
  readonly engine: "cpu";
  readonly grid: readonly string[];
  /** Milliseconds between two looks at the process. */
  readonly everyMs: number;
}

export type SweepProof = ResumeRequest | SoakRequest;

/** Seed of the moments at which processes are killed, and of the orders. */
const SEED = 301;

export function proveSweep(request: SweepProof): Promise<Record<string, unknown>> {
  return request.proof === "resume" ? resume(request) : soak(request);
}

function start(words: readonly string[]) {
  const child = spawn(process.execPath, [join(root, "bin/gpv.js"), ...words], { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  const ended = new Promise<number | null>((done) => child.on("close", done));
  return { child, ended, errors: () => errors };
}

async function run(words: readonly string[]): Promise<void> {
  const { ended, errors } = start(words);
  const code = await ended;
  if (code !== 0) throw new Error(`gpv ${words.join(" ")} ended with ${String(code)}: ${errors().slice(-1000)}`);
}

/** The report's text without what may differ. */
function withoutTiming(file: string): string {
  return JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as SweepReport), timing: null });
}

/** A number from 0 up to 1 by address. */
function drawn(stream: number, index: number): number {
  return (wordsAt(SEED, stream, index, 1)[0] ?? 0) / 2 ** 32;
}

async function resume({ grid, rounds, kills, shards, orders }: ResumeRequest): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), "gpv-resume-"));
  const file = (name: string): string => join(folder, name);
  const words = ["sweep", "--engine", "cpu", ...grid];
  const startedMs = performance.now();
  await run([...words, "--ledger", file("whole.sqlite"), "--report", file("whole.json")]);
  const wholeMs = performance.now() - startedMs;
  const expected = withoutTiming(file("whole.json"));

  let killed = 0;
  let equal = 0;
  for (let round = 0; round < rounds; round++) {
    const ledger = file(`round-${String(round)}.sqlite`);
    for (let kill = 0; kill < kills; kill++) {
      const { child, ended } = start([...words, "--resume", "--ledger", ledger]);
      const timer = setTimeout(() => child.kill("SIGKILL"), wholeMs * drawn(1, kills * round + kill));
      const code = await ended;
      clearTimeout(timer);
      if (code === null) killed++;
    }
    const report = file(`round-${String(round)}.json`);
    await run([...words, "--resume", "--ledger", ledger, "--report", report]);
    if (withoutTiming(report) === expected) equal++;
  }

  const ledgers = Array.from({ length: shards }, (_, i) => file(`shard-${String(i)}.sqlite`));
  for (const [i, ledger] of ledgers.entries()) {
    await run([...words, "--shard", `${String(i + 1)}/${String(shards)}`, "--ledger", ledger]);
  }
  let merged = 0;
  for (let order = 0; order < orders; order++) {
    const shuffled = ledgers
      .map((ledger, i) => ({ ledger, key: drawn(2, shards * order + i) }))
      .sort((a, b) => a.key - b.key)
      .map(({ ledger }) => ledger);
    await run(["merge", ...shuffled, "--report", file("merged.json")]);
    if (withoutTiming(file("merged.json")) === expected) merged++;
  }
  const { samples, timing } = JSON.parse(readFileSync(file("whole.json"), "utf8")) as SweepReport;
  const units = timing.details["units"];
  return { samples, units, rounds, killed, equal, shards, orders, merged };
}

interface Look {
  readonly minutes: number;
  /** Resident memory in MiB. */
  readonly memory: number;
  /** Open file descriptors. */
  readonly files: number;
}

async function soak({ grid, everyMs }: SoakRequest): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), "gpv-soak-"));
  const report = join(folder, "soak.json");
  const ledger = join(folder, "soak.sqlite");
  const startedMs = performance.now();
  const { child, ended, errors } = start(["sweep", "--engine", "cpu", ...grid, "--ledger", ledger, "--report", report]);
  const looks: Look[] = [];
  const timer = setInterval(() => {
    const minutes = Number(((performance.now() - startedMs) / 60_000).toFixed(2));
    const look = lookAt(child.pid ?? 0);
    if (look !== null) looks.push({ minutes, ...look });
  }, everyMs);
  const code = await ended;
  clearInterval(timer);
  if (code !== 0) throw new Error(`gpv sweep ended with ${String(code)}: ${errors().slice(-1000)}`);
  const { samples, verdicts, architectures, audited, escalations, timing } = JSON.parse(
    readFileSync(report, "utf8"),
  ) as SweepReport;
  const minutes = Number((timing.elapsedMs / 60_000).toFixed(2));
  const rate = Math.round(timing.samplesPerSecond ?? 0);
  return {
    ...{ samples, verdicts, architectures: architectures.length, audited: audited.samples, escalations },
    ...{ minutes, samplesPerSecond: rate, units: timing.details["units"], looks },
  };
}

/** Linux only: elsewhere there is nothing to look at. */
function lookAt(pid: number): { memory: number; files: number } | null {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, "utf8");
    const kibibytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
    return { memory: Math.round(kibibytes / 1024), files: readdirSync(`/proc/${String(pid)}/fd`).length };
  } catch {
    return null;
  }
}
