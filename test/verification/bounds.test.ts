import { describe, expect, test } from "vitest";
import { IEEE_F64, WGSL_F32 } from "../../src/engine/engine.ts";
import { fromNumber } from "../../src/exact/dyadic.ts";
import type { Rational } from "../../src/exact/rational.ts";
import { add, compare, divide, multiply, rational, subtract } from "../../src/exact/rational.ts";
import { normUpper, pullbackError, witnessLower } from "../../src/verification/bounds.ts";
import { cutResiduals, suspicionThreshold } from "../../src/verification/cut.ts";
import type { LayerBounds } from "../../src/verification/rounding.ts";
import { backwardStepError, gamma, judgeBounds, loweredNorm, normRounding } from "../../src/verification/rounding.ts";
import { columns, jacobianBounds } from "./one-sample.ts";

const layer = (inputs: number, outputs: number, norm = 1): LayerBounds => ({
  inputs,
  outputs,
  norm: { lower: norm, upper: norm },
  spectralUpper: norm,
  absoluteNorm: 2 * norm,
});
const layers = [layer(4, 3), layer(3, 5), layer(5, 2)];

test("γ_k is ku/(1 − ku), and infinite where that means nothing", () => {
  expect(gamma(2 ** 20, WGSL_F32)).toBe(2 ** -3 / (1 - 2 ** -3));
  expect(gamma(2 ** 23, WGSL_F32)).toBe(Infinity);
  expect(gamma(1, IEEE_F64)).toBe(2 ** -53 / (1 - 2 ** -53));
});

describe("one backward step", () => {
  test("costs at least γ_{n+2} ω ‖x‖, n the length of the sums", () => {
    const bound = backwardStepError(layer(4, 3), 10, WGSL_F32);
    expect(bound).toBeGreaterThanOrEqual(gamma(5, WGSL_F32) * 2 * 10);
    expect(bound).toBeLessThan(gamma(5, WGSL_F32) * 2 * 10 * 1.0001);
  });
  test("costs something even where the stored vector is 0: its products may have been flushed", () => {
    // 3 products an entry, each with a factor of at most 2 + ‖W‖, over 4 entries; and the mask's own 3 entries, ‖W‖ times.
    const flushes = (norm: number): number => (Math.sqrt(4) * 3 * (2 + norm) + norm * Math.sqrt(3)) * 2 ** -126;
    for (const norm of [0, 1, 1000]) {
      const bound = backwardStepError(layer(4, 3, norm), 0, WGSL_F32);
      expect(bound).toBeGreaterThanOrEqual(flushes(norm));
      expect(bound).toBeLessThan(flushes(norm) * 1.0001);
    }
  });
});

describe("the host's own rounding", () => {
  const exact = (x: number): Rational => rational(fromNumber(x));
  const ONE = exact(1);
  /** γ_k of f32 without rounding. */
  const exactGamma = (k: number): Rational => {
    const product = exact(k * WGSL_F32.unitRoundoff);
    return divide(product, subtract(ONE, product));
  };
  /** normError(n) without rounding: ½γ(1 + γ) + 2⁻⁵⁰. */
  const exactNormError = (n: number): Rational => {
    const g = exactGamma(n + 3);
    return add(multiply(exact(0.5), multiply(g, add(ONE, g))), exact(2 ** -50));
  };
  const draws = Array.from({ length: 100 }, (_, i) => ({ n: 1 + i, norm: 1 + ((i * 0.6180339887498949) % 1) }));

  test("never takes a step's error below its formula", () => {
    for (const { n, norm } of draws) {
      const formula = multiply(multiply(exactGamma(n + 2), exact(2 * norm)), exact(norm));
      expect(compare(exact(backwardStepError(layer(4, n, norm), norm, WGSL_F32)), formula)).toBe(1);
    }
  });

  test("never takes a norm's bounds inside of theirs", () => {
    for (const { n, norm } of draws) {
      const lower = multiply(exact(norm), subtract(ONE, exactNormError(n)));
      const upper = multiply(exact(norm), add(ONE, exactNormError(n)));
      expect(compare(exact(loweredNorm(normRounding(n, WGSL_F32), norm)), lower)).toBe(-1);
      expect(compare(exact(normUpper(norm, n, WGSL_F32)), upper)).toBe(1);
    }
  });
});

