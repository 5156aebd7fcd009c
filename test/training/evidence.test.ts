import { expect, test } from "vitest";
import { proveTraining } from "../evidence/training.ts";

/** The small ones of the proof at full size, and what knowing nothing costs: log 4, log 2. */
const IGNORANCE = {
  "12-24-24-4 tanh, cross-entropy, input penalty": Math.log(4),
  "12-40-1 softplus, logistic, parameter penalties": Math.log(2),
};

test("nothing is violated and nothing open while networks learn; each loss falls", async () => {
  const cases = Object.keys(IGNORANCE);
  const figures = await proveTraining({
    proof: "training",
    engine: "cpu",
    seeds: 1,
    samples: { digits: 8, drawn: 8 },
    steps: 150,
    cases,
  });
  expect(figures).toMatchObject({ violated: 0, unresolved: 0, invalid: 0 });
  expect(figures["samples"]).toBeGreaterThan(1000);
  const trainings = figures["trainings"] as Record<string, { readonly lastLoss: number; readonly diverged: number }>;
  for (const [name, most] of Object.entries(IGNORANCE)) {
    expect(trainings[name]?.lastLoss, name).toBeLessThan(0.9 * most);
    expect(trainings[name]?.diverged, name).toBe(0);
  }
});
