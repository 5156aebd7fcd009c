import { expect, test } from "vitest";
import { powerIterate } from "../../src/engine/power-iterate.ts";
import { normals } from "../support/stream.ts";

const unit = (x: readonly number[]): number[] => x.map((v) => v / Math.hypot(...x));
const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, v, i) => sum + v * (y[i] ?? 0), 0);

test("of T = [[2, 1], [1, 2]] after two steps is Te_1, with its quotient and residual", () => {
  const { value, vector, residual } = powerIterate([2, 2], [1, 0.5], 2, false);
  expect(Array.from(vector)).toEqual([2 / Math.sqrt(5), 1 / Math.sqrt(5)]);
  expect(value).toBeCloseTo(2.8, 14);
  // Ty − 2.8y = (−0.6, 1.2)/√5, and β_2 y_2 = 0.5/√5.
  expect(residual).toBeCloseTo(Math.sqrt(0.36 + 0.05), 14);
});

test("of a space that has ended goes on to the largest eigenvalue's vector", () => {
  const { value, vector, residual } = powerIterate([2, 2], [1, 1e-8], 2, true);
  expect(Math.abs((vector[0] ?? 0) - Math.SQRT1_2)).toBeLessThan(1e-14);
  expect(value).toBeCloseTo(3, 14);
  expect(residual).toBeCloseTo(1e-8 * Math.SQRT1_2, 14);
});

test("of a dead layer is its start, with nothing left", () => {
  expect(powerIterate([0], [0], 1, true)).toEqual({ value: 0, vector: Float64Array.of(1), residual: 0 });
});

/** A = GGᵀ of order 30, as a product; plain Lanczos from q, without reorthogonalisation. */
test("is A^(k−1)q_1, after steps by which the q_j have long lost their orthogonality", () => {
  const [n, steps] = [30, 29];
  const entries = normals(17, 0, n * n);
  const rows = Array.from({ length: n }, (_, i) => entries.slice(i * n, (i + 1) * n).map((v, j) => v * 0.8 ** j));
  const multiply = (x: readonly number[]): number[] => {
    const pulled = Array.from({ length: n }, (_, j) =>
      rows.reduce((sum, row, i) => sum + (row[j] ?? 0) * (x[i] ?? 0), 0),
    );
    return rows.map((row) => dot(row, pulled));
  };
  const basis = [unit(normals(18, 0, n))];
  const [alpha, beta]: [number[], number[]] = [[], []];
  for (let k = 0; k < steps; k++) {
    const q = basis[k] ?? [];
    const image = multiply(q);
    const a = dot(q, image);
    const r = image.map((v, i) => v - a * (q[i] ?? 0) - (beta[k - 1] ?? 0) * (basis[k - 1]?.[i] ?? 0));
    alpha.push(a);
    beta.push(Math.hypot(...r));
    basis.push(unit(r));
  }
  expect(Math.abs(dot(basis[0] ?? [], basis[steps - 1] ?? []))).toBeGreaterThan(1e-3);
  let right = basis[0] ?? [];
  for (let k = 1; k < steps; k++) right = unit(multiply(right));
  const { value, vector } = powerIterate(alpha, beta, steps, false);
  const found = unit(right.map((_, i) => Array.from(vector).reduce((sum, s, j) => sum + s * (basis[j]?.[i] ?? 0), 0)));
  expect(Math.hypot(...found.map((v, i) => v - (right[i] ?? 0)))).toBeLessThan(1e-12);
  expect(Math.abs(value / dot(right, multiply(right)) - 1)).toBeLessThan(1e-12);
});
