import { describe, expect, test } from "vitest";
import type { Network } from "../../src/network/network.ts";
import { normalsAt } from "../../src/sampling/normal.ts";
import { lossHead } from "../../src/training/data.ts";
import { evaluate, gradientSquares, passes } from "../../src/training/evaluate.ts";
import { PARAMETER_SPACE, rungeKuttaStep, wholeObjective } from "../../src/training/experiments/flow.ts";
import { batchSquare, between, crossings } from "../../src/training/experiments/matched.ts";
import {
  average,
  bootstrapMean,
  bootstrapRatio,
  correlation,
  factor,
  ranks,
  slope,
  spearman,
} from "../../src/training/experiments/statistics.ts";
import {
  departure,
  orders,
  pairCurvature,
  pairGradient,
  PAIRS,
  pairDepartures,
  penalisedPairGradient,
} from "../../src/training/experiments/two-parameters.ts";
import { meanGradient, parameterSquares } from "../../src/training/gradient.ts";
import { parametersOf, squaredLength } from "../../src/training/parameters.ts";
import { createTrainer } from "../../src/training/trainer.ts";
import type { FunctionProbe } from "../evidence/experiments/norms.ts";
import { functionProbe } from "../evidence/experiments/norms.ts";
import { driftShare, spreadShare } from "../evidence/experiments/summary-norms.ts";
import { gamma, UNIT } from "../reference/support/rounding.ts";
import { dataset, settings } from "./support.ts";

// toBeCloseTo allows ½·10⁻¹⁴ or ½·10⁻¹² here: 40 units of 2⁻⁵³ for numbers of the size of 1 that come of at most a dozen roundings, or 500
// for numbers of at most 8 that come of logarithms, whose error is that of numbers up to 100, and of sums of them.
describe("statistics over seeds", () => {
  /** n = 10 normal numbers: a percentile interval of nominally 95 % covers about t's 90 %. 2σ of 400 trials is 3 %. */
  test("the bootstrap's interval covers the mean of normal numbers as often as ten seeds allow", () => {
    const trials = 400;
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const { lower, upper } = bootstrapMean([...normalsAt(77, 1, trial, 10)].map((v) => 3 + v));
      if (lower <= 3 && 3 <= upper) covered++;
    }
    expect(covered / trials).toBeGreaterThan(0.86);
    expect(covered / trials).toBeLessThan(0.95);
  });

  test("its width is σ/√n's, and seeds that agree have no width", () => {
    const values = [...normalsAt(78, 1, 0, 100)];
    const { lower, upper } = bootstrapMean(values);
    const m = average(values);
    const error = Math.sqrt(average(values.map((v) => (v - m) ** 2)) / values.length);
    // 4,000 resamples put either quantile within 5 % of its place (three standard errors of a normal's 2.5 % quantile).
    expect((upper - lower) / (2 * 1.96 * error)).toBeGreaterThan(0.95);
    expect((upper - lower) / (2 * 1.96 * error)).toBeLessThan(1.05);
    expect(bootstrapMean([2, 2, 2])).toMatchObject({ mean: 2, lower: 2, upper: 2, seeds: 3 });
  });

  test("a ratio of means is resampled together: x = 3y has no width", () => {
    const y = [1, 2, 4, 8];
    const { mean, lower, upper } = bootstrapRatio(
      y.map((v) => 3 * v),
      y,
    );
    for (const found of [mean, lower, upper]) expect(found).toBeCloseTo(3, 12);
  });

  test("ranks share the places of equals; Spearman's is 1 along any rise, −1 along any fall", () => {
    expect(ranks([10, 30, 10, 20])).toEqual([1.5, 4, 1.5, 3]);
    expect(spearman([1, 2, 3, 4], [1, 10, 11, 1000])).toBeCloseTo(1, 14);
    expect(spearman([1, 2, 3, 4], [5, 4, 2, 1])).toBeCloseTo(-1, 14);
  });

  test("correlation, slope and factor of what is known in closed form", () => {
    expect(correlation([1, 2, 3], [1, 3, 2])).toBeCloseTo(0.5, 14);
    expect(slope([0, 1, 2], [1, 3, 5])).toBeCloseTo(2, 14);
    expect(factor([0.5, 4, 2])).toBe(8);
  });
});

