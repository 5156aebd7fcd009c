/** The report counted again: what is right passes, and one number that is not is named. */
import { expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { DEFAULT_AUDIT, drawnPlaces, isAudited, shareAt } from "../../src/pipeline/drawn.ts";
import { verify } from "../../src/pipeline/verify.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import type { FaultName } from "../../src/engine/faults.ts";
import type { Report } from "../../src/records/report.ts";

const host = createCpuEngine({ threads: 0, runtime: "test" });
const network = randomNetwork({
  ...{ seed: 71, index: 0, widths: [5, 8, 7, 3], initialiser: "he", biasScale: 0.1 },
  activations: ["relu", "tanh", "identity"],
});
const run = async (plant?: FaultName): Promise<Report> => {
  const { report } = await verify({
    ...{ network, head: { kind: "logit-argmax" }, engine: host, host, norm: "spectral", accuracy: 1e-3, seed: 4 },
    source: {
      samples: 150,
      width: 5,
      read: (first, count) => ({
        inputs: fillInputs({ distribution: "normal", scale: 1, seed: 4 }, first, count, 5),
        labels: null,
      }),
    },
    batchSize: 40,
    ...(plant === undefined ? {} : { plant }),
  });
  return report;
};

test("a report is its rows', and says what its audit may have missed", async () => {
  const report = await run();
  expect(report.faults).toEqual([]);
  expect(report.audited.escapes).toMatch(
    /^a fault that touches fewer than .* has a chance above 1 % of not being seen$/,
  );
  // Both layers above the first of each sample.
  expect(report.accuracy).toMatchObject({ asked: 1e-3, audited: report.audited.samples, missed: 0 });
});

test.each([
  ["report-mean-high", "the mean ‖∇ₓf‖² is"],
  ["report-mean-of-others", "the mean ratio is"],
  ["report-count-moved", "the number of samples that are holds is"],
  ["report-median-high", "ratio median is"],
  ["report-quantile-of-others", "ratio p99 is"],
  ["report-maximum-dropped", "the largest ratio is"],
  ["inputs-row-early", "is read again by itself"],
  ["plan-weights-f16", "in the plan, and"],
] as const)("%s is found, and no sample blamed", async (plant, reason) => {
  const { faults, verdicts } = await run(plant);
  expect(faults.map((f) => f.example?.reason).join()).toContain(reason);
  expect(verdicts.violated).toBe(0);
});

test("the default share is a function of the index alone, and what a share audits a larger one does too", () => {
  expect([0, 99_999, 100_000, 1e9].map((i) => shareAt(null, i))).toEqual([0.01, 0.01, 0.001, 0.001]);
  expect(shareAt(0.3, 1e9)).toBe(0.3);
  const counted = (from: number, share: number | null): number =>
    Array.from({ length: 50_000 }, (_, k) => isAudited(9, from + k, share)).filter(Boolean).length;
  // Five standard deviations of a binomial.
  expect(Math.abs(counted(0, null) - 500)).toBeLessThan(112);
  expect(Math.abs(counted(DEFAULT_AUDIT.until, null) - 50)).toBeLessThan(36);
  for (let i = 99_000; i < 101_000; i++) if (isAudited(9, i, null)) expect(isAudited(9, i, 0.01)).toBe(true);
});

test.each([
  [9, 0, 1000, null],
  [9, 99_970, 3000, null],
  [2 ** 53 - 1, 2 ** 32 - 70, 200, 0.3],
  [4, 3 * 2 ** 40 + 5, 77, 1],
  [4, 12, 50, 0],
] as const)("the places of seed %i from index %i on, %i samples, share %s, are those that are audited", (...given) => {
  const [seed, first, samples, share] = given;
  const right = Array.from({ length: samples }, (_, at) => at).filter((at) => isAudited(seed, first + at, share));
  expect(drawnPlaces(seed, first, samples, share)).toEqual(right);
});