describe("a pullback's error", () => {
  test("carries each step's own residual by the norm of the Jacobian below it", () => {
    const uppers = [1, 10, 100];
    const whole = pullbackError(layers, uppers, [1, 1, 1], 3, WGSL_F32);
    const parts = layers.map((l, i) => (uppers[i] ?? 0) * backwardStepError(l, 1, WGSL_F32));
    const sum = parts.reduce((a, b) => a + b, 0);
    expect(whole).toBeGreaterThanOrEqual(sum);
    expect(whole).toBeLessThan(sum * 1.0001);
  });
  test("leaves no lower bound where it exceeds the witness", () => {
    const witness = { vectorNorm: 1, resultNorm: 1e-9, stageNorms: [1, 1] };
    const bounds = judgeBounds(layers, "spectral", WGSL_F32);
    const lower = (own: typeof witness): number => {
      const { vectorNorm, resultNorm, stageNorms } = columns(own);
      const uppers = [1, 1, 1].map((upper) => Float64Array.of(upper));
      const found = new Float64Array(1);
      witnessLower(bounds, uppers, 3, vectorNorm, resultNorm, stageNorms, found, new Float64Array(1));
      return found[0] as number;
    };
    expect(lower(witness)).toBe(0);
    expect(lower({ ...witness, vectorNorm: 0 })).toBe(0);
    const good = lower({ ...witness, resultNorm: 0.9 });
    expect(good).toBeLessThan(0.9);
    expect(good).toBeGreaterThan(0.9 - 1e-4);
  });
});

describe("bounds of the Jacobians", () => {
  const none = [null, null, null];
  test("layer 1 is the identity: 1, or √n_1 in the Frobenius norm", () => {
    const [first] = jacobianBounds(layers, "frobenius", [1, 1, 1], none, [null, null, null], IEEE_F64);
    expect(first?.spectral).toEqual({ lower: 1, upper: 1 });
    expect(first?.statement.upper).toBeGreaterThanOrEqual(2);
    expect(first?.statement.lower).toBeLessThanOrEqual(2);
  });
  test("the product of norms and slopes bounds from above; a dead layer makes it 0", () => {
    const bounds = jacobianBounds(layers, "spectral", [0.5, 3, 1], none, [null, null, null], IEEE_F64);
    expect(bounds[1]?.statement.upper).toBeGreaterThanOrEqual(0.5);
    expect(bounds[2]?.statement.upper).toBeGreaterThanOrEqual(1.5);
    expect(bounds[2]?.statement.upper).toBeLessThan(1.5000001);
    const dead = jacobianBounds(layers, "spectral", [0, 3, 1], none, [null, null, null], IEEE_F64);
    expect(dead[2]?.statement.upper).toBe(0);
  });
  test("an explicit Jacobian's norm is taken where it is smaller, its error added", () => {
    const dense = { frobenius: 0.25, spectralLower: 0, spectralUpper: 0.2, stageNorms: [0.3] };
    const [, second] = jacobianBounds(layers, "spectral", [1, 1, 1], none, [null, dense, null], WGSL_F32);
    expect(second?.kind).toBe("explicit-spectral");
    expect(second?.spectral.upper).toBeGreaterThan(
      0.2 + backwardStepError(layers[0] as LayerBounds, 0.3, WGSL_F32, 3) * 0.999,
    );
    const unread = { frobenius: NaN, spectralLower: 0, spectralUpper: NaN, stageNorms: [NaN] };
    const [, product] = jacobianBounds(layers, "spectral", [1, 1, 1], none, [null, unread, null], WGSL_F32);
    expect(product?.kind).toBe("product");
  });
});

describe("the cut test", () => {
  const cut = (products: number[]) => ({ products, tangentNorms: [1, 1, 1] });
  const residuals = (products: number[]): number[] =>
    cutResiduals(layers, [1, 1, 1], [1, 1, 1], cut(products), WGSL_F32);
  test("names the layer at which the products part", () => {
    const found = residuals([1, 1, 0.9, 0.9]);
    expect(found.map((r) => r > 1)).toEqual([false, true, false]);
  });
  test("allows what rounding explains and no more than about twice that", () => {
    const bound = 2 * (gamma(3, WGSL_F32) + gamma(5, WGSL_F32) + 4 * 2 ** -23) * 2;
    expect(residuals([1, 1, 1 + 0.99 * bound, 1 + 0.99 * bound])[1]).toBeLessThan(1);
    expect(residuals([1, 1, 1 + 1.02 * bound, 1 + 1.02 * bound])[1]).toBeGreaterThan(1);
  });
  test("NaN is not within any bound", () => {
    expect(residuals([1, NaN, 1, 1]).some((r) => !(r <= 1))).toBe(true);
  });
  test("suspects from 4/(n_t + n_{t+1}) on, at least from 0.01 and at most from a half", () => {
    expect(suspicionThreshold(layer(1, 1))).toBe(0.5);
    expect(suspicionThreshold(layer(16, 24))).toBe(0.1);
    expect(suspicionThreshold(layer(784, 64))).toBe(0.01);
  });
});
