/** Tallies → the report of a sweep, counted twice (recount.ts): the same for the same tallies, whoever made them and in what order. */
import type { Report, ReportedLayer, Timing } from "../records/report.ts";
import { TIGHTNESS_NUMBERS } from "../records/report.ts";
import type { Quantiles, Spread } from "../records/shared.ts";
import { auditedShare } from "../pipeline/statistics.ts";
import { formatAddress } from "./case.ts";
import type { Cell, Cells } from "./grid.ts";
import type { LedgerHeader } from "./ledger.ts";
import type { AddressedCase, ReportedArchitecture, SweepReport } from "../records/sweep.ts";
import { createSweepRecount } from "./recount.ts";
import { QUANTILE_ERROR, sketchQuantiles, sumValue } from "../pipeline/sketch.ts";
import type { LayerTally, ReachedCase, Spreading, Summing, Tally } from "./tally.ts";
import { emptyTally, mergeTally } from "./tally.ts";

/** @param cells the grid's; @param tallies by architecture, in rising order. */
export function sweepReport(
  header: LedgerHeader,
  cells: Cells,
  tallies: Iterable<readonly [number, Tally]>,
  timing: Timing,
): SweepReport {
  const { settings, tool, engine } = header;
  const { seed, certify } = settings;
  const whole = emptyTally(0);
  const recount = createSweepRecount();
  const architectures: ReportedArchitecture[] = [];
  for (const [number, tally] of tallies) {
    const cell = cells.at(number);
    if (cell === undefined) throw new RangeError(`architecture ${String(number)} of a grid without it`);
    recount.add(number, tally);
    mergeTally(whole, tally);
    architectures.push(reportedArchitecture(cell, tally));
  }
  const addressed = (reached: ReachedCase): AddressedCase => ({
    address: formatAddress({ seed, network: reached.network, sample: reached.sample }),
    architecture: cells.ofNetwork(reached.network)?.architecture ?? 0,
    verdict: reached.verdict,
    ratio: reached.ratio,
    ...(reached.reason === undefined ? {} : { reason: reached.reason }),
  });
  return recount.held({
    schema: "gradient-penalty-report/1",
    tool,
    engine,
    run: {
      settings: {
        grid: settings.grids as unknown as Report["run"]["settings"],
        inputsPerNetwork: settings.inputsPerNetwork,
        accuracy: settings.accuracy,
        normMethod: settings.normMethod,
        certify,
        audit: settings.audit,
      },
      seed,
      modelSha256: null,
      inputsSha256: null,
      roundedValues: whole.roundedValues,
      ...(settings.plant === null ? {} : { plant: settings.plant }),
    },
    architectures,
    head: cells.distinct("head").join(","),
    norm: cells.distinct("norm").join(","),
    samples: whole.samples,
    verdicts: whole.verdicts,
    audited: auditedShare(whole.audited),
    penalties: penalties(whole),
    ratio: quantiles(whole.ratio, "no valid sample with rhs > 0"),
    coefficient: quantiles(whole.coefficient, "no valid sample"),
    layers: whole.layers.map((layer, i) => ({ layer: i + 1, ...spreads(layer) })),
    escalations: whole.escalations,
    ...(certify === null ? {} : { certified: { width: certify, ...whole.certified } }),
    bounds: whole.bounds,
    faults: [...whole.faults.values()].map(({ check, layer, count, network, example }) => ({
      check,
      layer,
      count,
      address: formatAddress({ seed, network, sample: example.index }),
      example,
    })),
    tightest: whole.tightest.map(addressed),
    worst: whole.worst.map(addressed),
    quantileError: QUANTILE_ERROR,
    timing,
  });
}

function reportedArchitecture(cell: Cell, tally: Tally): ReportedArchitecture {
  const { architecture, depth, widths, activation, initialiser, scale, bias, head, norm, distribution, inputScale } =
    cell;
  return {
    ...{ architecture, depth, widths, activation, initialiser, scale, bias, head, norm, distribution, inputScale },
    networks: tally.networks,
    samples: tally.samples,
    verdicts: tally.verdicts,
    ratio: quantiles(tally.ratio, "no valid sample with rhs > 0"),
    coefficient: quantiles(tally.coefficient, "no valid sample"),
    layers: tally.layers.map((layer, i) => ({
      layer: i + 1,
      weightNorm: spread(layer.weightNorm),
      jacobianNorm: spread(layer.jacobianNorm),
      tightness: spread(layer.tightness),
    })),
  };
}

function penalties({ penalties: { valid, overflowed, input, parameter } }: Tally): Report["penalties"] {
  if (valid === 0) return { input: null, parameter: null, reason: "no valid sample" };
  if (overflowed > 0) {
    return { input: null, parameter: null, reason: `a square overflows in ${String(overflowed)} valid samples` };
  }
  return { input: sumValue(input) / valid, parameter: sumValue(parameter) / valid };
}

const SHARES = [0.01, 0.1, 0.5, 0.9, 0.99] as const;

function quantiles(summing: Summing, reason: string): Quantiles {
  const { counted, min, max, sum } = summing;
  if (counted === 0) {
    const none = { min: null, p01: null, p10: null, median: null, mean: null, p90: null, p99: null, max: null };
    return { ...none, counted, reason };
  }
  const [p01, p10, median, p90, p99] = within(summing, SHARES) as [number, number, number, number, number];
  return { min, p01, p10, median, mean: sumValue(sum) / counted, p90, p99, max, counted };
}

function spreads(layer: LayerTally): Pick<ReportedLayer, (typeof TIGHTNESS_NUMBERS)[number]> {
  const found = TIGHTNESS_NUMBERS.map((name) => [name, spread(layer[name])] as const);
  return Object.fromEntries(found) as Record<(typeof TIGHTNESS_NUMBERS)[number], Spread>;
}

function spread(spreading: Spreading): Spread {
  if (spreading.counted === 0) {
    return { min: null, median: null, max: null, reason: "no sample with a finite value" };
  }
  const [median = NaN] = within(spreading, [0.5]);
  return { min: spreading.min, median, max: spreading.max };
}

/** Quantiles of the sketch, held between the exact extremes, which can only bring them nearer. */
function within({ sketch, min, max }: Spreading, shares: readonly number[]): number[] {
  return sketchQuantiles(sketch, shares).map((q) => Math.min(max, Math.max(min, q)));
}
