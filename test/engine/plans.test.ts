/** Runs side by side on one engine cpu, each with its own plan: none may lose it while others come and go. */
import { expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { makePlan } from "../../src/engine/plan.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";

const plan = (index: number): Plan =>
  makePlan(randomNetwork({ seed: 2, index, widths: [3, 4, 2], activations: ["relu", "identity"], initialiser: "he" }), {
    head: { kind: "sum" },
    precision: "f64",
    norm: "spectral",
    accuracy: 1e-3,
    seed: 1,
  });

test("a plan in use is kept, however many blocks and plans other runs go through", async () => {
  const engine = createCpuEngine({ threads: 0, runtime: "test" });
  const inputs = fillInputs({ distribution: "normal", scale: 1, seed: 1 }, 0, 70, 3);
  const measure = async (own: Plan): Promise<number> => {
    const measured = await engine.measure(own, { first: 0, samples: 70, inputs, labels: null });
    measured.release();
    return measured.measurements.value[69] ?? NaN;
  };
  const old = plan(0);
  const expected = await measure(old);
  const others = async (): Promise<void> => {
    for (let k = 1; k <= 30; k++) await measure(plan(k));
  };
  const own = async (): Promise<void> => {
    for (let k = 0; k < 40; k++) expect(await measure(old)).toBe(expected);
  };
  await Promise.all([own(), others(), own(), others()]);
});
