/** Where J_t has less rank than n_t the iteration exhausts its space before n_t steps and between its checkpoints: no fault of a clean run. */
import { expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { verify } from "../../src/pipeline/verify.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { normals } from "../support/stream.ts";

const SAMPLES = 8;

test.each([
  ["a narrow first layer", [5, 9, 6, 4], ["tanh", "gelu", "identity"]],
  ["a narrow layer between", [8, 6, 14, 4], ["gelu", "identity", "softplus"]],
  ["dead units", [8, 9, 14, 12, 4], ["relu", "relu", "relu", "identity"]],
] as const)("%s: a clean sample's audit finds nothing", async (_, widths, activations) => {
  const host = createCpuEngine({ threads: 0, runtime: "test" });
  const found: string[] = [];
  const [width] = widths;
  for (let index = 0; index < 12; index++) {
    const address = { seed: 171, index, widths, activations, initialiser: "he", biasScale: 0.2 } as const;
    const inputs = Float64Array.from(normals(172, index, SAMPLES * width));
    const read = (first: number, count: number) => ({
      ...{ inputs: inputs.slice(first * width, (first + count) * width), labels: null },
    });
    await verify({
      ...{ network: randomNetwork(address), head: { kind: "sum" }, engine: host, host, norm: "spectral" },
      ...{ accuracy: index % 2 === 0 ? 1e-3 : 1e-6, audit: 1, seed: index },
      source: { samples: SAMPLES, width, read },
      onRow: ({ violations = [] }) => found.push(...violations.map(({ detail }) => detail)),
    });
  }
  expect(found).toEqual([]);
});
