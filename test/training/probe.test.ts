import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { ProbeSampleRow, SeriesRow } from "../../src/records/training.ts";
import { hessianProduct } from "../../src/training/curvature.ts";
import { lossHead } from "../../src/training/data.ts";
import { evaluate, passes } from "../../src/training/evaluate.ts";
import { zerosLike } from "../../src/training/parameters.ts";
import type { ProbeSettings } from "../../src/training/probe.ts";
import { probe, probeSteps } from "../../src/training/probe.ts";
import { meanGradient } from "../../src/training/gradient.ts";
import { createTrainer, halfPenaltyGradient, initialNetwork } from "../../src/training/trainer.ts";
import { largestEigenvalue } from "./eigen.ts";
import { dataset, examineAll, flat, meanGradientOf, penaltyOf, settings, WIDTHS } from "./support.ts";

const SAMPLES = 12;
const data = dataset(SAMPLES);
const network = initialNetwork(settings());
const OUTPUTS = WIDTHS[3];

async function probed(changes: Partial<ProbeSettings> = {}): Promise<{ row: SeriesRow; samples: ProbeSampleRow[] }> {
  const engine = createCpuEngine({ threads: 0, runtime: "test" });
  const samples: ProbeSampleRow[] = [];
  const probing: ProbeSettings = {
    ...{ loss: "cross-entropy", batch: 4, logits: true, accuracy: 1e-3, audit: 0, seed: 0 },
    ...changes,
  };
  const row = await probe({
    ...{ network, data, settings: probing, engines: { engine, host: engine }, signal: null },
    place: { seed: 3, step: 7, epoch: 0.5, learningRate: 0.1, batchLoss: null },
    ...{ train: evaluate(network, probing.loss, data), held: null },
    onSample: (sample) => samples.push(sample),
  });
  if (row === null) throw new Error("interrupted");
  return { row, samples };
}

const { row, samples } = await probed();
const near = (a: number | null | undefined, b: number | null | undefined): void => {
  // Means of some hundred products: what they are equal to is another order of the same sums.
  expect(Math.abs((a ?? NaN) - (b ?? NaN))).toBeLessThanOrEqual(1e-12 * Math.abs(b ?? NaN));
};

