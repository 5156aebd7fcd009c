import { expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { exactly } from "../evidence/exact.ts";
import { extremes } from "../evidence/extremes.ts";

const host = createCpuEngine({ threads: 0, runtime: "test" });

test(
  "extreme numbers get the right verdict on engine cpu, or invalid where f64 ends",
  { timeout: 60_000 },
  async () => {
    const figures = await extremes(host, host, 64, 150);
    expect(figures.failures).toEqual([]);
    expect(figures.verdicts["tight"] ?? 0).toBeGreaterThan(50);
    expect(figures.verdicts["invalid"]).toBe(4);
    expect(figures.exact).toBeGreaterThan(200);
  },
);

test("rational arithmetic bears every f64 verdict out, at equality too", { timeout: 60_000 }, async () => {
  const figures = await exactly(host, 500, 560, true);
  expect(figures.failures).toEqual([]);
  expect(figures.corrected).toEqual([]);
  expect(figures.outcomes["tight: equality"] ?? 0).toBeGreaterThan(10);
});
