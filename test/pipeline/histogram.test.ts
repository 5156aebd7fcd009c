/** The second count of quantiles: its buckets hold the order statistics, and the sketch's quantiles lie in them. */
import { expect, test } from "vitest";
import { createSummedDistribution, EXACT } from "../../src/pipeline/distribution.ts";
import { createHistogram } from "../../src/pipeline/histogram.ts";
import { QUANTILE_ERROR } from "../../src/pipeline/sketch.ts";
import { normals } from "../support/stream.ts";

const SHARES = [0, 0.01, 0.1, 0.5, 0.9, 0.99, 1] as const;
const histogramOf = (values: ArrayLike<number>) => {
  const histogram = createHistogram();
  const extremes = { count: 0, min: Infinity, max: -Infinity };
  const numbers = Float64Array.from(values);
  histogram.add(numbers, new Uint8Array(values.length), 1, extremes);
  const finite = numbers.filter(Number.isFinite);
  // −0 + 0 is 0.
  expect(extremes.count).toBe(finite.length);
  expect(extremes.min + 0).toBe(Math.min(...finite) + 0);
  expect(extremes.max + 0).toBe(Math.max(...finite) + 0);
  return histogram;
};

test("the element of rank ⌈p·n⌉ is in its bucket, which is less than a thousandth wide", () => {
  for (const n of [1, 2, 7, 1000]) {
    const values = Float64Array.from(normals(81, n, n), (x) => Math.exp(9 * x));
    const sorted = values.slice().sort();
    const histogram = histogramOf(values);
    for (const share of SHARES) {
      const right = sorted[Math.max(1, Math.ceil(share * n)) - 1] as number;
      const { lower, upper } = histogram.quantile(share) ?? { lower: NaN, upper: NaN };
      expect(lower).toBeLessThanOrEqual(right);
      expect(upper).toBeGreaterThanOrEqual(right);
      expect(upper / lower).toBeLessThan(1.001);
    }
  }
});

test("nothing has no quantile, and 0, −0 and what f32 cannot hold are in the first bucket or the last", () => {
  expect(createHistogram().quantile(0.5)).toBeNull();
  for (const x of [0, -0, 1e-300, 1e-45, 1e39, 1e300]) {
    const { lower, upper } = histogramOf([x]).quantile(0.5) ?? { lower: NaN, upper: NaN };
    expect(lower).toBeLessThanOrEqual(x);
    expect(upper).toBeGreaterThanOrEqual(x);
  }
});

test("a sketch's quantiles lie in it, but for the error that is stated", () => {
  const values = Float64Array.from(normals(82, 0, EXACT + 5000), (x) => Math.exp(x));
  const distribution = createSummedDistribution();
  distribution.addColumn(values, new Uint8Array(values.length), 1);
  expect(distribution.isExact()).toBe(false);
  const histogram = histogramOf(values);
  const { p01, p10, median, p90, p99 } = distribution.quantiles("");
  [p01, p10, median, p90, p99].forEach((said, i) => {
    const { lower, upper } = histogram.quantile(SHARES[i + 1] as number) ?? { lower: NaN, upper: NaN };
    expect(said).toBeGreaterThanOrEqual(lower * (1 - QUANTILE_ERROR));
    expect(said).toBeLessThanOrEqual(upper * (1 + QUANTILE_ERROR));
  });
});
