import { describe, expect, test } from "vitest";
import { normBracket } from "../../src/exact/bracket.ts";
import { add, dyadic, fromNumber, subtract, toNumber } from "../../src/exact/dyadic.ts";
import { fromNumbers, product, transpose } from "../../src/exact/matrix.ts";
import {
  eigenvalueOf,
  gram,
  largestEigenvalueIs,
  normAtMost,
  normSquaredIs,
  onlyEigenvalue,
  rayleighSquared,
} from "../../src/exact/norms.ts";
import * as rationals from "../../src/exact/rational.ts";
import { diagonal, exact, hadamard } from "./networks.ts";

const value = (x: rationals.Rational): number => rationals.toNumber(x);

describe("norm decisions", () => {
  const tiny = dyadic(1n, -2000);
  const below = (x: number): number => toNumber(subtract(fromNumber(x), tiny), "down");
  const above = (x: number): number => toNumber(add(fromNumber(x), tiny), "up");

  test.each([
    ["diagonal", diagonal([3, -5, 2]), 25],
    ["Hadamard of order 4, halved", hadamard(2, 0.5), 1],
    ["Hadamard of order 16", hadamard(4), 16],
    [
      "rank one",
      [
        [3, 6],
        [4, 8],
      ],
      125,
    ],
    ["one row", [[1, 2, 2]], 9],
    ["one column", [[1], [2], [2]], 9],
    [
      "[[2, 1], [1, 2]]",
      [
        [2, 1],
        [1, 2],
      ],
      9,
    ],
    [
      "singular",
      [
        [1, 2, 3],
        [2, 4, 6],
        [0, 0, 0],
      ],
      70,
    ],
    ["a quarter of an identity", diagonal([0.25, 0.25, 0.25, 0.25]), 0.0625],
  ] as [string, number[][], number][])("%s: the boundary lies between neighbouring doubles", (_, rows, square) => {
    const a = exact(rows);
    for (const m of [a, transpose(a)]) {
      expect(normAtMost(m, fromNumber(square))).toBe(true);
      expect(normAtMost(m, fromNumber(below(square)))).toBe(false);
      expect(normAtMost(m, fromNumber(above(square)))).toBe(true);
      expect(normSquaredIs(m, fromNumber(square))).toBe(true);
      expect(normSquaredIs(m, fromNumber(below(square)))).toBe(false);
      expect(normSquaredIs(m, fromNumber(above(square)))).toBe(false);
      expect(normBracket(m)).toMatchObject({ exact: true });
      expect(value(normBracket(m).lowerSquared)).toBe(square);
    }
  });

  test("a smaller eigenvalue is not the norm's square", () => {
    expect(normSquaredIs(exact(diagonal([3, 5])), dyadic(9n))).toBe(false);
    expect(normSquaredIs(exact(diagonal([0, 5])), dyadic(0n))).toBe(false);
    expect(largestEigenvalueIs(gram(exact(diagonal([3, 5]))), rationals.rational(dyadic(25n)), 0)).toBe("too costly");
    expect(normAtMost(exact([[0, 0]]), dyadic(0n))).toBe(true);
    expect(normAtMost(exact([[1, 0]]), dyadic(-1n))).toBe(false);
  });

  test("a norm's square may be rational without being dyadic", () => {
    // 3·‖A‖² would be 10: no dyadic number.
    const a = exact(diagonal([1, 1]));
    expect(normSquaredIs(a, rationals.rational(dyadic(3n), dyadic(3n)))).toBe(true);
    expect(normSquaredIs(a, rationals.rational(dyadic(10n), dyadic(3n)))).toBe(false);
  });

  test("the Rayleigh quotient is ‖Av‖²/‖v‖², and refuses v = 0", () => {
    const a = exact([
      [1, 2],
      [3, 4],
    ]);
    expect(value(rayleighSquared(a, exact([[1], [1]])))).toBe(29);
    expect(() => rayleighSquared(a, exact([[0], [0]]))).toThrow(RangeError);
  });

  test("eigenvectors are told from other vectors", () => {
    const g = exact([
      [2, 1],
      [1, 2],
    ]);
    const of = (v: number[]): number | undefined => {
      const column = fromNumbers(2, 1, v);
      const found = eigenvalueOf(product(g, column), column);
      return found && value(found);
    };
    expect(of([1, 1])).toBe(3);
    expect(of([1, -1])).toBe(1);
    expect(of([1, 0])).toBeUndefined();
    expect(of([2 ** 52 + 1, 2 ** 52])).toBeUndefined();
  });

  test("a spectrum of 0 and one λ is recognised", () => {
    const only = (rows: number[][]): number | undefined => {
      const found = onlyEigenvalue(gram(exact(rows)));
      return found && value(found);
    };
    expect(only(hadamard(3))).toBe(8);
    expect(
      only([
        [3, 6],
        [4, 8],
      ]),
    ).toBe(125);
    expect(
      only([
        [0, 2, 0],
        [0, 0, 0],
        [2, 0, 0],
      ]),
    ).toBe(4);
    expect(only(diagonal([1, 2]))).toBeUndefined();
    expect(only([[0]])).toBeUndefined();
  });
});
