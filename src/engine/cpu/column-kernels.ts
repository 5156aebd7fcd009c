/** The operations of columns.ts in WebAssembly SIMD (assembly/column-operations.ts). */
import type { Workspace } from "../wasm/workspace.ts";
import { wholeLines } from "../wasm/workspace.ts";
import type { ColumnOperations } from "./column-operations.ts";

export function columnKernels({ kernels, room, write, read }: Workspace): ColumnOperations {
  /** Copies operands in, one behind the other; where each one starts, and the end. */
  const place = (at: number, values: Float64Array): number => {
    write(at, values);
    return at + wholeLines(8 * values.length);
  };
  const column = (at: number, columns: number): Float64Array => {
    const result = new Float64Array(columns);
    read(at, result);
    return result;
  };
  return {
    columnMax(x, columns) {
      const at = room();
      const most = place(at, x);
      kernels.columnMax(at, 8 * x.length, 8 * columns, most);
      return column(most, columns);
    },

    columnNorm(x, columns) {
      const at = room();
      const norm = place(at, x);
      kernels.columnNorm(at, 8 * x.length, 8 * columns, norm, norm + wholeLines(8 * columns));
      return column(norm, columns);
    },

    columnDot(x, y, columns) {
      const at = room();
      const other = place(at, x);
      const dot = place(other, y);
      kernels.columnDot(at, other, 8 * x.length, 8 * columns, dot);
      return column(dot, columns);
    },

    scaledColumns(x, factors) {
      const at = room();
      const factorsAt = place(at, x);
      write(factorsAt, factors);
      const pitch = 8 * factors.length;
      kernels.mask(at, 8 * x.length, pitch, factorsAt, pitch, 0);
      return column(at, x.length);
    },

    addScaledColumns(target, factors, x) {
      const at = room();
      const other = place(at, target);
      const factorsAt = place(other, x);
      write(factorsAt, factors);
      kernels.addScaledColumns(at, other, 8 * x.length, 8 * factors.length, factorsAt);
      read(at, target);
    },

    maskedGroups(mask, x, rows) {
      const at = room();
      const slopes = place(at, x);
      write(slopes, mask);
      const own = (8 * mask.length) / rows;
      kernels.mask(at, 8 * x.length, (8 * x.length) / rows, slopes, own, own);
      return column(at, x.length);
    },
  };
}
