/**
 * What a sweep costs beside plain `verify` on the same cases: units, tallies, the ledger's commits. The two take turns in one process,
 * round after round; the figures are medians.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLedger } from "../../src/cli/ledger-file.ts";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { verify } from "../../src/pipeline/verify.ts";
import { caseRequest } from "../../src/sweep/case.ts";
import { cellsOf, parseGrids } from "../../src/sweep/grid.ts";
import { runSweep } from "../../src/sweep/run.ts";
import { unitsOf } from "../../src/sweep/units.ts";

export interface ThroughputRequest {
  readonly proof: "throughput";
  readonly engine: "cpu";
  readonly rounds: number;
  /** Samples a network. */
  readonly inputs: number;
}

/** Small networks, where what a sweep adds weighs most, and a large one. */
const WORKLOADS: Readonly<Record<string, unknown>> = {
  "96 networks, 4-8-8-2": { depth: [3], width: [[4, 8, 2]], activation: ["relu", "tanh"], networks: 48 },
  "12 networks, 32-64-64-10": { depth: [3], width: [[32, 64, 10]], activation: ["relu", "gelu"], networks: 6 },
  "1 network, 200-200-200": { depth: [2], width: [200] },
};

export async function throughput({ rounds, inputs }: ThroughputRequest): Promise<Record<string, unknown>> {
  const engine = createCpuEngine({ threads: 0, runtime: "evidence" });
  const common = { accuracy: 1e-3, audit: 0.01 } as const;
  const figures: Record<string, unknown> = {};
  for (const [name, raw] of Object.entries(WORKLOADS)) {
    const grids = parseGrids(raw, name);
    const cells = cellsOf(grids, name);
    const units = unitsOf(cells, inputs);
    const plain = async (): Promise<void> => {
      for (const cell of cells) {
        for (let k = 0; k < cell.networks; k++) {
          const own = caseRequest(cell, 1, cell.firstNetwork + k, 0, inputs);
          const { report } = await verify({ ...own, ...common, engine, host: engine });
          if (report.samples !== inputs) throw new Error("verify stopped early");
        }
      }
    };
    const swept = async (): Promise<void> => {
      const ledger = await openLedger("ledger", join(mkdtempSync(join(tmpdir(), "gpv-throughput-")), "l.sqlite"));
      const settings = {
        grids,
        seed: 1,
        inputsPerNetwork: inputs,
        ...common,
        normMethod: "lanczos" as const,
        certify: null,
        plant: null,
      };
      const shard = { number: 1, count: 1 };
      ledger.begin({ tool: { name: "gpv", version: "0" }, engine: engine.description, settings, shard, grid: "" });
      const { complete } = await runSweep({
        ...{ units, settings, shard, ledger, watchdogMs: 600_000 },
        open: () => Promise.resolve({ engine, host: engine, dispose: () => undefined }),
        clock: () => performance.now(),
        timer: () => () => undefined,
      });
      ledger.close();
      if (!complete) throw new Error("the sweep stopped early");
    };
    await plain();
    await swept();
    const times = { plain: [] as number[], swept: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      for (const [kind, work] of [
        ["plain", plain],
        ["swept", swept],
      ] as const) {
        const startedMs = performance.now();
        await work();
        times[kind].push(performance.now() - startedMs);
      }
    }
    const ratios = times.plain.map((ms, i) => ms / (times.swept[i] ?? NaN));
    figures[name] = {
      samples: units.samples,
      units: units.count,
      plainMs: Math.round(median(times.plain)),
      sweptMs: Math.round(median(times.swept)),
      share: Number(median(ratios).toFixed(3)),
    };
  }
  return { inputs, rounds, figures };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
