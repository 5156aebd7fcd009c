/** The campaign of `npm run faults`, reduced: every fault is found, in its samples and in a run at the default audit. */
import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { createTamper } from "../../src/engine/cpu/faults.ts";
import type { FAULT_NAMES } from "../../src/engine/faults.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { runProof } from "../evidence/run-proof.ts";
import { skipReason } from "../support/software-gpu.ts";
import type { CampaignFigures } from "./all.ts";
import { allFaults, namesOf } from "./all.ts";
import type { FaultFigures } from "./campaign.ts";
import { isFound, measureFault } from "./campaign.ts";
import { faultsPage } from "./page.ts";
import type { RunFigures, RunSizes } from "./runs.ts";
import { agrees, likelihood } from "./runs.ts";

const SIZES = { scenarios: 2, samples: 12, large: 300, run: null };

function expectFound({ faults }: CampaignFigures, names: readonly string[]): void {
  expect(faults.map((f) => f.name)).toEqual(names);
  expect(faults.filter((f) => f.affected === 0).map((f) => f.name)).toEqual([]);
  expect(faults.filter((f) => !isFound(f)).map((f) => f.name)).toEqual([]);
}

test("stale inputs on engine cpu are those of the block before, not of the first", () => {
  const tamper = createTamper({} as Plan, "inputs-stale");
  // Two rows, samples contiguous; the third block is shorter, so that the last has a sample that nothing stood at before.
  const blocks = [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10],
    [11, 12, 13, 14],
  ];
  const seen = blocks.map((x) => Array.from(tamper("hidden", 1, Float64Array.from(x), x.length / 2)));
  expect(seen).toEqual([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
    [5, 7],
    [9, 12, 10, 14],
  ]);
});

describe("every planted fault is found", () => {
  test("there are at least 65, on every engine", () => {
    expect(namesOf("cpu").length).toBeGreaterThanOrEqual(65);
    expect(namesOf("webgpu").length).toBeGreaterThanOrEqual(65);
  });

  test("on engine cpu", { timeout: 120_000 }, async () => {
    const host = createCpuEngine({ threads: 0, runtime: "test" });
    const open = (fault?: (typeof FAULT_NAMES)[number]) =>
      Promise.resolve(createCpuEngine({ threads: 0, runtime: "test", ...(fault === undefined ? {} : { fault }) }));
    expectFound(await allFaults({ kind: "cpu", open, host }, SIZES, () => undefined), namesOf("cpu"));
  });

  // In two halves, since each fault is a device with kernels of its own.
  test.skipIf(skipReason !== null).each([0, 1] as const)(
    "on engine webgpu, whose allowed flushing raises no alarm, half %i",
    { timeout: 240_000 },
    async (half) => {
      const figures = (await runProof("node", {
        proof: "faults",
        engine: "webgpu",
        sizes: { ...SIZES, scenarios: 1, half },
      })) as unknown as CampaignFigures;
      expectFound(figures, namesOf("webgpu", { half }));
      expect(figures.flushing).toEqual({ samples: SIZES.samples, falseAlarms: 0 });
    },
  );
});

test("a run finds a fault as often as is claimed, and just where it draws a sample that the audit catches", async () => {
  const host = createCpuEngine({ threads: 0, runtime: "test" });
  const open = (fault?: (typeof FAULT_NAMES)[number]) =>
    Promise.resolve(createCpuEngine({ threads: 0, runtime: "test", ...(fault === undefined ? {} : { fault }) }));
  const clean = await open();
  const measured = async (name: (typeof FAULT_NAMES)[number], samples: number, other: Partial<RunSizes> = {}) => {
    const sizes = { ...SIZES, scenarios: 0, run: { samples, runs: 400, whole: 12, ...other } };
    return (await measureFault({ kind: "cpu", open, host }, clean, name, sizes)).run as RunFigures;
  };
  const one = await measured("one-in-500-turned", 200);
  expect(one).toMatchObject({ whole: { runs: 12, agreeing: 12 } });
  expect(one.claimed).toBeCloseTo(0.01, 12);
  const two = await measured("one-in-500-turned", 600);
  expect(two.claimed).toBeCloseTo(1 - 0.99 ** 2, 12);
  for (const figures of [one, two]) {
    expect(agrees(figures)).toBe(true);
    expect(agrees({ ...figures, flagged: figures.flagged + 40 })).toBe(false);
    expect(agrees({ ...figures, whole: { ...figures.whole, agreeing: 11 } })).toBe(false);
  }
  // From index 100,000 on a tenth as many are drawn.
  const beyond = await measured("one-in-500-turned", 400, { first: 100_010, runs: 4000 });
  expect(beyond.claimed).toBeCloseTo(0.001, 12);
  expect(agrees(beyond)).toBe(true);
  expect(agrees({ ...beyond, flagged: 40 })).toBe(false);
  expect(await measured("vjp-transposed", 50)).toMatchObject({ claimed: 1, flagged: 400 });
});

test("the likelihood of a count is a binomial's", () => {
  expect(likelihood({ runs: 10, flagged: 0, claimed: 0.5 })).toBeCloseTo(2 * 0.5 ** 10, 12);
  expect(likelihood({ runs: 200, flagged: 200, claimed: 1 })).toBe(1);
  expect(likelihood({ runs: 200, flagged: 199, claimed: 1 })).toBe(0);
  expect(likelihood({ runs: 200, flagged: 4, claimed: 0.02 })).toBe(1);
});

test("docs/faults.md names what falls short, and says when nothing does", () => {
  const found = { inequality: 0, cut: 0, local: 10, norms: 0, identity: 0, iteration: 0, accuracy: 0, run: 0, all: 10 };
  const run = { samples: 1000, runs: 200, flagged: 200, claimed: 0.99975, whole: { runs: 0, flagged: 0, agreeing: 0 } };
  const one: FaultFigures = {
    ...{ name: "a", changes: "b", engine: "cpu", samples: 12, affected: 10, detected: found, run },
  };
  const clean = { samples: 5, architectures: 1, falseAlarms: 0 };
  const page = (figures: FaultFigures): string =>
    faultsPage([{ engine: "cpu f64", faults: [figures], flushing: null }], clean);
  expect(page(one)).toContain("every fault is found in at least 99 %");
  expect(page(one)).toContain(
    "| `a` | b | 10 of 12 | 0.0 % | 0.0 % | 100 % | 0.0 % | 0.0 % | 0.0 % | 0.0 % | 0.0 % | 100 % | 200 of 200 | 99.97 % |",
  );
  expect(page({ ...one, run: { ...run, flagged: 190 } })).toContain(
    "- `a` (cpu): 100 % of its samples, 190 of 200 runs, claimed 99.97 %.",
  );
  expect(page({ ...one, detected: { ...found, all: 9 } })).toContain(
    "- `a` (cpu): 90.0 % of its samples, 200 of 200 runs, claimed 99.97 %.",
  );
});
