import { expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { agreement } from "../evidence/agreement.ts";

test("engine cpu agrees with the oracle on drawn architectures: forward, brackets, tightness, verdicts", async () => {
  const engine = createCpuEngine({ threads: 0, runtime: "test" });
  const figures = await agreement(engine, engine, 101, 0, 60, 3e6);
  expect(figures.failures).toEqual([]);
  expect(figures.brackets).toBeGreaterThan(300);
  // The stopping rule may miss one (sample, layer) in a thousand.
  expect(figures.early).toBeLessThanOrEqual(Math.ceil(figures.brackets / 1000));
  expect(figures.verdicts["tight"] ?? 0).toBeGreaterThan(0);
});
