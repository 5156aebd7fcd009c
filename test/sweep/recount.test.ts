/** A sweep's report counted again of its ledger's tallies: what is right passes, and each number that is not is named. */
import { expect, test } from "vitest";
import type { SweepReport } from "../../src/records/sweep.ts";
import { cellsOf } from "../../src/sweep/grid.ts";
import { memoryLedger } from "../../src/sweep/ledger.ts";
import { createSweepRecount } from "../../src/sweep/recount.ts";
import { sweepReport } from "../../src/sweep/report.ts";
import type { Tally } from "../../src/sweep/tally.ts";
import { GRIDS, HEADER, sweep } from "./support.ts";

const timing = {
  ...{ elapsedMs: 0, samplesPerSecond: null, startedAt: null, interrupted: false, requested: 0, details: {} },
};
const cells = cellsOf(GRIDS, "test grid");
const swept = async (): Promise<{ report: SweepReport; tallies: (readonly [number, Tally])[] }> => {
  const ledger = memoryLedger();
  await sweep(ledger);
  const tallies = [...ledger.tallies()];
  return { report: sweepReport(HEADER, cells, tallies, timing), tallies };
};
const differences = (report: SweepReport, tallies: readonly (readonly [number, Tally])[]): string[] => {
  const recount = createSweepRecount();
  for (const [architecture, tally] of tallies) recount.add(architecture, tally);
  return recount.differences(report);
};

test("a sweep's report is its ledger's tallies, and every number that is moved is named", async () => {
  const { report, tallies } = await swept();
  expect(differences(report, tallies)).toEqual([]);
  expect(report.faults).toEqual([]);
  const { verdicts, penalties, ratio, coefficient, escalations, layers } = report;
  const [first, ...others] = layers;
  if (first === undefined) throw new RangeError("no layer");
  const moved = { ...verdicts, holds: verdicts.holds - 1, tight: verdicts.tight + 1 };
  const wrong: readonly (readonly [Partial<SweepReport>, string])[] = [
    [{ samples: report.samples + 1 }, "samples is"],
    [{ verdicts: moved }, "the number of samples that are holds is"],
    [{ escalations: { ...escalations, iterated: escalations.iterated + 1 } }, "that are iterated is"],
    [{ audited: { ...report.audited, samples: 1 } }, "audited samples is"],
    [{ penalties: { ...penalties, input: (penalties.input ?? NaN) * (1 + 1e-12) } }, "the mean ‖∇ₓf‖² is"],
    [{ ratio: { ...ratio, mean: (ratio.mean ?? NaN) * (1 - 1e-12) } }, "the mean ratio is"],
    [{ ratio: { ...ratio, counted: ratio.counted - 1 } }, "the number of ratios is"],
    [{ coefficient: { ...coefficient, max: (coefficient.max ?? NaN) / 2 } }, "the largest coefficient is"],
    [{ layers: [{ ...first, tightness: { ...first.tightness, max: 0.5 } }, ...others] }, "tightness of layer 1 is"],
    [{ bounds: { ...report.bounds, product: 0 } }, 'the use of the bound "product" is'],
    [{ architectures: report.architectures.slice(1) }, "the samples of all architectures is"],
  ];
  for (const [change, words] of wrong)
    expect(differences({ ...report, ...change }, tallies).join(), words).toContain(words);
});

test("a tally whose own counts do not add up is named with its architecture, in the report's faults", async () => {
  const { tallies } = await swept();
  const [number, tally] = tallies[0] as readonly [number, Tally];
  tally.verdicts.holds++;
  const { faults } = sweepReport(HEADER, cells, tallies, timing);
  expect(faults.map(({ check }) => check)).toEqual(["report"]);
  expect(faults[0]?.example?.reason).toContain(`of architecture ${String(number)} the samples are`);
});
