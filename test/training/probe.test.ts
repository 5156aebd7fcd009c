import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { ProbeSampleRow, SeriesRow } from "../../src/records/training.ts";
import { derivatives } from "../../src/reference/differences.ts";
import { hessianProduct } from "../../src/training/curvature.ts";
import { lossHead } from "../../src/training/data.ts";
import { evaluate, passes } from "../../src/training/evaluate.ts";
import { zerosLike } from "../../src/training/parameters.ts";
import type { ProbeSettings } from "../../src/training/probe.ts";
import { probe, probeSteps } from "../../src/training/probe.ts";
import { meanGradient } from "../../src/training/gradient.ts";
import { createTrainer, halfPenaltyGradient, initialNetwork } from "../../src/training/trainer.ts";
import { gamma } from "../reference/support/rounding.ts";
import { largestEigenvalue } from "./eigen.ts";
import type { Bounded } from "./support.ts";
import {
  dataset,
  examineAll,
  examineHead,
  flat,
  meanGradientOf,
  moved,
  penaltyOf,
  settings,
  WIDTHS,
} from "./support.ts";

const SAMPLES = 12;
const data = dataset(SAMPLES);
const network = initialNetwork(settings());
const OUTPUTS = WIDTHS[3];
const DIFFERENCE = 2 ** -9;
const PARAMETERS = flat(zerosLike(network)).length;

function total(list: readonly Bounded[]): Bounded {
  return {
    value: list.reduce((sum, { value }) => sum + value, 0),
    error: list.reduce((sum, { error }) => sum + error, 0),
  };
}

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

/** The oracle's number, whose bound is of one evaluation: there are two; and what the probe's own mean of squares rounds, a term at most. */
const expectOracle = (found: number | null | undefined, { value, error }: Bounded): void => {
  const own = gamma(SAMPLES + PARAMETERS + 8) * value;
  expect(Math.abs((found ?? NaN) - value)).toBeLessThanOrEqual(2 * error + own);
  // No more than a wrong digit would be seen by.
  expect(error).toBeLessThan(1e-9 * value);
};

/** Two ways to one number, neither of which adds anything below 0: so many roundings each. */
const expectSame = (a: number | null | undefined, b: number | null | undefined, roundings: number): void => {
  expect(Math.abs((a ?? NaN) - (b ?? NaN))).toBeLessThanOrEqual(2 * gamma(roundings) * Math.abs(b ?? NaN));
};

/**
 * Bounds on what each entry of the Hessian's columns errs by: the column is held against differences of the oracle's bounded gradients,
 * so that it lies within both errors of the true one. The gradient's bound hardly changes over a step, and is doubled.
 */
function columnErrors(columns: readonly (readonly number[])[]): number[][] {
  const worst = Math.max(...meanGradientOf(examineAll(network, "cross-entropy", data)).map(({ error }) => error));
  return columns.map((column, k) => {
    const estimates = derivatives((t) => {
      const [pass] = [...passes(moved(network, k, t), data, () => lossHead("cross-entropy", data), false)];
      return pass === undefined ? [] : flat(meanGradient(pass));
    }, DIFFERENCE);
    return estimates.map(({ value, error }, j) => {
      const allowed = 2 * (error + (8 * 2 * worst) / DIFFERENCE);
      expect(Math.abs((column[j] ?? NaN) - value), `entry ${String(j)}, ${String(k)}`).toBeLessThanOrEqual(allowed);
      return allowed;
    });
  });
}