describe("shares of drift and spread", () => {
  /** One sample a probe with log(P_θ/P_x) = y and log C = c. */
  const along = (y: readonly number[], c: readonly number[]): FunctionProbe[] =>
    y.map((v, k) => {
      const own = [Math.exp(c[k] ?? NaN)];
      return functionProbe("loss", [1], [Math.exp(v)], { spectral: own, frobenius: own });
    });

  test("a ratio that moves with C alone is C's, with ρ alone is ρ's, and half by half is half each", () => {
    const y = [0, 1, 3, 2];
    const share = (c: readonly number[]): number => {
      const [part, whole] = driftShare(along(y, c), "spectral");
      return part / whole;
    };
    expect(share(y)).toBeCloseTo(1, 12);
    expect(share([5, 5, 5, 5])).toBeCloseTo(0, 12);
    expect(share(y.map((v) => v / 2))).toBeCloseTo(0.5, 12);
    // C may move by more than the ratio, ρ against it.
    expect(share(y.map((v) => 2 * v))).toBeCloseTo(2, 12);
  });

  test("spread is of the samples within a probe: what moves from probe to probe does not count", () => {
    const [y, c] = [
      [0, 1, 2],
      [0, 0.25, 0.5],
    ];
    const probes = [0, 100].map((moved) => {
      const own = c.map((v) => Math.exp(v + moved / 10));
      return functionProbe(
        "loss",
        [1, 1, 1],
        y.map((v) => Math.exp(v + moved)),
        { spectral: own, frobenius: own },
      );
    });
    const [part, whole] = spreadShare(probes, "spectral");
    expect(part / whole).toBeCloseTo(0.25, 12);
  });

  test("a sample with a gradient of 0 has no logarithm and counts in the means alone", () => {
    const found = functionProbe("loss", [0, 2], [0, 6], { spectral: [1, 1], frobenius: [1, 1] });
    expect(found).toMatchObject({ samples: 1, inputPenalty: 1, parameterPenalty: 3 });
    expect(found.meanY).toBeCloseTo(Math.log(3), 14);
  });
});

describe("equal loss", () => {
  test("a level is passed once, between two looks, with the weight of its logarithm", () => {
    const passed = crossings<string>([1, 0.5, 0.1]);
    expect(passed({ loss: 2, state: "a" })).toEqual([]);
    const [first, second, ...none] = passed({ loss: 0.25, state: "b" });
    expect(none).toEqual([]);
    expect(first).toMatchObject({ level: 1, before: { state: "a" }, after: { state: "b" } });
    expect(first?.weight).toBeCloseTo(1 / 3, 14);
    expect(second?.weight).toBeCloseTo(2 / 3, 14);
    expect(passed({ loss: 3, state: "c" })).toEqual([]);
    // Above again and down again: the first passage was the one.
    expect(passed({ loss: 0.4, state: "d" })).toEqual([]);
    expect(passed({ loss: 0.1, state: "e" })).toMatchObject([{ level: 0.1, weight: 1 }]);
  });

  test("a power law of the loss is met exactly", () => {
    const energy = (loss: number): number => 7 * loss ** 1.5;
    const weight = Math.log(2 / 0.5) / Math.log(2 / 0.25);
    expect(between(energy(2), energy(0.25), weight)).toBeCloseTo(energy(0.5), 12);
  });

  test("E‖∇L_B‖² is the mean over all batches drawn without replacement", () => {
    const each: readonly (readonly [number, number])[] = [
      [1, 2],
      [-3, 0.5],
      [0, 4],
      [2, -1],
    ];
    const square = (list: readonly (readonly [number, number])[]): number =>
      average(list.map(([x]) => x)) ** 2 + average(list.map(([, y]) => y)) ** 2;
    const pairs = each.flatMap((a, i) => each.slice(i + 1).map((b) => square([a, b])));
    const single = average(each.map((one) => square([one])));
    expect(batchSquare(square(each), single, 2, 4)).toBeCloseTo(average(pairs), 12);
    expect(batchSquare(square(each), single, 4, 4)).toBeCloseTo(square(each), 12);
    expect(batchSquare(square(each), single, 1, 4)).toBeCloseTo(single, 12);
  });

  test("it is the probe's own E‖∇L_B‖² for B = 1 and B = N", () => {
    const data = dataset(8);
    const network: Network = createTrainer(settings(), data).network();
    const whole = [...passes(network, data, (piece) => lossHead("cross-entropy", piece), false)];
    const full = squaredLength(meanGradient(whole[0] as (typeof whole)[number]));
    const single = average([...parameterSquares(whole[0] as (typeof whole)[number])]);
    for (const batch of [1, 8]) {
      const { minibatch } = gradientSquares(network, "cross-entropy", data, whole, batch);
      // Sums of squares of the same gradients: as many roundings as there are parameters and samples, and some.
      const roundings = parametersOf(network).reduce((n, { weight, bias }) => n + weight.length + bias.length, 8 + 16);
      const apart = Math.abs(batchSquare(full, single, batch, 8) - minibatch);
      expect(apart).toBeLessThanOrEqual(2 * gamma(roundings) * (full + single));
    }
  });
});

