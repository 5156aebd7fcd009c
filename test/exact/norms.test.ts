import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normBracket } from "../../src/exact/bracket.ts";
import { add, dyadic, fromNumber, multiply, subtract, toNumber } from "../../src/exact/dyadic.ts";
import type { ExactMatrix } from "../../src/exact/matrix.ts";
import * as matrices from "../../src/exact/matrix.ts";
import {
  eigenvalueOf,
  gram,
  normAtMost,
  normSquaredIs,
  onlyEigenvalue,
  rayleighSquared,
} from "../../src/exact/norms.ts";
import type { Rational } from "../../src/exact/rational.ts";
import * as rationals from "../../src/exact/rational.ts";
import { definiteness } from "../../src/exact/semidefinite.ts";
import { singularValues, svdError } from "../support/svd.ts";
import { normals } from "../support/stream.ts";
import { diagonal, hadamard } from "./networks.ts";

const { fromNumbers, product, transpose } = matrices;

function exact(rows: readonly (readonly number[])[]): ExactMatrix {
  return fromNumbers(rows.length, rows[0]?.length ?? 0, rows.flat());
}

function value(x: Rational): number {
  return rationals.toNumber(x);
}

describe("exact matrices", () => {
  const shape = fc.integer({ min: 1, max: 7 });
  const entry = fc.oneof(fc.double({ noNaN: true, min: -1e30, max: 1e30 }), fc.constantFrom(0, 1, -1));
  const pair = fc.tuple(shape, shape, shape).chain(([m, k, n]) =>
    fc.tuple(
      fc.array(entry, { minLength: m * k, maxLength: m * k }).map((v) => fromNumbers(m, k, v)),
      fc.array(entry, { minLength: k * n, maxLength: k * n }).map((v) => fromNumbers(k, n, v)),
    ),
  );

  test("the packed product is the sum of products, entry by entry", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const c = product(a, b);
        for (let i = 0; i < a.rows; i++) {
          for (let j = 0; j < b.columns; j++) {
            let sum = 0n;
            for (let k = 0; k < a.columns; k++) {
              sum += (a.entries[i * a.columns + k] as bigint) * (b.entries[k * b.columns + j] as bigint);
            }
            expect(matrices.at(c, i, j)).toEqual(dyadic(sum, a.e + b.e));
          }
        }
      }),
    );
  });

  test("the product's slots hold the extreme sums: all entries at their bound, of either sign", () => {
    for (const [x, y] of [
      [255, 255],
      [-255, 255],
      [-1, 1],
    ] as const) {
      const a = exact([[x, x, x, x]]);
      const b = exact(Array.from({ length: 4 }, () => [y, -y, y, -y]));
      expect(matrices.values(product(a, b)).map((v) => Number(v.m) * 2 ** v.e)).toEqual([
        4 * x * y,
        -4 * x * y,
        4 * x * y,
        -4 * x * y,
      ]);
    }
  });

  test("common powers of two go into the exponent", () => {
    expect(exact([[8, 24]])).toMatchObject({ e: 3, entries: [1n, 3n] });
    expect(exact([[0, 0]])).toMatchObject({ e: 0, entries: [0n, 0n] });
    expect(exact([[0.5, -4]])).toMatchObject({ e: -1, entries: [1n, -8n] });
  });

  test("shapes that do not fit are refused", () => {
    expect(() => product(exact([[1, 2]]), exact([[1, 2]]))).toThrow("product of 2 columns and 1 rows");
    expect(() => matrices.subtract(exact([[1, 2]]), exact([[1]]))).toThrow("1 × 2 beside 1 × 1, expected equal shapes");
  });
});

describe("definiteness", () => {
  const of = (rows: number[][]): string => definiteness(rows.flat().map(BigInt), rows.length);

  test.each([
    [
      "definite",
      [
        [2, 1],
        [1, 2],
      ],
    ],
    [
      "semidefinite",
      [
        [1, 1],
        [1, 1],
      ],
    ],
    [
      "indefinite",
      [
        [1, 2],
        [2, 1],
      ],
    ],
    ["indefinite", [[-1]]],
    ["semidefinite", [[0]]],
    // A zero pivot beside a row that is not zero.
    [
      "indefinite",
      [
        [0, 1],
        [1, 5],
      ],
    ],
    // A zero pivot first, and a definite rest.
    [
      "semidefinite",
      [
        [0, 0, 0],
        [0, 2, 1],
        [0, 1, 2],
      ],
    ],
    // The zero pivot appears in the middle, and the last pivot is judged all the same.
    [
      "semidefinite",
      [
        [1, 1, 0],
        [1, 1, 0],
        [0, 0, 3],
      ],
    ],
    [
      "indefinite",
      [
        [1, 1, 0],
        [1, 1, 0],
        [0, 0, -3],
      ],
    ],
    [
      "indefinite",
      [
        [1, 1, 0],
        [1, 1, 1],
        [0, 1, 3],
      ],
    ],
    [
      "semidefinite",
      [
        [2, 2, 0, 0],
        [2, 2, 0, 0],
        [0, 0, 3, 1],
        [0, 0, 1, 3],
      ],
    ],
  ] as [string, number[][]][])("%s: %j", (expected, rows) => {
    expect(of(rows)).toBe(expected);
  });

  test("B Bᵀ is definite or semidefinite by its rank, and one less on its diagonal's smallest eigenvalue is not", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 25, maxLength: 25 }),
        (n, rank, draws) => {
          const b = fromNumbers(n, rank, draws.slice(0, n * rank));
          const square = product(b, transpose(b));
          const found = definiteness(square.entries, n);
          if (rank < n) expect(found).toBe("semidefinite");
          else expect(found).not.toBe("indefinite");
          const lowered = matrices.subtract(square, matrices.identityMatrix(n));
          const shiftedByTrace = matrices.subtract(
            square,
            matrices.scale(dyadic(1_000_000n), matrices.identityMatrix(n)),
          );
          if (rank < n) expect(definiteness(lowered.entries, n)).toBe("indefinite");
          expect(definiteness(shiftedByTrace.entries, n)).toBe("indefinite");
        },
      ),
    );
  });
});

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
      const { lowerSquared, upperSquared } = normBracket(matrices.scale(dyadic(1n, k), exact(dense)));
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

  test("an elimination beyond the limit leaves the bracket neither exact nor strict", () => {
    const a = exact(diagonal([3, 5]));
    expect(normBracket(a)).toMatchObject({ exact: true, strict: false });
    const left = normBracket(a, undefined, 0);
    expect(left).toMatchObject({ exact: false, strict: false });
    expect(value(left.lowerSquared)).toBe(25);
    // The direction is no eigenvector here, so that strictness needs no elimination.
    expect(
      normBracket(
        exact([
          [1, 2],
          [3, 4],
        ]),
        undefined,
        0,
      ),
    ).toMatchObject({ exact: false, strict: true });
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
