import { expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { agreement, STRUCTURED } from "../evidence/agreement.ts";

test("and on matrices with repeated, near-tied and structured singular vectors, ‖W‖ to 1e-9", async () => {
  const engine = createCpuEngine({ threads: 0, runtime: "test" });
  const figures = await agreement(engine, engine, 301, 0, 250, 1e9, STRUCTURED);
  expect(figures.failures).toEqual([]);
  expect(figures.brackets).toBeGreaterThan(800);
  expect(figures.early).toBeLessThanOrEqual(Math.ceil(figures.brackets / 1000));
});

test("engine cpu agrees with the oracle on drawn architectures: forward, brackets, tightness, verdicts", async () => {
  const engine = createCpuEngine({ threads: 0, runtime: "test" });
  const figures = await agreement(engine, engine, 101, 0, 60, 3e6);
  expect(figures.failures).toEqual([]);
  expect(figures.brackets).toBeGreaterThan(300);
  // The stopping rule may miss one (sample, layer) in a thousand.
  expect(figures.early).toBeLessThanOrEqual(Math.ceil(figures.brackets / 1000));
  expect(figures.verdicts["tight"] ?? 0).toBeGreaterThan(0);
});