describe("flows", () => {
  test("Runge–Kutta has order 4 on θ' = −θ", () => {
    const line = { plus: (x: number, s: number, y: number): number => x + s * y };
    const error = (steps: number): number => {
      let x = 1;
      for (let i = 0; i < steps; i++) x = rungeKuttaStep(line, (v) => v, x, 1 / steps);
      return Math.abs(x - Math.exp(-1));
    };
    expect(Math.log2(error(8) / error(16))).toBeGreaterThan(3.9);
    expect(Math.log2(error(8) / error(16))).toBeLessThan(4.2);
  });

  test("gradient descent of a network comes to its flow with the rate, to O(h)", () => {
    const data = dataset(11);
    const own = settings({ batch: "full", momentum: 0 });
    const at = (rate: number) => {
      const trainer = createTrainer({ ...own, learningRate: rate }, data);
      for (let i = 0; i < Math.round(1 / rate); i++) trainer.step();
      return trainer.state().parameters;
    };
    const trainer = createTrainer(own, data);
    const objective = wholeObjective(trainer.network(), "cross-entropy", data);
    let theta = trainer.state().parameters;
    for (let i = 0; i < 20; i++) theta = rungeKuttaStep(PARAMETER_SPACE, (x) => objective(x).gradient, theta, 0.05);
    const away = (rate: number): number => Math.sqrt(squaredLength(PARAMETER_SPACE.plus(at(rate), -1, theta)));
    // First order: halving the rate halves the distance, but for the next order, a tenth here.
    expect(away(0.1) / away(0.05)).toBeGreaterThan(1.8);
    expect(away(0.1) / away(0.05)).toBeLessThan(2.2);
  });

  test("weight decay and a penalty stand in the whole objective as in the trainer's", () => {
    const data = dataset(11);
    const penalties = [{ kind: "parameter", factor: 0.1 }] as const;
    const own = settings({ batch: "full", momentum: 0, weightDecay: 0.3, penalties, learningRate: 0.01 });
    const trainer = createTrainer(own, data);
    const start = trainer.state().parameters;
    const found = wholeObjective(trainer.network(), "cross-entropy", data, penalties, 0.3)(start);
    const expected = PARAMETER_SPACE.plus(start, -0.01, found.gradient);
    trainer.step();
    const error = Math.sqrt(squaredLength(PARAMETER_SPACE.plus(trainer.state().parameters, -1, expected)));
    // Of each entry the gradient's three parts are added in another order, and the update rounds twice on either side.
    const sizes = Math.sqrt(squaredLength(start)) + Math.sqrt(squaredLength(found.gradient));
    expect(error).toBeLessThanOrEqual(8 * UNIT * sizes);
    expect(evaluate(trainer.network(), "cross-entropy", data).loss).toBeLessThan(found.loss);
  });
});

describe("the two-parameter example", () => {
  test("its gradients and curvature are those of differences", () => {
    const [a, b, lambda, s] = [2.8, 3.5, 0.01, 1e-5];
    const energy = (x: number, y: number): number => (0.6 - x * y) ** 2 / 2;
    const whole = (x: number, y: number): number => energy(x, y) + lambda * (0.6 - x * y) ** 2 * (x * x + y * y);
    const byA = (f: (x: number, y: number) => number): number => (f(a + s, b) - f(a - s, b)) / (2 * s);
    const byB = (f: (x: number, y: number) => number): number => (f(a, b + s) - f(a, b - s)) / (2 * s);
    // Central differences: s² f‴/6 with f‴ below 10³, and 2⁻⁵² f/s, f below 200.
    expect(Math.abs(pairGradient([a, b])[0] - byA(energy))).toBeLessThan(1e-7);
    expect(Math.abs(penalisedPairGradient([a, b], lambda)[0] - byA(whole))).toBeLessThan(1e-7);
    expect(Math.abs(penalisedPairGradient([a, b], lambda)[1] - byB(whole))).toBeLessThan(1e-7);
    // trace and determinant of the Hessian
    const top = pairCurvature([a, b]);
    const other = a * a + b * b - top;
    // Either is made of at most eight roundings of numbers up to the trace's square.
    const determinant = a * a * b * b - (2 * a * b - 0.6) ** 2;
    expect(Math.abs(top * other - determinant)).toBeLessThanOrEqual(16 * UNIT * (a * a + b * b) ** 2);
    expect(top).toBeGreaterThan(other);
  });

  test("descent leaves the flow in first order of h, the modified flow in second", () => {
    const { toFlow, toModified } = orders(pairDepartures([2.8, 3.5], 1, [4, 5, 6]));
    expect(toFlow).toBeGreaterThan(0.95);
    expect(toFlow).toBeLessThan(1.05);
    expect(toModified).toBeGreaterThan(1.95);
    expect(toModified).toBeLessThan(2.05);
  });

  test("with h/2 or −h/4 for h/4 the second order is lost: the test sees a wrong penalty", () => {
    const distance = (x: readonly [number, number], y: readonly [number, number]): number =>
      Math.hypot(x[0] - y[0], x[1] - y[1]);
    for (const wrong of [2, -1]) {
      const list = [4, 5, 6].map((k) => {
        const rate = 2 ** -k / pairCurvature([2.8, 3.5]);
        const gradient = (x: readonly [number, number], lambda: number) => penalisedPairGradient(x, wrong * lambda);
        return departure(PAIRS, distance, gradient, [2.8, 3.5], rate, Math.round(1 / rate), 4);
      });
      expect(orders(list).toModified).toBeLessThan(1.1);
    }
  });
});
