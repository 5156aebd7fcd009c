/**
 * Products with a plan's matrices and their transposes, in WebAssembly of the audit's own (assembly/audit-product.ts) where the runtime has it and
 * the matrices are not too large to stand there twice, each way; else in loops (vectors.ts). The bits are the same.
 *
 * A thread has one memory for all plans. Their matrices are written when it was another plan's last: most runs have one plan, and a few two.
 */
import { machine } from "./machine.ts";
import { contract, multiply, multiplyTransposed, outerSquares } from "./vectors.ts";

/** Row-major. */
export interface DenseMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Asked for when a product is first. */
  readonly values: () => Float64Array;
  /** Whether there are products with its transpose too; yes where left out. */
  readonly bothWays?: boolean;
}

/** @param i which of the matrices. */
export interface Products {
  /** y = A x. */
  readonly times: (i: number, x: Float64Array, y: Float64Array) => void;
  /** x = Aᵀ y. */
  readonly timesTransposed: (i: number, y: Float64Array, x: Float64Array) => void;
  /** Σ_k Σ_i (x_k y_i)² of the first m and n numbers. */
  readonly outerSquares: (x: Float64Array, m: number, y: Float64Array, n: number) => number;
  /** Σ_i h_i (Σ_k (d_k h_i) w_k) of the first n of h and all of d. */
  readonly contract: (h: Float64Array, n: number, d: Float64Array, w: Float64Array) => number;
}

/** Numbers in the memory, at most. */
const MOST = 3 * 2 ** 21;
const PAGE_BYTES = 2 ** 16;

/** Rows are filled up to an even number, vectors to a multiple of eight. */
const even = (n: number): number => n + (n % 2);
const eight = (n: number): number => 8 * Math.ceil(n / 8);

export function createProducts(matrices: readonly DenseMatrix[]): Products {
  const room = eight(matrices.reduce((most, { rows, columns }) => Math.max(most, rows, columns), 0));
  // Three vectors, then each matrix transposed and as it is: byte offsets, multiples of 16.
  const vector = 8 * room;
  let end = 3 * vector;
  const places = matrices.map(({ rows, columns, bothWays = true }) => {
    const transposed = end;
    const own = transposed + 8 * columns * even(rows);
    end = own + (bothWays ? 8 * rows * even(columns) : 0);
    return { own: bothWays ? own : null, transposed };
  });
  const opened = end <= 8 * MOST ? machine() : null;
  if (opened === null) return loops(matrices);
  const owner = {};
  const load = (): void => {
    const missing = end - opened.memory.buffer.byteLength;
    if (missing > 0) opened.memory.grow(Math.ceil(missing / PAGE_BYTES));
    opened.numbers = new Float64Array(opened.memory.buffer);
    matrices.forEach(({ rows, columns, values }, i) => {
      const { own, transposed } = places[i] as (typeof places)[number];
      writeMatrix(opened.numbers, own === null ? null : own / 8, transposed / 8, rows, columns, values());
    });
    opened.owner = owner;
  };
  const put = (k: number, x: Float64Array, n: number, filled = n): void => {
    const { numbers } = opened;
    const at = k * room;
    for (let i = 0; i < n; i++) numbers[at + i] = x[i] as number;
    for (let i = n; i < filled; i++) numbers[at + i] = 0;
  };
  /** The kernel on vectors that are copied in and out. */
  const pull = (at: number, rows: number, columns: number, y: Float64Array, x: Float64Array): void => {
    if (opened.owner !== owner) load();
    const { numbers } = opened;
    put(0, y, rows);
    opened.pull(at, rows, 8 * even(columns), 0, vector);
    for (let j = 0, from = room; j < columns; j++, from++) x[j] = numbers[from] as number;
  };
  return {
    times(i, x, y) {
      const { rows, columns } = matrices[i] as DenseMatrix;
      pull((places[i] as (typeof places)[number]).transposed, columns, rows, x, y);
    },
    timesTransposed(i, y, x) {
      const { rows, columns, values } = matrices[i] as DenseMatrix;
      const { own } = places[i] as (typeof places)[number];
      if (own === null) multiplyTransposed(values(), rows, columns, y, x);
      else pull(own, rows, columns, y, x);
    },
    outerSquares(x, m, y, n) {
      if (opened.owner !== owner) load();
      put(0, x, m);
      put(1, y, n, eight(n));
      return opened.outerSquares(0, m, vector, eight(n));
    },
    contract(h, n, d, w) {
      if (opened.owner !== owner) load();
      put(0, h, n, eight(n));
      put(1, d, d.length);
      put(2, w, d.length);
      return opened.contract(0, eight(n), vector, 2 * vector, d.length);
    },
  };
}

function loops(matrices: readonly DenseMatrix[]): Products {
  return {
    times(i, x, y) {
      const { rows, columns, values } = matrices[i] as DenseMatrix;
      multiply(values(), rows, columns, x, y);
    },
    timesTransposed(i, y, x) {
      const { rows, columns, values } = matrices[i] as DenseMatrix;
      multiplyTransposed(values(), rows, columns, y, x);
    },
    outerSquares,
    contract,
  };
}

/** Aᵀ, and A where it has a place, their rows filled up with zeros to an even number. */
function writeMatrix(
  into: Float64Array,
  own: number | null,
  transposed: number,
  rows: number,
  columns: number,
  values: Float64Array,
): void {
  const pitch = even(columns);
  const otherPitch = even(rows);
  into.fill(0, transposed, transposed + columns * otherPitch);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) into[transposed + j * otherPitch + i] = values[i * columns + j] as number;
  }
  if (own === null) return;
  into.fill(0, own, own + rows * pitch);
  for (let i = 0; i < rows; i++) into.set(values.subarray(i * columns, (i + 1) * columns), own + i * pitch);
}
