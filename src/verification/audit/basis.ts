/**
 * Orthonormal vectors of one search, and what is left of another without them: in WebAssembly (assembly/audit-product.ts) where the runtime has it,
 * else in loops of the same bits. A thread has one memory for all: what a search left is there until the next begins.
 */
import type { Machine } from "./machine.ts";
import { openMachine } from "./machine.ts";

export interface Basis {
  /** Begins a search in n dimensions of at most `steps` vectors. @returns where `orthogonalise` works, n numbers. */
  readonly begin: (n: number, steps: number) => Float64Array;
  /** q_{j+1} = x/length, written to `own` too. */
  readonly keep: (j: number, x: Float64Array, length: number, own: Float64Array) => void;
  /** q_{j+1}'s entry i. */
  readonly entry: (j: number, i: number) => number;
  /** r −= Σ_{j≤steps} (q_j·r) q_j for what `begin` returned. */
  readonly orthogonalise: (steps: number) => void;
}

const PAGE_BYTES = 2 ** 16;

let known: Basis | undefined;

export function basisOfThread(): Basis {
  return (known ??= createBasis(openMachine()));
}

/** @param machine of which nobody else uses the memory; null: loops. */
export function createBasis(machine: Machine | null): Basis {
  let numbers = machine?.numbers ?? new Float64Array(0);
  // Rows are filled up to a multiple of eight numbers: r, the dot products, then the vectors.
  let [dimension, pitch, first] = [0, 0, 0];
  return {
    begin(n, steps) {
      dimension = n;
      pitch = 8 * Math.ceil(n / 8);
      first = pitch + 8 * Math.ceil((steps + 1) / 8);
      const wanted = first + (steps + 1) * pitch;
      if (wanted > numbers.length) {
        machine?.memory.grow(Math.ceil((8 * wanted - machine.memory.buffer.byteLength) / PAGE_BYTES));
        numbers = new Float64Array(machine?.memory.buffer ?? new ArrayBuffer(8 * wanted));
      }
      numbers.fill(0, n, pitch);
      return numbers.subarray(0, n);
    },
    keep(j, x, length, own) {
      let to = first + j * pitch;
      const end = to + pitch;
      for (let i = 0; i < dimension; i++, to++) numbers[to] = own[i] = (x[i] as number) / length;
      while (to < end) numbers[to++] = 0;
    },
    entry: (j, i) => numbers[first + j * pitch + i] as number,
    orthogonalise(steps) {
      if (machine === null) orthogonaliseInLoops(numbers, first, steps, pitch);
      else machine.orthogonalise(8 * first, steps, 8 * pitch, 0, 8 * pitch);
    },
  };
}

/** As the kernel does it: r from 0 on, the dot products behind it. */
function orthogonaliseInLoops(a: Float64Array, first: number, rows: number, pitch: number): void {
  const sums = new Float64Array(8);
  for (let j = 0; j < rows; j++) {
    sums.fill(0);
    const row = first + j * pitch;
    for (let i = 0; i < pitch; i++) sums[i % 8] = (sums[i % 8] as number) + (a[row + i] as number) * (a[i] as number);
    const lane = (k: number): number =>
      (sums[k] as number) + (sums[k + 2] as number) + ((sums[k + 4] as number) + (sums[k + 6] as number));
    a[pitch + j] = lane(0) + lane(1);
  }
  for (let j = 0; j < rows; j++) {
    const part = a[pitch + j] as number;
    const row = first + j * pitch;
    for (let i = 0; i < pitch; i++) a[i] = (a[i] as number) - part * (a[row + i] as number);
  }
}
