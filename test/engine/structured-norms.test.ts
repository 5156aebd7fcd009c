/**
 * ‖W‖ of matrices whose singular vectors are repeated, near-tied or structured, so that a start of the iteration may be orthogonal to them,
 * beside ml-matrix's SVD.
 */
import { describe, expect, test } from "vitest";
import { randomStart } from "../../src/engine/dense/top-eigenvector.ts";
import { weightNorms } from "../../src/engine/weight-norm.ts";
import { normWithDerivative } from "../../src/sweep/tighten/norms.ts";
import { wordsAt } from "../../src/sampling/philox.ts";
import { spectralNorm, svdError } from "../support/svd.ts";

type Entries = (i: number, k: number) => number;
interface Drawn {
  readonly rows: number;
  readonly columns: number;
  readonly entry: Entries;
  /** ‖W‖ where it is known: ml-matrix does not come to an end on some matrices of rank one. */
  readonly norm?: number;
}

const words = wordsAt(77, 77, 0, 2 ** 18);
let used = 0;
/** Uniform on [0, 1). */
const next = (): number => (words[used++ % words.length] ?? 0) / 2 ** 32;
/** A whole number from low to high. */
const whole = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
const drawn = <T>(n: number, draw: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => draw(i));
const square = (n: number, entry: Entries): Drawn => ({ rows: n, columns: n, entry });
/** H_n's entry by Sylvester's rule. */
const hadamard = (i: number, k: number): number => {
  let common = i & k;
  let odd = 0;
  for (; common > 0; common >>= 1) odd ^= common & 1;
  return odd === 1 ? -1 : 1;
};
const shuffled = (n: number): number[] => {
  const order = drawn(n, (i) => i);
  for (let i = n - 1; i > 0; i--) {
    const k = whole(0, i);
    [order[i], order[k]] = [order[k] ?? 0, order[i] ?? 0];
  }
  return order;
};

/** I − 2uuᵀ/‖u‖² applied from both sides to diag(d): a matrix with these singular values. */
function withValues(n: number, d: (i: number) => number): Drawn {
  const [u, v] = [drawn(n, () => next() - 0.5), drawn(n, () => next() - 0.5)];
  const reflect = (x: number[], i: number, k: number): number =>
    (i === k ? 1 : 0) - (2 * (x[i] ?? 0) * (x[k] ?? 0)) / x.reduce((sum, y) => sum + y * y, 0);
  const values = drawn(n, d);
  return square(n, (i, k) => values.reduce((sum, s, j) => sum + reflect(u, i, j) * s * reflect(v, j, k), 0));
}

/** 3uuᵀ + qqᵀ, u a unit vector orthogonal to the unit vector along q. */
function orthogonalTo(q: readonly number[]): Drawn {
  const n = q.length;
  const length = Math.hypot(...q);
  const unit = q.map((x) => x / length);
  let u = drawn(n, () => next() - 0.5);
  for (let pass = 0; pass < 3; pass++) {
    const along = u.reduce((sum, x, i) => sum + x * (unit[i] ?? 0), 0);
    u = u.map((x, i) => x - along * (unit[i] ?? 0));
    const size = Math.hypot(...u);
    u = u.map((x) => x / size);
  }
  return square(n, (i, k) => 3 * (u[i] ?? 0) * (u[k] ?? 0) + (unit[i] ?? 0) * (unit[k] ?? 0));
}

