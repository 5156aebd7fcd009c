import { expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Context, Scale } from "../evidence/experiments/runs.ts";
import { makeRuns, memoryStore, runsOf } from "../evidence/experiments/runs.ts";
import { loadSets } from "../evidence/experiments/sets.ts";
import { summarise } from "../evidence/experiments/summary.ts";

/** The whole protocol with one seed, 64 samples and one network of each grid. */
const REDUCED: Scale = {
  ...{ seeds: [1], samples: 64, time: 8, probed: 8, tasks: ["base"], exponents: [2, 3, 4] },
  arms: ["flow", "full-0.1", "full-0.2", "16-0.2", "1-0.02", "full-0.1-parameter-each-0.01"],
};

test("the protocol, reduced: every run is made once, a cut run goes on, and each summary is there", async () => {
  const engine = createCpuEngine({ threads: 0, runtime: "test", undisturbed: true });
  const context: Context = { sets: await loadSets(REDUCED.samples), engine, scale: REDUCED };
  const store = memoryStore();
  const names = runsOf(REDUCED).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  let made = 0;
  const cutAt = 5;
  const cut = (): void => {
    if (++made === cutAt) throw new Error("cut");
  };
  await expect(makeRuns(context, store, cut)).rejects.toThrow("cut");
  const partial = summarise(REDUCED, store);
  expect(partial).toMatchObject({ runs: cutAt, missing: names.length - cutAt });
  await makeRuns(context, store, () => made++);
  expect(made).toBe(names.length);
  const summary = summarise(REDUCED, store);
  expect(summary).toMatchObject({ seeds: 1, missing: 0, diverged: 0 });

  // Nothing is violated; W_t, h_t, J_t of three layers in two norms but for h_1 and J_1.
  const { base } = summary.norms;
  expect(base?.violated).toBe(0);
  expect(Object.keys(base?.factors ?? {})).toHaveLength(2 + 2 * (3 + 2));
  for (const { all } of Object.values(base?.factors ?? {})) expect(all.mean).toBeGreaterThan(0);
  expect(Object.keys(base?.functions ?? {})).toEqual(["loss", "margin", "outputs"]);

  // Descent at a tenth of the way to the flow's loss is near the flow; a penalty on P_θ lowers P_θ at equal loss.
  const arms = summary.comparisons["base"]?.arms ?? {};
  expect(Object.keys(arms)).toEqual(["full-0.1", "full-0.2", "16-0.2", "1-0.02"]);
  const away = (name: string): number => Math.abs(arms[name]?.at(-1)?.energy.mean ?? NaN);
  expect(away("full-0.1")).toBeLessThan(away("1-0.02"));
  const dose = summary.doses["full-0.1-parameter-each-0.01"]?.at(-1);
  expect(dose?.a.mean).toBeLessThan(0);
  expect(summary.corner.network.toFlow.mean).toBeGreaterThan(0.9);
  expect(summary.corner.network.toFlow.mean).toBeLessThan(1.1);
  expect(summary.corner.network.toModified.mean).toBeGreaterThan(1.8);
  expect(summary.corner.network.toModified.mean).toBeLessThan(2.2);
});
