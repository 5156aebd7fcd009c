/** The audit's products in WebAssembly beside its loops. */
import { expect, test } from "vitest";
import { createBasis } from "../../src/verification/audit/basis.ts";
import { openMachine } from "../../src/verification/audit/machine.ts";
import { createProducts } from "../../src/verification/audit/products.ts";
import { contract, multiply, multiplyTransposed, outerSquares } from "../../src/verification/audit/vectors.ts";
import { normals } from "../support/stream.ts";

const SHAPES: readonly (readonly [rows: number, columns: number])[] = [
  [1, 1],
  [3, 5],
  [16, 32],
  [35, 17],
  [10, 64],
];
const drawn = (seed: number, n: number): Float64Array => Float64Array.from(normals(seed, 0, n));
const matricesOf = (seed: number) =>
  SHAPES.map(([rows, columns], i) => {
    const values = drawn(seed + i, rows * columns);
    return { rows, columns, values: () => values };
  });

test("products in WebAssembly are the loops' own, bit for bit, of any shape and with another plan's in between", () => {
  const plans = [matricesOf(70), matricesOf(80)].map((matrices) => ({ matrices, products: createProducts(matrices) }));
  for (let round = 0; round < 2; round++) {
    for (const { matrices, products } of plans) {
      matrices.forEach(({ rows, columns, values }, i) => {
        const [x, y] = [drawn(90 + i, columns), drawn(100 + i, rows)];
        const [image, pulled] = [new Float64Array(rows), new Float64Array(columns)];
        products.times(i, x, image);
        products.timesTransposed(i, y, pulled);
        const [right, transposed] = [new Float64Array(rows), new Float64Array(columns)];
        multiply(values(), rows, columns, x, right);
        multiplyTransposed(values(), rows, columns, y, transposed);
        expect([...image]).toEqual([...right]);
        expect([...pulled]).toEqual([...transposed]);
      });
    }
  }
});

test("matrices too large for the memory are multiplied in loops, with the right values", () => {
  const [rows, columns] = [3, 2 ** 20];
  const values = new Float64Array(rows * columns).fill(1);
  const products = createProducts([{ rows, columns, values: () => values }]);
  const image = new Float64Array(rows);
  products.times(0, new Float64Array(columns).fill(0.5), image);
  expect([...image]).toEqual([2 ** 19, 2 ** 19, 2 ** 19]);
});

test.each([
  [1, 1],
  [7, 9],
  [32, 24],
  [10, 64],
])("sums over a materialised gradient of %i × %i entries, in WebAssembly beside loops", (m, n) => {
  const [d, w, h] = [drawn(1, m), drawn(2, m), drawn(3, n + 5)];
  const products = createProducts([{ rows: m, columns: n, values: () => drawn(4, m * n) }]);
  expect(products.contract(h, n, d, w)).toBe(contract(h, n, d, w));
  const [own, other] = [products.outerSquares(d, m, h, n), outerSquares(d, m, h, n)];
  // Two orders of mn + 2 roundings each.
  expect(Math.abs(own - other)).toBeLessThanOrEqual(2 * (m * n + 2) * 2 ** -53 * other);
});

test("a basis in WebAssembly leaves of a vector what loops leave, bit for bit, and that is orthogonal to it", () => {
  const machine = openMachine();
  expect(machine).not.toBeNull();
  const [kernel, loops] = [createBasis(machine), createBasis(null)];
  // The second search takes more memory than the first, the third less.
  for (const [n, steps] of [
    [5, 3],
    [70, 9],
    [17, 8],
  ] as const) {
    const made = [kernel, loops].map((basis) => {
      const [r, own] = [basis.begin(n, steps), new Float64Array(n)];
      for (let j = 0; j < steps; j++) {
        r.set(drawn(200 + j, n));
        // Twice is enough (Parlett, §6.9).
        for (let pass = 0; pass < 2; pass++) basis.orthogonalise(j);
        basis.keep(j, r, Math.hypot(...r), own);
      }
      r.set(drawn(300, n));
      basis.orthogonalise(steps);
      const left = [...r];
      const product = (j: number): number => left.reduce((sum, v, i) => sum + v * basis.entry(j, i), 0);
      // (n + 9)u in each product and each subtraction, of a vector of length about √n.
      for (let j = 0; j < steps; j++)
        expect(Math.abs(product(j))).toBeLessThan(4 * (steps + 1) * (n + 9) * 2 ** -53 * Math.sqrt(n) * 3);
      return left;
    });
    expect(made[0]).toEqual(made[1]);
  }
});