const KINDS: readonly [string, number, () => Drawn][] = [
  ["entries −1, 0, 1, 2 × 2", 400, () => table(2, 2, () => whole(-1, 1))],
  ["small whole numbers", 600, () => table(whole(2, 9), whole(2, 9), () => whole(-2, 2))],
  [
    "±1 of rank one",
    300,
    () => {
      const [rows, columns] = [whole(2, 40), whole(2, 40)];
      const [u, v] = [drawn(rows, () => 2 * whole(0, 1) - 1), drawn(columns, () => 2 * whole(0, 1) - 1)];
      return { rows, columns, entry: (i, k) => (u[i] ?? 0) * (v[k] ?? 0), norm: Math.hypot(...u) * Math.hypot(...v) };
    },
  ],
  [
    "rank one",
    200,
    () => {
      const [rows, columns] = [whole(2, 20), whole(2, 20)];
      const [u, v] = [drawn(rows, () => whole(-3, 3)), drawn(columns, () => next() - 0.5)];
      return { rows, columns, entry: (i, k) => (u[i] ?? 0) * (v[k] ?? 0), norm: Math.hypot(...u) * Math.hypot(...v) };
    },
  ],
  [
    "Hadamard blocks",
    150,
    () => {
      const [size, blocks] = [2 ** whole(1, 4), whole(1, 3)];
      const scale = drawn(blocks, () => whole(-3, 3));
      return square(size * blocks, (i, k) => {
        const block = Math.floor(i / size);
        return block === Math.floor(k / size) ? (scale[block] ?? 0) * hadamard(i % size, k % size) : 0;
      });
    },
  ],
  [
    "permutations with weights",
    150,
    () => {
      const n = whole(2, 40);
      const [order, weight] = [shuffled(n), drawn(n, () => whole(-2, 2))];
      return square(n, (i, k) => (order[i] === k ? (weight[i] ?? 0) : 0));
    },
  ],
  [
    "multiples of the identity",
    40,
    () => {
      const [n, c] = [whole(2, 60), next() * 10];
      return square(n, (i, k) => (i === k ? c : 0));
    },
  ],
  [
    "skew-symmetric",
    150,
    () => {
      const { entry, rows } = table(whole(2, 12), 12, () => whole(-3, 3));
      return square(rows, (i, k) => (i < k ? entry(i, k) : i > k ? -entry(k, i) : 0));
    },
  ],
  [
    "near-tied and repeated",
    80,
    () => {
      const gap = 10 ** -whole(1, 16);
      return withValues(whole(3, 24), (i) => (i === 0 ? 1 + gap : i < 3 ? 1 : next()));
    },
  ],
  [
    "circulants",
    100,
    () => {
      const n = whole(3, 16);
      const first = drawn(n, () => whole(-2, 2));
      return square(n, (i, k) => first[(k - i + n) % n] ?? 0);
    },
  ],
  [
    "orthogonal to 1 + frac(0.618 i)",
    60,
    () => orthogonalTo(drawn(whole(3, 40), (i) => 1 + ((i * 0.6180339887498949) % 1))),
  ],
  ["orthogonal to the iteration's own start", 60, () => orthogonalTo([...randomStart(0, whole(3, 40))])],
];

function table(rows: number, columns: number, draw: () => number): Drawn {
  const values = drawn(rows * columns, draw);
  return { rows, columns, entry: (i, k) => values[i * columns + k] ?? 0 };
}

describe("the norm of a structured matrix", () => {
  test.each(KINDS)(
    "%s: reported to 1e-9, with an interval that holds it and is no wider, in all of %i",
    (_, count, draw) => {
      for (let trial = 0; trial < count; trial++) {
        const { rows, columns, entry, norm: known } = draw();
        const nested = drawn(rows, (i) => drawn(columns, (k) => entry(i, k)));
        const values = Float64Array.from(nested.flat());
        const truth = known ?? spectralNorm(nested);
        const where = `trial ${String(trial)}: ${JSON.stringify(nested)}`;
        const { spectral } = weightNorms(values, rows, columns);
        const slack = svdError(rows, columns) * truth;
        expect(Math.abs(spectral.lower - truth), where).toBeLessThanOrEqual(1e-9 * truth);
        expect(spectral.lower, where).toBeLessThanOrEqual(truth + slack);
        expect(spectral.upper, where).toBeGreaterThanOrEqual(truth - slack);
        expect(spectral.upper - spectral.lower, where).toBeLessThanOrEqual(1e-9 * spectral.lower);
        const { norm } = normWithDerivative(values, rows, columns, "spectral");
        expect(Math.abs(norm - truth), `the search's norm, ${where}`).toBeLessThanOrEqual(1e-9 * truth);
      }
    },
  );
});
