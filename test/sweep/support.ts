/** A small sweep on engine cpu, with whatever is to go wrong in it. */
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { reportJson } from "../../src/report/json.ts";
import { cellsOf, parseGrids } from "../../src/sweep/grid.ts";
import type { Ledger, LedgerHeader, Shard, SweepSettings } from "../../src/sweep/ledger.ts";
import { mergedTallies } from "../../src/sweep/ledger.ts";
import { sweepReport } from "../../src/sweep/report.ts";
import type { SweepOutcome, SweepRequest } from "../../src/sweep/run.ts";
import { runSweep } from "../../src/sweep/run.ts";
import { unitsOf } from "../../src/sweep/units.ts";

/** Sharp, ordinary, ragged and extreme networks: 12 architectures in a handful of units. */
export const GRIDS = parseGrids(
  [
    { depth: [1, 3], width: [3, [5, 8, 2]], activation: ["relu", "tanh"], networks: 2 },
    { depth: [2], width: [4], activation: ["identity"], initialiser: ["hadamard", "orthogonal"], bias: [0] },
    { depth: [2], width: [3], norm: ["frobenius"], head: ["cross-entropy"], scale: [1, 1e200] },
  ],
  "test grid",
);

export const SETTINGS: SweepSettings = {
  ...{
    grids: GRIDS,
    seed: 5,
    inputsPerNetwork: 6,
    accuracy: 1e-3,
    normMethod: "lanczos",
    certify: null,
    audit: 0.2,
    plant: null,
  },
};
export const WHOLE: Shard = { number: 1, count: 1 };
const cells = cellsOf(GRIDS, "test grid");
export const units = unitsOf(cells, SETTINGS.inputsPerNetwork);

export const cpu = createCpuEngine({ threads: 0, runtime: "test" });

export const HEADER: LedgerHeader = {
  ...{
    tool: { name: "gpv", version: "test" },
    engine: cpu.description,
    settings: SETTINGS,
    shard: WHOLE,
    grid: "--grid test",
  },
};

/** Runs the open units of a ledger. `engine` is opened anew after each failure: the k-th time with k. */
export function sweep(
  ledger: Ledger,
  changes: Partial<SweepRequest> = {},
  engine: (opened: number) => Engine = () => cpu,
): Promise<SweepOutcome> {
  if (ledger.header() === null) ledger.begin({ ...HEADER, shard: changes.shard ?? WHOLE });
  let opened = 0;
  return runSweep({
    ...{ units, settings: SETTINGS, shard: WHOLE, ledger, watchdogMs: 60_000 },
    open: () => Promise.resolve({ engine: engine(opened++), host: cpu, dispose: () => undefined }),
    clock: () => 0,
    timer: (callback, ms) => {
      const id = setTimeout(callback, ms);
      return () => {
        clearTimeout(id);
      };
    },
    ...changes,
  });
}

/** The report of ledgers, with the same timing whatever happened. */
export function reportOf(...ledgers: readonly Ledger[]): string {
  const timing = {
    elapsedMs: 0,
    samplesPerSecond: null,
    startedAt: null,
    interrupted: false,
    requested: 0,
    details: {},
  };
  return reportJson(sweepReport(HEADER, cells, mergedTallies(ledgers), timing));
}
