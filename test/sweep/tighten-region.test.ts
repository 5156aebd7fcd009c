import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { squaredNorm, triangleOfRows } from "../../src/sweep/tighten/algebra.ts";
import { makeRegion } from "../../src/sweep/tighten/region.ts";
import { spectralNorm, svdError } from "../support/svd.ts";
import { normals } from "../support/stream.ts";

const UNIT = 2 ** -53;
const entries = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 4, maxLength: 4 });

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.sqrt(squaredNorm(Float64Array.from(a, (v, i) => v - (b[i] as number))));
}

describe("inputs are brought to the region's nearest point", () => {
  test("which lies in it, stays where it was if it did, and no point of the region is nearer", () => {
    const box = { low: -1, high: 2 };
    fc.assert(
      fc.property(entries, entries, entries, fc.double({ min: 0.1, max: 5, noNaN: true }), (x, c, other, radius) => {
        const centre = Float64Array.from(c, (v) => Math.min(Math.max(v, box.low), box.high));
        const region = makeRegion({ radius, box }, centre, null, 0);
        const project = (values: readonly number[]): Float64Array =>
          region.project({ x: Float64Array.from(values), weights: [] }).x;
        const near = project(x);
        // Bisection ends at a point inside; the distance's own rounding is a few units.
        expect(distance(near, centre)).toBeLessThanOrEqual(radius * (1 + 8 * UNIT));
        expect(near.every((v) => v >= box.low && v <= box.high)).toBe(true);
        expect(distance(project([...near]), near)).toBeLessThanOrEqual(2 ** -48 * 40);
        // The multiplier is known to 2⁻⁵⁰, over which y(s) moves by at most ‖x − c‖ ≤ 40.
        const rival = project(other);
        expect(distance(near, x)).toBeLessThanOrEqual(distance(rival, x) + 40 * 2 ** -48);
      }),
      { seed: 1 },
    );
  });

  test("of a ball alone, along the radius", () => {
    const region = makeRegion({ radius: 5, box: null }, Float64Array.of(1, 1), null, 0);
    expect([...region.project({ x: Float64Array.of(7, 9), weights: [] }).x]).toEqual([4, 5]);
  });
});

describe("weights are brought to their cap", () => {
  const anchor = Float64Array.of(3, 0, 0, 4);
  const capped = (w: readonly number[], chord: number): Float64Array =>
    makeRegion({ radius: 1, box: null }, new Float64Array(1), [anchor], chord).project({
      x: new Float64Array(1),
      weights: [Float64Array.from(w)],
    }).weights[0] as Float64Array;

  test("where the Frobenius norm is the start's and the chord is kept", () => {
    fc.assert(
      fc.property(entries, fc.double({ min: 0.01, max: 2, noNaN: true }), (w, chord) => {
        fc.pre(squaredNorm(Float64Array.from(w)) > 1e-6);
        const found = capped(w, chord);
        expect(Math.abs(Math.sqrt(squaredNorm(found)) - 5)).toBeLessThanOrEqual(1e-12);
        // chord² = 2(1 − cos): an error of u in the cosine is u/chord in the chord, and chord ≥ 0.01.
        expect(distance(found, anchor)).toBeLessThanOrEqual(5 * chord + 1e-12);
      }),
      { seed: 2 },
    );
  });

  test("and a point within it is only brought to the sphere", () => {
    expect([...capped([6, 0, 0, 8], 0.5)]).toEqual([3, 0, 0, 4]);
    expect([...capped([0, 3, 4, 0], 2)]).toEqual([0, 3, 4, 0]);
  });
});

test("the triangle of W's rows has the norms of W, dependent rows included", () => {
  for (const [rows, columns] of [
    [4, 9],
    [3, 3],
    [1, 5],
  ] as const) {
    const w = Float64Array.from(normals(31, rows, rows * columns));
    if (rows === 4) w.copyWithin(3 * columns, 0, columns);
    const rowsOf = (a: Float64Array, width: number): number[][] =>
      Array.from({ length: rows }, (_, i) => Array.from(a.subarray(i * width, (i + 1) * width)));
    const [whole, triangle] = [rowsOf(w, columns), rowsOf(triangleOfRows(w, rows, columns), rows)];
    // Gram–Schmidt, twice, and two decompositions.
    const tolerance = 4 * svdError(rows, columns) * spectralNorm(whole);
    expect(Math.abs(spectralNorm(triangle) - spectralNorm(whole))).toBeLessThanOrEqual(tolerance);
  }
});
