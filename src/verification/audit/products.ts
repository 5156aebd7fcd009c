/**
 * Products with a plan's matrices and their transposes, in WebAssembly of the audit's own (assembly/audit-product.ts) where the runtime has it and
 * the matrices are not too large to stand there twice, each way; else in loops (vectors.ts). The bits are the same.
 *
 * A thread has one memory for all plans. Their matrices are written when it was another plan's last: most runs have one plan, and a few two.
 */
import { AUDIT_PRODUCT_WASM } from "./product-wasm.ts";
import { multiply, multiplyTransposed } from "./vectors.ts";

/** Row-major. */
export interface DenseMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Asked for when a product is first. */
  readonly values: () => Float64Array;
}

/** @param i which of the matrices. */
export interface Products {
  /** y = A x. */
  readonly times: (i: number, x: Float64Array, y: Float64Array) => void;
  /** x = Aᵀ y. */
  readonly timesTransposed: (i: number, y: Float64Array, x: Float64Array) => void;
}

interface Machine {
  readonly memory: WebAssembly.Memory;
  readonly pull: (a: number, rows: number, pitch: number, y: number, x: number) => void;
  /** Whose matrices it holds. */
  owner: object | null;
  numbers: Float64Array;
}

/** Numbers in the memory, at most. */
const MOST = 2 ** 22;
const PAGE_BYTES = 2 ** 16;

/** Rows are filled up to an even number. */
function even(n: number): number {
  return n + (n % 2);
}

let known: Machine | null | undefined;

function machine(): Machine | null {
  if (known === undefined) known = openMachine();
  return known;
}

function openMachine(): Machine | null {
  try {
    const module = new WebAssembly.Module(Uint8Array.from(atob(AUDIT_PRODUCT_WASM), (c) => c.charCodeAt(0)));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const pull = exports.pull as Machine["pull"];
    return { memory, pull, owner: null, numbers: new Float64Array(memory.buffer) };
  } catch {
    return null;
  }
}

export function createProducts(matrices: readonly DenseMatrix[]): Products {
  const widest = even(matrices.reduce((most, { rows, columns }) => Math.max(most, rows, columns), 0));
  // Two vectors, then each matrix as it is and transposed: byte offsets, multiples of 16.
  let end = 16 * widest;
  const places = matrices.map(({ rows, columns }) => {
    const own = end;
    const transposed = own + 8 * rows * even(columns);
    end = transposed + 8 * columns * even(rows);
    return { own, transposed };
  });
  const opened = end <= 8 * MOST ? machine() : null;
  if (opened === null) return loops(matrices);
  const owner = {};
  const outside = 8 * widest;
  const load = (): void => {
    const missing = end - opened.memory.buffer.byteLength;
    if (missing > 0) opened.memory.grow(Math.ceil(missing / PAGE_BYTES));
    opened.numbers = new Float64Array(opened.memory.buffer);
    matrices.forEach(({ rows, columns, values }, i) => {
      const { own, transposed } = places[i] as (typeof places)[number];
      writeMatrix(opened.numbers, own / 8, transposed / 8, rows, columns, values());
    });
    opened.owner = owner;
  };
  /** The kernel on vectors that are copied in and out. */
  const pull = (at: number, rows: number, columns: number, y: Float64Array, x: Float64Array): void => {
    if (opened.owner !== owner) load();
    const { numbers } = opened;
    for (let i = 0; i < rows; i++) numbers[i] = y[i] as number;
    opened.pull(at, rows, 8 * even(columns), 0, outside);
    for (let j = 0, from = widest; j < columns; j++, from++) x[j] = numbers[from] as number;
  };
  return {
    times(i, x, y) {
      const { rows, columns } = matrices[i] as DenseMatrix;
      pull((places[i] as (typeof places)[number]).transposed, columns, rows, x, y);
    },
    timesTransposed(i, y, x) {
      const { rows, columns } = matrices[i] as DenseMatrix;
      pull((places[i] as (typeof places)[number]).own, rows, columns, y, x);
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
  };
}

/** A and Aᵀ, their rows filled up with zeros to an even number. */
function writeMatrix(
  into: Float64Array,
  own: number,
  transposed: number,
  rows: number,
  columns: number,
  values: Float64Array,
): void {
  const pitch = even(columns);
  const otherPitch = even(rows);
  into.fill(0, own, transposed + columns * otherPitch);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const v = values[i * columns + j] as number;
      into[own + i * pitch + j] = v;
      into[transposed + j * otherPitch + i] = v;
    }
  }
}
