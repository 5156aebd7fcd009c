/** The planted faults of the pipeline's own numbers: of inputs as they are read, of a report's sums and counts. */
import type { FaultName } from "../engine/faults.ts";
import type { Statistics, StatisticsResult } from "./statistics.ts";

/** Statistics with the fault in what they report, where it is one of a report's. */
export function withStatisticsFault(statistics: Statistics, fault: FaultName | null | undefined): Statistics {
  const change = CHANGES[fault ?? ""];
  return change === undefined ? statistics : { ...statistics, result: () => change(statistics.result()) };
}

/** What was read or drawn, with the fault in it where it is this one. */
export function withInputFault(inputs: Float64Array, fault: FaultName | null | undefined): Float64Array {
  return fault === "inputs-drawn-wide" ? inputs.map((x) => 1.01 * x) : inputs;
}

const times = (x: number | null, factor: number): number | null => (x === null ? null : x * factor);

const CHANGES: Readonly<Record<string, (result: StatisticsResult) => StatisticsResult>> = {
  "report-mean-high": (r) => ({ ...r, penalties: { ...r.penalties, input: times(r.penalties.input, 1.001) } }),
  "report-mean-of-others": (r) => ({
    ...r,
    ratio: { ...r.ratio, mean: times(r.ratio.mean, r.samples / (r.samples + 1)) },
  }),
  "report-count-moved": (r) => ({
    ...r,
    verdicts: { ...r.verdicts, holds: r.verdicts.holds - 1, tight: r.verdicts.tight + 1 },
  }),
  "report-median-high": (r) => ({ ...r, ratio: { ...r.ratio, median: times(r.ratio.median, 1.001) } }),
  "report-quantile-of-others": (r) => ({ ...r, ratio: { ...r.ratio, p99: r.ratio.p90 } }),
  "report-maximum-dropped": (r) => ({ ...r, ratio: { ...r.ratio, max: r.ratio.median } }),
};