function frobenius(matrix: readonly (readonly number[])[]): number {
  return Math.sqrt(matrix.flat().reduce((sum, x) => sum + x * x, 0));
}

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
    expectOracle(loss?.parameterPenalty, penaltyOf("parameter-each", examined));
    expectOracle(loss?.inputPenalty, penaltyOf("input", examined));
    expect(row.dirichletEnergy).toBe(loss?.inputPenalty);
    for (const s of samples.filter((one) => one.norm === "spectral")) {
      // C and both sides are sums over the layers of products, roots and quotients: at most eight roundings a layer, and eight.
      expectSame(
        (s.coefficient ?? NaN) / (s.ratio ?? NaN),
        ((s.parameterGradientNorm ?? NaN) / (s.inputGradientNorm ?? NaN)) ** 2,
        8 * network.layers.length + 8,
      );
    }
  });

  test("has the geometric complexity apart: the Dirichlet energies of all outputs added up", () => {
    const logits = row.functions.filter((f) => f.function.startsWith("logit:"));
    const energies = logits.map((_, index) => penaltyOf("input", examineHead(network, { kind: "logit", index }, data)));
    logits.forEach((f, index) => {
      expectOracle(f.inputPenalty, energies[index] ?? { value: NaN, error: NaN });
    });
    expectOracle(row.geometricComplexity, total(energies));
  });

  test("has three squared gradients, of which the last two meet at batches of one and the first two at full ones", async () => {
    const examined = examineAll(network, "cross-entropy", data);
    const [each, full] = [penaltyOf("parameter-each", examined), penaltyOf("parameter", examined)];
    expectOracle(row.gradientSquares.fullBatch, full);
    const batches = total([0, 4, 8].map((i) => penaltyOf("parameter", examined.slice(i, i + 4))));
    expectOracle(row.gradientSquares.minibatch, { value: batches.value / 3, error: batches.error / 3 });
    expectOracle(row.gradientSquares.perSample, each);
    const one = (await probed({ batch: 1, logits: false })).row.gradientSquares;
    expectOracle(one.minibatch, each);
    const all = (await probed({ batch: 100, logits: false })).row.gradientSquares;
    expect(all.batch).toBe(SAMPLES);
    expectOracle(all.minibatch, full);
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
    const errors = columnErrors(columns);
    columns.forEach((column, i) => {
      // Symmetric, though nothing in its making is.
      column.forEach((x, j) => {
        const allowed = (errors[i]?.[j] ?? NaN) + (errors[j]?.[i] ?? NaN);
        expect(Math.abs(x - (columns[j]?.[i] ?? NaN))).toBeLessThanOrEqual(allowed);
      });
    });
    const { largest, residual } = row.hessian;
    const dense = largestEigenvalue(columns);
    // An eigenvalue moves by at most the error's norm (Weyl), here its Frobenius norm; each of Jacobi's 30 n²/2 rotations rounds as a
    // product of two numbers and a sum.
    const allowed = frobenius(errors) + gamma(30 * size * size * 2) * frobenius(columns);
    expect(allowed).toBeLessThan(1e-5 * dense);
    expect(Math.abs((largest ?? NaN) - dense)).toBeLessThanOrEqual((residual ?? NaN) + allowed);
    expect(residual ?? NaN).toBeLessThanOrEqual(1e-3 * (largest ?? NaN));
  });

  test("has the cosine of both penalties' gradients, which gradient.test.ts holds against differences", () => {
    const [pass] = [...passes(network, data, () => lossHead("cross-entropy", data), true)];
    if (pass === undefined) throw new Error("no pass");
    const plain = meanGradient(pass);
    const [a, b] = (["parameter-each", "input"] as const).map((kind) => flat(halfPenaltyGradient(pass, kind, plain)));
    const dot = (x: readonly number[] = [], y: readonly number[] = []): number =>
      x.reduce((sum, v, k) => sum + v * (y[k] ?? NaN), 0);
    const lengths = Math.sqrt(dot(a, a) * dot(b, b));
    const products = dot(a?.map(Math.abs), b?.map(Math.abs));
    // Another order of the same sums: n + 1 roundings of Σ|ab|, as many of each length's square, and three of the quotient.
    const allowed = 2 * gamma(2 * PARAMETERS + 5) * (products / lengths);
    expect(Math.abs((row.penaltyAlignment ?? NaN) - dot(a, b) / lengths)).toBeLessThanOrEqual(allowed);
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
  const wanted = examined.reduce((sum, { found }) => sum + found.value, 0) / 300;
  // Two evaluations, and two sums of 300 losses, none below 0.
  const allowed = examined.reduce((sum, { errors }) => sum + (2 * errors.value) / 300, 0) + 2 * gamma(301) * wanted;
  expect(Math.abs(loss - wanted)).toBeLessThanOrEqual(allowed);
  expect(accuracy).toBeGreaterThan(0);
  expect(accuracy).toBeLessThan(1);
});
