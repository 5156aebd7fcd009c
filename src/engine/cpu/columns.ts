/**
 * Operations on n × B matrices with samples contiguous, a sample being a column. Each column's numbers depend on nothing beside it. They
 * run in WebAssembly SIMD (column-kernels.ts), or where that is missing in loops (column-loops.ts): the same bits.
 */
import type { Activation } from "../../network/parametric.ts";
import { activated, functionsOf, isPrelu } from "../../network/parametric.ts";
import type { Workspace } from "../wasm/workspace.ts";
import { threadWorkspace } from "../wasm/workspace.ts";
import { columnKernels } from "./column-kernels.ts";
import { COLUMN_LOOPS } from "./column-loops.ts";
import type { ColumnOperations, Part } from "./column-operations.ts";

import { columnBlock } from "./column-block.ts";

export { columnBlock };

let kernels: { readonly of: Workspace; readonly operations: ColumnOperations } | null = null;

/** What this thread uses for operands of so many numbers. */
function operations(numbers: number): ColumnOperations {
  const workspace = threadWorkspace(8 * numbers + 1024);
  if (workspace === null) return COLUMN_LOOPS;
  if (kernels?.of !== workspace) kernels = { of: workspace, operations: columnKernels(workspace) };
  return kernels.operations;
}

/** y ∘ x, entry by entry, into a new matrix. */
export function masked(mask: Float64Array, x: Float64Array): Float64Array {
  return maskedGroups(mask, x, 1);
}

/** @see ColumnOperations.maskedGroups */
export function maskedGroups(mask: Float64Array, x: Float64Array, rows: number, into?: Float64Array): Float64Array {
  return operations(mask.length + 2 * x.length).maskedGroups(mask, x, mask.length === x.length ? 1 : rows, into);
}

/** @see ColumnOperations.columnMax */
export function columnMax(x: Float64Array, columns: number, into?: Float64Array): Float64Array {
  return operations(x.length + columns).columnMax(x, columns, into);
}

/** The least |x − k| of each column over its entries and the places k; Infinity where there are none. */
export function columnDistance(
  x: Float64Array,
  places: readonly number[],
  columns: number,
  result: Float64Array = new Float64Array(columns),
): Float64Array {
  result.fill(Infinity);
  for (const at of places) operations(x.length + columns).columnLeast(x, at, result);
  return result;
}

/** @see ColumnOperations.columnNorm */
export function columnNorm(x: Float64Array, columns: number, part?: Part, into?: Float64Array): Float64Array {
  return operations(x.length + 2 * columns).columnNorm(x, columns, part, into);
}

/** @see ColumnOperations.columnDot */
export function columnDot(
  x: Float64Array,
  y: Float64Array,
  columns: number,
  part?: Part,
  into?: Float64Array,
): Float64Array {
  return operations(x.length + y.length + columns).columnDot(x, y, columns, part, into);
}

/** @see ColumnOperations.allFinite */
export function allFinite(x: Float64Array): boolean {
  return operations(x.length).allFinite(x);
}

/** @see ColumnOperations.scaledColumns */
export function scaledColumns(x: Float64Array, factors: Float64Array, into?: Float64Array, part?: Part): Float64Array {
  return operations(2 * x.length + (into?.length ?? 0) + factors.length).scaledColumns(x, factors, into, part);
}

/** @see ColumnOperations.addToRows */
export function addToRows(x: Float64Array, b: Float64Array): void {
  operations(x.length + b.length).addToRows(x, b);
}

/** @see ColumnOperations.spread */
export function spread(x: Float64Array, rows: number, from: Int32Array, into: Float64Array): void {
  operations(x.length + into.length + from.length).spread(x, rows, from, into);
}

/** g and g′ of the units' numbers, row-major with `columns` numbers a unit, into two matrices. */
export function activate(
  activation: Activation,
  z: Float64Array,
  columns: number,
  value: Float64Array,
  slope: Float64Array,
): void {
  if (typeof activation === "string" && operations(3 * z.length).activate(activation, z, value, slope)) return;
  if (isPrelu(activation)) {
    const made = activated(activation, z, columns);
    value.set(made.value);
    slope.set(made.slope);
    return;
  }
  const g = functionsOf(activation);
  for (let i = 0; i < z.length; i++) {
    value[i] = g.value(z[i] as number);
    slope[i] = g.slope(z[i] as number);
  }
}

/** x, or a part of it, with each column divided by its norm; a column whose norm is 0 or not finite becomes 0. */
export function unitColumns(x: Float64Array, norms: Float64Array, into?: Float64Array, part?: Part): Float64Array {
  let least = Infinity;
  for (let j = 0; j < norms.length; j++) {
    const v = norms[j] as number;
    if (v > 0 && v < least) least = v;
  }
  if (least >= SMALLEST_INVERTED) return scaledColumns(x, inverse(norms), into, part);
  // 1/v overflows below 2⁻¹⁰²⁴: brought up by a power of two first, which is exact.
  const exponents = norms.map((v) => (v > 0 && v < SMALLEST_INVERTED ? 1000 : 0));
  const own = part === undefined ? x : columnBlock(x, part.rows, part.from, norms.length);
  const raised = own.map((v, at) => v * 2 ** (exponents[at % norms.length] as number));
  return scaledColumns(raised, inverse(norms.map((v, j) => v * 2 ** (exponents[j] as number))), into);
}

const SMALLEST_INVERTED = 2 ** -1000;

/** 1/x, and 0 for 0 or what is not finite. */
function inverse(x: Float64Array): Float64Array {
  const result = new Float64Array(x.length);
  for (let j = 0; j < x.length; j++) {
    const v = x[j] as number;
    if (v > 0 && v < Infinity) result[j] = 1 / v;
  }
  return result;
}

/** @see ColumnOperations.addScaledColumns */
export function addScaledColumns(target: Float64Array, factors: Float64Array, x: Float64Array): void {
  operations(2 * x.length + factors.length).addScaledColumns(target, factors, x);
}

/** Column j of an n × B matrix. @param into for it; new where left out. */
export function column(
  x: Float64Array,
  columns: number,
  j: number,
  into: Float64Array = new Float64Array(x.length / columns),
): Float64Array {
  for (let i = 0, from = j; i < into.length; i++, from += columns) into[i] = x[from] as number;
  return into;
}

/** The n × B matrix whose columns are these. */
export function fromColumns(columns: readonly Float64Array[]): Float64Array {
  const n = columns[0]?.length ?? 0;
  const result = new Float64Array(n * columns.length);
  columns.forEach((values, j) => {
    for (let i = 0; i < n; i++) result[i * columns.length + j] = values[i] as number;
  });
  return result;
}

/** The chosen columns of an n × B matrix, in the order given. */
export function pickColumns(x: Float64Array, columns: number, chosen: Int32Array): Float64Array {
  const n = x.length / columns;
  const result = new Float64Array(n * chosen.length);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < chosen.length; j++)
      result[i * chosen.length + j] = x[i * columns + (chosen[j] as number)] as number;
  }
  return result;
}
