import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundFromFactor, normBracket } from "../../src/exact/bracket.ts";
import { dyadic, fromNumber, multiply } from "../../src/exact/dyadic.ts";
import { fromNumbers, product, scale } from "../../src/exact/matrix.ts";
import { gram, normAtMost, normSquaredIs } from "../../src/exact/norms.ts";
import * as rationals from "../../src/exact/rational.ts";
import { normals } from "../support/stream.ts";
import { singularValues, svdError } from "../support/svd.ts";
import { diagonal, exact, hadamard } from "./networks.ts";

const value = (x: rationals.Rational): number => rationals.toNumber(x);

describe("norm brackets", () => {
  const drawn = (seed: number, rows: number, columns: number): number[][] => {
    const draws = normals(seed, 7, rows * columns);
    return Array.from({ length: rows }, (_, i) => Array.from(draws.slice(i * columns, (i + 1) * columns)));
  };

  test("a bracket is 1e-12 wide, contains the library's value, and the elimination confirms both ends", () => {
    for (const [rows, columns] of [
      [2, 2],
      [5, 3],
      [3, 8],
      [10, 10],
    ] as const) {
      for (let seed = 0; seed < 4; seed++) {
        const dense = drawn(seed, rows, columns);
        const a = exact(dense);
        const { lowerSquared, upperSquared, exact: known, strict } = normBracket(a);
        expect([known, strict]).toEqual([false, true]);
        expect(normAtMost(a, rationals.toDyadic(upperSquared, 400, "up"))).toBe(true);
        expect(normAtMost(a, rationals.toDyadic(lowerSquared, 400, "down"))).toBe(false);
        expect(value(upperSquared) / value(lowerSquared) - 1).toBeLessThan(1e-12);
        const square = (singularValues(dense)[0] as number) ** 2;
        expect(Math.abs(value(lowerSquared) / square - 1)).toBeLessThan(1e-12 + 2 * svdError(rows, columns));
      }
    }
  });

  test("it works at any scale", () => {
    const dense = drawn(1, 4, 4);
    const plain = normBracket(exact(dense));
    for (const k of [-1000, 900]) {
      const { lowerSquared, upperSquared } = normBracket(scale(dyadic(1n, k), exact(dense)));
      const back = rationals.rational(dyadic(1n, -2 * k));
      expect(rationals.compare(rationals.multiply(lowerSquared, back), plain.lowerSquared)).toBe(0);
      expect(rationals.compare(rationals.multiply(upperSquared, back), plain.upperSquared)).toBe(0);
    }
    const huge = normBracket(exact(diagonal([2 ** 1000, 2 ** -1000])));
    expect(huge.exact).toBe(true);
    expect(rationals.compare(huge.upperSquared, rationals.rational(dyadic(1n, 2000)))).toBe(0);
  });

  test("a zero matrix has norm 0 exactly", () => {
    const { exact: known, upperSquared } = normBracket(
      exact([
        [0, 0],
        [0, 0],
      ]),
    );
    expect([known, value(upperSquared)]).toEqual([true, 0]);
  });

  test("a witness raises the lower bound to its quotient, and proves the norm where it is the top vector", () => {
    // Singular values 3·2^30 + 1 and 1, in a basis with a rational top vector (3, 4)/5: more bits than a candidate may have.
    const big = 3 * 2 ** 30 + 1;
    const a = exact([
      [9 * big + 16, 12 * big - 12],
      [12 * big - 12, 16 * big + 9],
    ]);
    const found = normBracket(a, exact([[3], [4]]));
    expect(found.exact).toBe(true);
    expect(
      rationals.compare(
        found.lowerSquared,
        rationals.rational(multiply(dyadic(625n), multiply(fromNumber(big), fromNumber(big)))),
      ),
    ).toBe(0);
    const other = normBracket(a, exact([[4], [-3]]));
    expect(rationals.compare(other.lowerSquared, rationals.rational(dyadic(625n)))).toBe(1);
  });

  /** 3I + v vᵀ for v = (1, 2, 2): eigenvalues 12, 3 and 3, and a top vector whose thirds no dyadic number is. */
  const thirds = exact([
    [4, 2, 2],
    [2, 7, 4],
    [2, 4, 7],
  ]);

  test("a norm whose square has few bits is exact, though the direction that suggests it is not", () => {
    const found = normBracket(thirds);
    expect([found.exact, value(found.upperSquared)]).toEqual([true, 144]);
  });

  test("any factor and any ρ² give a valid upper bound, good ones a good one", () => {
    const entries = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(entries, entries, fc.integer({ min: -100, max: 2000 }), (a, l, rho) => {
        const bound = boundFromFactor(gram(fromNumbers(3, 3, a)), fromNumber(rho), fromNumbers(3, 3, l));
        return normAtMost(fromNumbers(3, 3, a), bound);
      }),
    );
    // 25 I − diag(16, 25) = L Lᵀ for L = diag(3, 0): nothing is left over.
    expect(boundFromFactor(exact(diagonal([16, 25])), dyadic(25n), exact(diagonal([3, 0])))).toEqual(dyadic(25n));
    expect(boundFromFactor(exact(diagonal([16, 25])), dyadic(25n), exact(diagonal([3, 1])))).toEqual(dyadic(26n));
  });

  test("an elimination beyond the limit leaves the bracket neither exact nor strict", () => {
    const a = exact(diagonal([3, 5]));
    expect(normBracket(a)).toMatchObject({ exact: true, strict: false });
    const left = normBracket(a, undefined, 0);
    expect(left).toMatchObject({ exact: false, strict: false });
    expect(value(left.lowerSquared)).toBe(25);
    // Here the direction, near (1, 2, 2)/3, is no eigenvector, so that strictness needs no elimination.
    expect(normBracket(thirds, undefined, 0)).toMatchObject({ exact: false, strict: true });
  });

  test("close singular values are told apart: 1 and 1 + 2^-50", () => {
    const a = exact(diagonal([1, 1 + 2 ** -50]));
    expect(normBracket(a, exact([[1], [0]]))).toMatchObject({ exact: true });
    const turned = product(a, exact(hadamard(1)));
    expect(normSquaredIs(turned, dyadic(2n))).toBe(false);
    expect(normAtMost(turned, multiply(dyadic(2n), multiply(fromNumber(1 + 2 ** -50), fromNumber(1 + 2 ** -50))))).toBe(
      true,
    );
    expect(normAtMost(turned, multiply(dyadic(2n), fromNumber(1 + 2 ** -50)))).toBe(false);
  });
});
