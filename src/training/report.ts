/** The report of a training, or of checkpoints, from what its runs left. */
import type { EngineDescription } from "../engine/engine.ts";
import type { Network } from "../network/network.ts";
import { formatActivation } from "../network/parametric.ts";
import type { Json } from "../records/kit.ts";
import type { SeriesRow, TrainedRun, TrainingReport } from "../records/training.ts";
import { sumOf } from "./probe.ts";

export interface ReportParts {
  readonly command: TrainingReport["command"];
  readonly tool: TrainingReport["tool"];
  readonly engine: EngineDescription;
  readonly settings: { readonly [key: string]: Json };
  readonly seed: number;
  readonly inputsSha256: string | null;
  readonly labelsSha256: string | null;
  /** Any of them: widths and activations are those of all. */
  readonly network: Network;
  readonly data: TrainingReport["data"];
  readonly runs: readonly Omit<TrainedRun, "probes" | "last">[];
  readonly series: readonly SeriesRow[];
  readonly timing: TrainingReport["timing"];
}

export function trainingReport(parts: ReportParts): TrainingReport {
  const { command, tool, engine, settings, seed, inputsSha256, labelsSha256, network, data, series, timing } = parts;
  const verdicts = sumOf(series.map((row) => row.verdicts));
  const samples = Object.values(verdicts).reduce((sum, n) => sum + n, 0);
  return {
    schema: "gradient-penalty-training/1",
    ...{ tool, engine, command, run: { settings, seed, inputsSha256, labelsSha256 } },
    model: {
      layers: network.layers.map(({ inputs, outputs, activation }, i) => ({
        layer: i + 1,
        inputs,
        outputs,
        activation: formatActivation(activation),
      })),
    },
    ...{ data, verdicts, unresolved: samples === 0 ? null : verdicts.unresolved / samples },
    runs: parts.runs.map((run) => {
      const own = series.filter((row) => row.seed === run.seed);
      return { ...run, probes: own.length, last: own.at(-1) ?? null };
    }),
    ...{ series, timing },
  };
}