describe("a probe", () => {
  test("has every sample of every function, each proven, the loss in both norms", () => {
    expect(row.functions.map((f) => `${f.function} ${f.norm}`)).toEqual([
      ...["loss spectral", "margin spectral"],
      ...Array.from({ length: OUTPUTS }, (_, k) => `logit:${String(k)} spectral`),
      "loss frobenius",
    ]);
    expect(samples).toHaveLength((3 + OUTPUTS) * SAMPLES);
    expect(row.verdicts.holds + row.verdicts.tight).toBe(samples.length);
    expect(samples.every(({ seed, step }) => seed === 3 && step === 7)).toBe(true);
  });

  test("has both penalties as the oracle has them, and of each sample P_θ/P_x = C/ρ", () => {
    const examined = examineAll(network, "cross-entropy", data);
    const [loss] = row.functions;
    near(loss?.parameterPenalty, penaltyOf("parameter-each", examined).value);
    near(loss?.inputPenalty, penaltyOf("input", examined).value);
    near(row.dirichletEnergy, loss?.inputPenalty);
    for (const s of samples.filter((one) => one.norm === "spectral")) {
      near(
        (s.coefficient ?? NaN) / (s.ratio ?? NaN),
        ((s.parameterGradientNorm ?? NaN) / (s.inputGradientNorm ?? NaN)) ** 2,
      );
    }
  });

  test("has the geometric complexity apart: the Dirichlet energies of all outputs added up", () => {
    const logits = row.functions.filter((f) => f.function.startsWith("logit:"));
    near(
      row.geometricComplexity,
      logits.reduce((sum, f) => sum + (f.inputPenalty ?? NaN), 0),
    );
  });

  test("has three squared gradients, of which the last two meet at batches of one and the first two at full ones", async () => {
    const examined = examineAll(network, "cross-entropy", data);
    const squares = (list: typeof examined): number =>
      meanGradientOf(list).reduce((sum, { value }) => sum + value * value, 0);
    near(row.gradientSquares.fullBatch, squares(examined));
    near(
      row.gradientSquares.minibatch,
      [0, 4, 8].reduce((sum, i) => sum + squares(examined.slice(i, i + 4)) / 3, 0),
    );
    near(row.gradientSquares.perSample, row.functions[0]?.parameterPenalty);
    const one = (await probed({ batch: 1, logits: false })).row.gradientSquares;
    near(one.minibatch, one.perSample);
    const all = (await probed({ batch: 100, logits: false })).row.gradientSquares;
    expect(all.batch).toBe(SAMPLES);
    near(all.minibatch, all.fullBatch);
    expect(one.perSample).toBeGreaterThan(all.fullBatch ?? NaN);
  });

  test("has the Hessian's largest eigenvalue, within its residual of the dense matrix's", () => {
    const head = lossHead("cross-entropy", data);
    const whole = [...passes(network, data, () => head, true)];
    const size = flat(zerosLike(network)).length;
    const columns = Array.from({ length: size }, (_, k) => {
      const v = zerosLike(network);
      let at = k;
      for (const { weight, bias } of v) {
        for (const values of [weight, bias]) {
          if (at >= 0 && at < values.length) values[at] = 1;
          at -= values.length;
        }
      }
      return flat(hessianProduct(whole, SAMPLES, v));
    });
    columns.forEach((column, i) => {
      // Symmetric, though nothing in its making is.
      column.forEach((x, j) => expect(Math.abs(x - (columns[j]?.[i] ?? NaN))).toBeLessThan(1e-14));
    });
    const { largest, residual } = row.hessian;
    const dense = largestEigenvalue(columns);
    expect(Math.abs((largest ?? NaN) - dense)).toBeLessThanOrEqual((residual ?? NaN) + 1e-9);
    expect(residual ?? NaN).toBeLessThanOrEqual(1e-3 * (largest ?? NaN));
  });

  test("has the cosine of both penalties' gradients, which gradient.test.ts holds against differences", () => {
    const [pass] = [...passes(network, data, () => lossHead("cross-entropy", data), true)];
    if (pass === undefined) throw new Error("no pass");
    const plain = meanGradient(pass);
    const [a, b] = (["parameter-each", "input"] as const).map((kind) => flat(halfPenaltyGradient(pass, kind, plain)));
    const dot = (x: readonly number[] = [], y: readonly number[] = []): number =>
      x.reduce((sum, v, k) => sum + v * (y[k] ?? NaN), 0);
    near(row.penaltyAlignment, dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)));
  });

  test("has the norms of every layer in both norms, Frobenius the larger", () => {
    row.layers.forEach((layer) => {
      expect(layer.weightNormFrobenius).toBeGreaterThanOrEqual(layer.weightNorm ?? NaN);
      expect(layer.jacobianNormFrobenius).toBeGreaterThanOrEqual(layer.jacobianNorm ?? NaN);
      expect(layer.hiddenNorm).toBeGreaterThan(0);
    });
  });

  test("has nothing of a clock: the same again", async () => {
    expect((await probed()).row).toEqual(row);
  });
});

test("about twenty probes, from the first weights to the last, evenly apart in their logarithms; or every k", () => {
  const steps = probeSteps(1000, null);
  expect([steps[0], steps.at(-1)]).toEqual([0, 1000]);
  expect(steps.length).toBeGreaterThan(16);
  expect(steps.length).toBeLessThan(22);
  expect(probeSteps(10, 4)).toEqual([0, 4, 8, 10]);
  expect(probeSteps(0, null)).toEqual([0]);
});

test("loss and share right are those of the outputs, piece by piece", () => {
  const many = dataset(300);
  const own = createTrainer(settings(), many).network();
  const { loss, accuracy } = evaluate(own, "cross-entropy", many);
  const examined = examineAll(own, "cross-entropy", many);
  near(loss, examined.reduce((sum, { found }) => sum + found.value, 0) / 300);
  expect(accuracy).toBeGreaterThan(0);
  expect(accuracy).toBeLessThan(1);
});
