/**
 * What a sample costs, in microseconds of processor time, of engine cpu with all of settlement at 1e-3, against the size of a batch, the width, the depth, the
 * number of samples and of threads: each from one middle case (64-64-64-64-10 relu, batches of 64, one thread), the best of the rounds between two sizes
 * where samples are not what is varied. Wall time where threads are. `npm run bench -- --scaling [ROUNDS]`; kept in bench/results/scaling.json.
 */
import { cpus } from "node:os";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { drawnNetwork } from "../src/cli/bench-workloads.ts";
import type { CpuEngine, HostThread } from "../src/engine/cpu/engine.ts";
import { createCpuEngine } from "../src/engine/cpu/engine.ts";
import { inputWidth } from "../src/network/network.ts";
import { verify } from "../src/pipeline/verify.ts";
import { fillInputs } from "../src/sampling/inputs.ts";
import { keepResult } from "./results.ts";

const rounds = Number(process.argv.slice(3).find((word) => /^\d+$/.test(word)) ?? "5");

interface Case {
  readonly width: number;
  readonly depth: number;
  readonly samples: number;
  /** Null: the engine's own choice. */
  readonly batch: number | null;
}

const MIDDLE: Case = { width: 64, depth: 4, samples: 2048, batch: 64 };

const own = createCpuEngine({ threads: 0, runtime: "bench" });

/** Seconds of a whole run of so many samples, of the processor and by the clock. */
async function once({ width, depth, batch }: Case, samples: number, engine: CpuEngine): Promise<[number, number]> {
  const network = drawnNetwork({ widths: [...Array.from({ length: depth }, () => width), 10], activation: "relu" });
  const inputs = inputWidth(network);
  const drawn = { distribution: "normal", scale: 1, seed: 8 } as const;
  const [before, startedMs] = [process.cpuUsage(), performance.now()];
  await verify({
    ...{
      network,
      head: { kind: "logit-argmax" },
      engine,
      host: engine,
      norm: "spectral",
      accuracy: 1e-3,
      audit: 0,
      seed: 1,
    },
    source: {
      ...{ samples, width: inputs, drawn },
      read: (first, count) => ({ inputs: fillInputs(drawn, first, count, inputs), labels: null }),
    },
    batchSize: batch,
  });
  const { user, system } = process.cpuUsage(before);
  return [(user + system) / 1e6, (performance.now() - startedMs) / 1e3];
}

/** Microseconds a sample. @param k 0: of the processor, 1: by the clock. @param whole counts the run's beginning too. */
async function cost(one: Case, engine = own, k: 0 | 1 = 0, whole = false): Promise<number> {
  const sizes = whole ? [one.samples] : [one.samples / 2, one.samples];
  const best = sizes.map(() => Infinity);
  for (let round = -1; round < rounds; round++) {
    for (const [i, samples] of sizes.entries()) {
      const seconds = (await once(one, samples, engine))[k];
      if (round >= 0) best[i] = Math.min(best[i] ?? Infinity, seconds);
    }
  }
  const [small = 0, large = small] = best;
  const micro = whole ? (1e6 * small) / one.samples : (1e6 * (large - small)) / (one.samples / 2);
  return Number(micro.toPrecision(3));
}

/** So many samples, but whole blocks of 128 and one at least. */
const blocks = (samples: number): number => 128 * Math.max(1, Math.round(samples / 128));

const table: { varied: string; value: number; microseconds: number }[] = [];
const vary = async (
  varied: string,
  values: readonly number[],
  of: (value: number) => Promise<number>,
): Promise<void> => {
  for (const value of values) {
    const microseconds = await of(value);
    table.push({ varied, value, microseconds });
    console.error(`${varied} ${String(value)}: ${String(microseconds)} µs a sample`);
  }
};
await vary("batch", [1, 4, 16, 64, 256, 1024], (batch) => cost({ ...MIDDLE, batch }));
await vary("width", [16, 32, 64, 128, 256, 512], (width) =>
  cost({ ...MIDDLE, width, samples: blocks(Math.min(8192, 2 ** 23 / width ** 2)) }),
);
await vary("depth", [2, 4, 8, 16], (depth) => cost({ ...MIDDLE, depth, samples: blocks(8192 / depth ** 1.5) }));
await vary("samples", [64, 256, 1024, 4096, 16384], (samples) =>
  cost({ ...MIDDLE, samples, batch: null }, own, 0, true),
);
await vary(
  "threads",
  [...new Set([1, 2, 4, 8, 16, cpus().length])].filter((n) => n <= cpus().length).sort((a, b) => a - b),
  async (threads) => {
    const engine = createCpuEngine({ threads, spawn, runtime: "bench" });
    try {
      return await cost({ ...MIDDLE, samples: 16384 * threads, batch: null }, engine, 1);
    } finally {
      engine.dispose();
    }
  },
);
own.dispose();
console.table(table);
keepResult("scaling", { rounds, table });

/** The command line's own thread. */
function spawn(): HostThread {
  const worker = new Worker(new URL("../../dist/cli/cpu-thread.js", import.meta.url));
  return {
    post: (message, transfer) => {
      worker.postMessage(message, transfer as never);
    },
    onReply: (listener) => worker.on("message", listener),
    onFailure: (listener) =>
      worker.on("error", ({ message }: Error) => {
        listener(message);
      }),
    terminate: () => void worker.terminate(),
  };
}
