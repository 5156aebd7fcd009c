/** Exact sums against dyadic arithmetic; sketches against sorted numbers. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { add, dyadic, fromNumber, toNumber, ZERO } from "../../src/exact/dyadic.ts";
import {
  addToSketch,
  bucketMiddle,
  bucketOf,
  exactSum,
  mergeSketch,
  parseSketch,
  QUANTILE_ERROR,
  sketchQuantiles,
  sketchText,
  sumValue,
} from "../../src/pipeline/sketch.ts";
import type { Sketch } from "../../src/pipeline/sketch.ts";

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const positive = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });

function sketchOf(values: readonly number[]): Sketch {
  const sketch: Sketch = new Map();
  for (const x of values) addToSketch(sketch, x);
  return sketch;
}

describe("an exact sum", () => {
  test("is the sum in dyadic arithmetic, rounded once", () => {
    fc.assert(
      fc.property(fc.array(finite), (values) => {
        const exact = values.reduce((sum, x) => add(sum, fromNumber(x)), ZERO);
        expect(dyadic(exactSum(values), -1074)).toEqual(exact);
        expect(sumValue(exactSum(values))).toBe(toNumber(exact));
      }),
    );
  });

  test("loses nothing to cancellation or to order", () => {
    expect(sumValue(exactSum([1e300, 1, -1e300, 2 ** -1074]))).toBe(1);
    expect(exactSum([1e300, 1, -1e300]) - exactSum([1])).toBe(0n);
  });

  test("is whole past the numbers that are taken at once", () => {
    const many = new Float64Array(2 ** 20 + 5).fill(1 - 2 ** -53);
    expect(exactSum(many)).toBe(BigInt(many.length) * exactSum([1 - 2 ** -53]));
  });
});

describe("a sketch", () => {
  test("gives every quantile within its stated relative error", () => {
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const sorted = Float64Array.from(values).sort();
        const right = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
        const [found = NaN] = sketchQuantiles(sketchOf(values), [share]);
        // Below the normal numbers a bucket has a fixed width.
        expect(Math.abs(found - right)).toBeLessThanOrEqual(Math.max(QUANTILE_ERROR * right, 2 ** (-1022 - 7)));
      }),
    );
  });

  test("merges to the same bits in any grouping, and reads back from its text", () => {
    fc.assert(
      fc.property(fc.array(fc.array(positive)), (groups) => {
        const merged: Sketch = new Map();
        for (const group of [...groups].reverse()) mergeSketch(merged, sketchOf(group));
        const text = sketchText(sketchOf(groups.flat()));
        expect(sketchText(merged)).toBe(text);
        expect(sketchText(parseSketch(text))).toBe(text);
      }),
    );
  });

  test("puts a number into the bucket around it", () => {
    fc.assert(
      fc.property(positive, (x) => {
        expect(bucketOf(bucketMiddle(bucketOf(x)))).toBe(bucketOf(x));
      }),
    );
  });

  test("refuses negative numbers, NaN and text of another kind", () => {
    expect(() => bucketOf(-1)).toThrow("found -1, expected a finite number ≥ 0");
    expect(() => bucketOf(NaN)).toThrow("NaN");
    expect(() => parseSketch("12 x3")).toThrow('found "x3" in a sketch');
    expect(() => parseSketch("99999999")).toThrow("in a sketch");
  });
});
