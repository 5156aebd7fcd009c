import { expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { makePlan } from "../../src/engine/plan.ts";
import type { Network } from "../../src/network/network.ts";

const SETTINGS = { head: { kind: "sum" }, precision: "f64", norm: "spectral", accuracy: 1e-3, seed: 1 } as const;

test("a network whose weights were changed in place since the last run is measured as it is now", async () => {
  const weight = Float64Array.of(1, 2, 3, 4);
  const network: Network = {
    layers: [{ inputs: 2, outputs: 2, weight, bias: new Float64Array(2), activation: "identity" }],
  };
  const engine = createCpuEngine({ threads: 0, runtime: "test" });
  const values: number[] = [];
  for (const entry of [1, 5]) {
    weight[0] = entry;
    const batch = { first: 0, samples: 1, inputs: Float64Array.of(1, 10), labels: null };
    const measured = await engine.measure(makePlan(network, SETTINGS), batch);
    values.push(measured.measurements.value[0] ?? NaN);
    measured.release();
  }
  engine.dispose();
  expect(values).toEqual([1 + 20 + 3 + 40, 5 + 20 + 3 + 40]);
});
