/** The loops of columns.ts where WebAssembly SIMD is missing: the same bits as assembly/column-operations.ts. */
import { exponentOf } from "../powers.ts";
import type { ColumnOperations } from "./column-operations.ts";

export const COLUMN_LOOPS: ColumnOperations = {
  columnMax(x, columns) {
    const result = new Float64Array(columns);
    for (let row = 0; row < x.length; row += columns) {
      // Math.max keeps a NaN.
      for (let j = 0; j < columns; j++) result[j] = Math.max(result[j] as number, Math.abs(x[row + j] as number));
    }
    return result;
  },

  columnNorm(x, columns) {
    const factor = COLUMN_LOOPS.columnMax(x, columns).map((m) =>
      m > 0 && m < Infinity ? 2 ** -Math.max(-1000, Math.min(1000, exponentOf(m))) : 1,
    );
    const sum = new Float64Array(columns);
    for (let row = 0; row < x.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        const v = (x[row + j] as number) * (factor[j] as number);
        sum[j] = (sum[j] as number) + v * v;
      }
    }
    return sum.map((s, j) => Math.sqrt(s) / (factor[j] as number));
  },

  columnDot(x, y, columns) {
    const result = new Float64Array(columns);
    for (let row = 0; row < x.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        result[j] = (result[j] as number) + (x[row + j] as number) * (y[row + j] as number);
      }
    }
    return result;
  },

  scaledColumns(x, factors) {
    const columns = factors.length;
    const result = new Float64Array(x.length);
    for (let row = 0; row < x.length; row += columns) {
      for (let j = 0; j < columns; j++) result[row + j] = (x[row + j] as number) * (factors[j] as number);
    }
    return result;
  },

  addScaledColumns(target, factors, x) {
    const columns = factors.length;
    for (let row = 0; row < x.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        target[row + j] = (target[row + j] as number) + (factors[j] as number) * (x[row + j] as number);
      }
    }
  },

  maskedGroups(mask, x, rows) {
    const [samples, columns] = [mask.length / rows, x.length / rows];
    const result = new Float64Array(x.length);
    for (let own = 0, row = 0; own < mask.length; own += samples) {
      for (const end = row + columns; row < end; row += samples) {
        for (let j = 0; j < samples; j++) result[row + j] = (mask[own + j] as number) * (x[row + j] as number);
      }
    }
    return result;
  },
};
