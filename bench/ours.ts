/** Engine cpu with all of settlement, on one thread, as bench/peers.ts and bench/certify.ts time it. */
import process from "node:process";
import type { CpuEngine } from "../src/engine/cpu/engine.ts";
import type { Batch, Measurements } from "../src/engine/engine.ts";
import type { Plan } from "../src/engine/plan.ts";
import { makePlan } from "../src/engine/plan.ts";
import type { Network } from "../src/network/network.ts";
import { inputWidth } from "../src/network/network.ts";
import { memoryOf } from "../src/pipeline/block.ts";
import { createExaminer } from "../src/pipeline/examine.ts";
import { createStatistics } from "../src/pipeline/statistics.ts";
import type { StatisticsResult } from "../src/pipeline/statistics.ts";

export interface Ours {
  /** Of so many samples, in one batch. */
  readonly measurements: (samples: number) => Promise<Measurements>;
  /** Processor seconds from batches to statistics. */
  readonly seconds: (samples: number) => Promise<number>;
  /** Of the last `seconds`. */
  readonly result: () => StatisticsResult | null;
  readonly plan: Plan;
}

/** @param inputs row-major, as many as will be asked for. */
export function ours(
  engine: CpuEngine,
  network: Network,
  inputs: Float64Array,
  accuracy: number | "verdict",
  certify: number | null = null,
): Ours {
  const head = { kind: "logit-argmax" } as const;
  const plan = makePlan(network, { head, precision: "f64", norm: "spectral", accuracy, seed: 1 });
  const examiner = createExaminer(plan, plan, { host: engine, hostAccuracy: null, certify }, 0);
  const width = inputWidth(network);
  const size = engine.batchSize(plan);
  const batchAt = (first: number, samples: number, most = size): Batch => {
    const count = Math.min(most, samples - first);
    return { first, samples: count, inputs: inputs.subarray(first * width, (first + count) * width), labels: null };
  };
  let last: StatisticsResult | null = null;
  return {
    plan,
    result: () => last,
    measurements: async (samples) => (await engine.measure(plan, batchAt(0, samples, samples))).measurements,
    seconds: async (samples) => {
      const before = process.cpuUsage();
      const statistics = createStatistics(plan.layers.length, certify);
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
      last = statistics.result();
      return (user + system) / 1e6;
    },
  };
}

/** What is timed at two sizes, processor seconds of so many samples. */
export interface Timed {
  readonly name: string;
  readonly small: number;
  readonly large: number;
  readonly seconds: (samples: number) => Promise<number>;
  /** Rounds that count, at most. */
  readonly rounds?: number;
}

/** Samples a second between the two sizes, the best of the rounds at each, all timed in turn; the first round is the warm-up. */
export async function rates(timed: readonly Timed[], rounds: number): Promise<Map<string, number>> {
  const best = new Map<string, [number, number]>();
  for (let round = -1; round < rounds; round++) {
    for (const { name, small, large, seconds, rounds: most = rounds } of timed) {
      if (round >= most) continue;
      const found = [await seconds(small), await seconds(large)] as const;
      const known = round < 1 ? [Infinity, Infinity] : (best.get(name) ?? [Infinity, Infinity]);
      best.set(name, [Math.min(known[0] as number, found[0]), Math.min(known[1] as number, found[1])]);
    }
  }
  return new Map(
    timed.map(({ name, small, large }) => {
      const [first, second] = best.get(name) ?? [NaN, NaN];
      return [name, (large - small) / (second - first)];
    }),
  );
}
