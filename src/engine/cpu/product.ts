/**
 * The matrix product of engine cpu: Y = A X, A m × k row-major, X k × B and Y m × B with samples contiguous.
 *
 * Each entry of Y is one sum in ascending k with a single accumulator, whatever B is and wherever the register tiles fall, so that a
 * sample's bits do not depend on its neighbours. It is made in WebAssembly SIMD (assembly/column-product.ts, ten times as fast), or
 * where that is missing by the loops below: the same bits.
 */
import { threadWorkspace, wholeLines } from "../wasm/workspace.ts";
import type { Workspace } from "../wasm/workspace.ts";

/** @param a which must never change: the kernel keeps a copy of it. */
export function product(
  a: Float64Array,
  rows: number,
  inner: number,
  x: Float64Array,
  columns: number,
  y: Float64Array,
): void {
  const workspace = threadWorkspace(8 * (padded(rows) * (inner + columns) + inner * columns) + 128);
  if (workspace === null) productInLoops(a, rows, inner, x, columns, y);
  else productInKernel(workspace, a, rows, inner, x, columns, y);
}

export function productInKernel(
  { kernels, keep, room, write, read, isHere }: Workspace,
  a: Float64Array,
  rows: number,
  inner: number,
  x: Float64Array,
  columns: number,
  y: Float64Array,
): void {
  const height = padded(rows);
  const weight = keep(a, height * inner);
  // Only the matrices of an arena stand here, which have room for four rows at a time (arena.ts).
  const [stands, staysThere] = [isHere(x), isHere(y)];
  const operand = stands ? x.byteOffset : room();
  const result = staysThere ? y.byteOffset : room() + wholeLines(8 * inner * columns);
  if (!stands) write(operand, x);
  kernels.multiply(weight, operand, result, height, inner, columns);
  if (!staysThere) read(result, y);
}

/** The kernel takes four rows at a time. */
export function padded(rows: number): number {
  return Math.ceil(rows / 4) * 4;
}

export function productInLoops(
  a: Float64Array,
  rows: number,
  inner: number,
  x: Float64Array,
  columns: number,
  y: Float64Array,
): void {
  const fullRows = rows - (rows % 4);
  const fullColumns = columns - (columns % 4);
  for (let i = 0; i < fullRows; i += 4) {
    const r0 = i * inner;
    const r1 = r0 + inner;
    const r2 = r1 + inner;
    const r3 = r2 + inner;
    for (let j = 0; j < fullColumns; j += 4) {
      let s00 = 0,
        s01 = 0,
        s02 = 0,
        s03 = 0;
      let s10 = 0,
        s11 = 0,
        s12 = 0,
        s13 = 0;
      let s20 = 0,
        s21 = 0,
        s22 = 0,
        s23 = 0;
      let s30 = 0,
        s31 = 0,
        s32 = 0,
        s33 = 0;
      for (let k = 0, p = j; k < inner; k++, p += columns) {
        const x0 = x[p] as number;
        const x1 = x[p + 1] as number;
        const x2 = x[p + 2] as number;
        const x3 = x[p + 3] as number;
        const a0 = a[r0 + k] as number;
        s00 += a0 * x0;
        s01 += a0 * x1;
        s02 += a0 * x2;
        s03 += a0 * x3;
        const a1 = a[r1 + k] as number;
        s10 += a1 * x0;
        s11 += a1 * x1;
        s12 += a1 * x2;
        s13 += a1 * x3;
        const a2 = a[r2 + k] as number;
        s20 += a2 * x0;
        s21 += a2 * x1;
        s22 += a2 * x2;
        s23 += a2 * x3;
        const a3 = a[r3 + k] as number;
        s30 += a3 * x0;
        s31 += a3 * x1;
        s32 += a3 * x2;
        s33 += a3 * x3;
      }
      let o = i * columns + j;
      y[o] = s00;
      y[o + 1] = s01;
      y[o + 2] = s02;
      y[o + 3] = s03;
      o += columns;
      y[o] = s10;
      y[o + 1] = s11;
      y[o + 2] = s12;
      y[o + 3] = s13;
      o += columns;
      y[o] = s20;
      y[o + 1] = s21;
      y[o + 2] = s22;
      y[o + 3] = s23;
      o += columns;
      y[o] = s30;
      y[o + 1] = s31;
      y[o + 2] = s32;
      y[o + 3] = s33;
    }
    edge(a, i, i + 4, inner, x, columns, fullColumns, y);
  }
  edge(a, fullRows, rows, inner, x, columns, 0, y);
}

/** Rows from … to − 1, columns firstColumn … B − 1, an entry at a time. */
function edge(
  a: Float64Array,
  from: number,
  to: number,
  inner: number,
  x: Float64Array,
  columns: number,
  firstColumn: number,
  y: Float64Array,
): void {
  for (let i = from; i < to; i++) {
    for (let j = firstColumn; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += (a[i * inner + k] as number) * (x[k * columns + j] as number);
      y[i * columns + j] = sum;
    }
  }
}
