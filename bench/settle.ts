/**
 * Settlement by itself, on recorded measurements: samples per second of one thread, from measurements to the statistics of a report.
 * Where none is open (three layers), and where all are (orthogonal 64 × 8, no iteration asked for). `npm run bench -- settle [SECONDS]`.
 */
import process from "node:process";
import { createCpuEngine } from "../src/engine/cpu/engine.ts";
import { makePlan } from "../src/engine/plan.ts";
import type { Network } from "../src/network/network.ts";
import { memoryOf } from "../src/pipeline/block.ts";
import { createExaminer } from "../src/pipeline/examine.ts";
import { createStatistics } from "../src/pipeline/statistics.ts";
import { fillInputs } from "../src/sampling/inputs.ts";
import { randomNetwork } from "../src/sampling/random-network.ts";

const [seconds = "3"] = process.argv.slice(3);
const host = createCpuEngine({ threads: 0, runtime: "bench" });

interface Case {
  readonly name: string;
  readonly network: Network;
  readonly accuracy: number | "verdict";
  readonly samples: number;
  /** Blocks that are timed at once: as many samples as statistics keep, so that their share of folding is in every time. */
  readonly turns: number;
}

const CASES: readonly Case[] = [
  {
    name: "none open: 16-32-32-4 tanh, 1e-3",
    network: network([16, 32, 32, 4], "he"),
    accuracy: 1e-3,
    ...{ samples: 1024, turns: 64 },
  },
  {
    name: "none open: 16-32-32-4 tanh, verdict",
    network: network([16, 32, 32, 4], "he"),
    accuracy: "verdict",
    ...{ samples: 1024, turns: 64 },
  },
  {
    name: "all open: orthogonal 64 x 8, verdict",
    network: network(
      Array.from({ length: 9 }, () => 64),
      "orthogonal",
    ),
    accuracy: "verdict",
    ...{ samples: 256, turns: 1 },
  },
];

for (const { name, network: net, accuracy, samples, turns } of CASES) {
  const plan = makePlan(net, { head: { kind: "logit-argmax" }, precision: "f64", norm: "spectral", accuracy, seed: 1 });
  const width = net.layers[0]?.inputs ?? 0;
  const inputs = fillInputs({ distribution: "normal", scale: 1, seed: 8 }, 0, samples, width);
  const batch = { first: 0, samples, inputs, labels: null };
  const measured = await host.measure(plan, batch);
  const examiner = createExaminer(plan, plan, { host, hostAccuracy: null, certify: null }, 0);
  const statistics = createStatistics(plan.layers.length, null);
  const rates: number[] = [];
  const end = performance.now() + 1000 * Number(seconds);
  while (performance.now() < end || rates.length < 3) {
    const before = process.cpuUsage();
    for (let turn = 0; turn < turns; turn++) {
      const { block, settled } = await examiner.examine({ batch, originals: new Map() }, measured);
      statistics.add(block);
      settled.release();
      examiner.reuse(memoryOf(block));
    }
    const { user, system } = process.cpuUsage(before);
    rates.push((1e6 * samples * turns) / (user + system));
  }
  const { verdicts, escalations } = statistics.result();
  rates.sort((a, b) => b - a);
  const [best, median] = [rates[0], rates[rates.length >> 1]].map((rate) =>
    Math.round(rate ?? NaN).toLocaleString("en"),
  );
  console.log(`${name}: best ${best ?? ""}, median ${median ?? ""} samples/s`, { ...verdicts, ...escalations });
  measured.release();
}
host.dispose();

function network(widths: readonly number[], initialiser: "he" | "orthogonal"): Network {
  const activations = widths
    .slice(1)
    .map((_, i) => (i + 2 < widths.length ? ("tanh" as const) : ("identity" as const)));
  return randomNetwork({ seed: 3, index: 0, widths, activations, initialiser, scale: 1, biasScale: 0 });
}
