import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dyadic } from "../../src/exact/dyadic.ts";
import * as matrices from "../../src/exact/matrix.ts";
import { definiteness } from "../../src/exact/semidefinite.ts";
import { exact } from "./networks.ts";

const { fromNumbers, product, transpose } = matrices;

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
    // The rest after a zero row is judged where its diagonal does not tell.
    [
      "indefinite",
      [
        [0, 0, 0],
        [0, 1, 2],
        [0, 2, 1],
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
