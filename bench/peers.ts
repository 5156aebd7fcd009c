/**
 * Engine cpu with all of settlement beside numpy as a person writes it (bench/peers/power.py, f32), one thread each, in turn in one run:
 * processor seconds a sample between two sizes, the best of the rounds. numpy's stopping rule is tightened until as many of its norms are
 * within 1e-3 of f64 SVDs as of ours. `npm run bench -- peers [ROUNDS [WORKLOADS]]`; bench/results/peers.json keeps the table.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { openNumpy, TOLERANCES, within, writeTask } from "../src/cli/bench-numpy.ts";
import { createCpuEngine } from "../src/engine/cpu/engine.ts";
import type { Batch, Measurements } from "../src/engine/engine.ts";
import type { Plan } from "../src/engine/plan.ts";
import { makePlan } from "../src/engine/plan.ts";
import { inputWidth } from "../src/network/network.ts";
import { memoryOf } from "../src/pipeline/block.ts";
import { createExaminer } from "../src/pipeline/examine.ts";
import { createStatistics } from "../src/pipeline/statistics.ts";
import { keepResult } from "./results.ts";
import type { Workload } from "./workloads.ts";
import { WORKLOADS } from "./workloads.ts";

const [rounds = "5", letters = "ABCDEFG"] = process.argv.slice(3);
const ACCURACY = 1e-3;
/** Share of (sample, layer) that must be within it. */
const SHARE = 0.999;

const engine = createCpuEngine({ threads: 0, runtime: "bench" });
const folder = mkdtempSync(join(tmpdir(), "gpv-peers-"));

/** What is timed: batches to statistics. */
function ours({ network }: Workload, inputs: Float64Array, accuracy: number | "verdict") {
  const head = { kind: "logit-argmax" } as const;
  const plan = makePlan(network, { head, precision: "f64", norm: "spectral", accuracy, seed: 1 });
  const examiner = createExaminer(plan, plan, { host: engine, hostAccuracy: null, certify: null }, 0);
  const width = inputWidth(network);
  const size = engine.batchSize(plan);
  const batchAt = (first: number, samples: number, most = size): Batch => {
    const count = Math.min(most, samples - first);
    return { first, samples: count, inputs: inputs.subarray(first * width, (first + count) * width), labels: null };
  };
  return {
    plan,
    measurements: async (samples: number): Promise<Measurements> =>
      (await engine.measure(plan, batchAt(0, samples, samples))).measurements,
    seconds: async (samples: number): Promise<number> => {
      const before = process.cpuUsage();
      const statistics = createStatistics(plan.layers.length, null);
      for (let first = 0; first < samples; first += size) {
        const batch = batchAt(first, samples);
        const measured = await engine.measure(plan, batch);
        const { block, settled } = await examiner.examine({ batch, originals: new Map() }, measured);
        statistics.add(block);
        settled.release();
        measured.release();
        examiner.reuse(memoryOf(block));
      }
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e6;
    },
  };
}

/** ‖J_t‖ of each sample by its witness, t = 2 … l, in the unscaled network. */
function witnessNorms(plan: Plan, { witnesses }: Measurements): number[][] {
  let exponent = 0;
  return witnesses.slice(1).map((w, i) => {
    exponent += plan.layers[i]?.scaleExponent ?? 0;
    return Array.from(w?.pullbackNorm ?? [], (c, j) => (c / (w?.vectorNorm[j] ?? NaN)) * 2 ** exponent);
  });
}

const numpy = await openNumpy("/usr/bin/python3", true);
if (numpy === null || !/openblas/i.test(JSON.stringify(numpy.about))) {
  console.error(`numpy is not on OpenBLAS: ${JSON.stringify(numpy?.about ?? "not installed")}`);
  process.exit(2);
}
const table: object[] = [];
for (const workload of WORKLOADS.filter(({ name }) => letters.includes(name.charAt(0)))) {
  const { network, samples } = workload;
  const place = join(folder, workload.name.charAt(0));
  const [small, large] = [samples / 4, samples];
  const inputs = workload.inputs(large);
  writeTask(place, network, inputs);

  console.error(`${workload.name}: checking`);
  const full = ours(workload, inputs, ACCURACY);
  const verdict = ours(workload, inputs, "verdict");
  const check = Math.min(
    256,
    samples,
    Math.round(2 ** 24 / Math.max(...network.layers.map((l) => l.inputs * l.outputs))),
  );
  const exact = await numpy.norms(place, check, null);
  const own = within(witnessNorms(full.plan, await full.measurements(check)), exact, ACCURACY);
  let tol = NaN;
  let peers = 0;
  for (tol of TOLERANCES) {
    peers = within(await numpy.norms(place, check, tol), exact, ACCURACY);
    console.error(`numpy at ${String(tol)}: ${String(peers)} within, ours ${String(own)}`);
    if (peers >= Math.min(SHARE, own)) break;
  }
  const timers: readonly (readonly [string, (n: number) => Promise<number>])[] = [
    ["numpy", async (n) => (await numpy.seconds(place, n, tol)).cpu],
    ["full", full.seconds],
    ["verdict", verdict.seconds],
  ];
  const best = new Map<string, number>();
  for (let round = -1; round < Number(rounds); round++) {
    for (const [name, time] of timers) {
      for (const n of [small, large]) {
        const seconds = await time(n);
        const key = `${name} ${String(n)}`;
        // The first round is the warm-up.
        if (round >= 0) best.set(key, Math.min(best.get(key) ?? Infinity, seconds));
      }
    }
  }
  const rate = (name: string): number =>
    (large - small) / ((best.get(`${name} ${String(large)}`) ?? NaN) - (best.get(`${name} ${String(small)}`) ?? NaN));
  const [peer, fullRate, verdictRate] = ["numpy", "full", "verdict"].map(rate) as [number, number, number];
  const row = {
    workload: workload.name,
    ...{ numpy: Math.round(peer), full: Math.round(fullRate), verdict: Math.round(verdictRate) },
    ...{ fullRatio: Number((fullRate / peer).toFixed(2)), verdictRatio: Number((verdictRate / peer).toFixed(1)) },
    ...{ tolerance: tol, numpyWithin: peers, oursWithin: own, checked: exact.flat().length },
  };
  table.push(row);
  console.log(JSON.stringify(row));
}
console.table(table);
keepResult("peers", { numpy: numpy.about, rounds: Number(rounds), table });
spawnSync(process.execPath, ["scripts/bench.js", "plot"], { stdio: "inherit" });
numpy.end();
engine.dispose();
rmSync(folder, { recursive: true });
