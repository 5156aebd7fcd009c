/** The loops of columns.ts where WebAssembly SIMD is missing: the same bits as assembly/column-operations.ts. */
import { exponentOf } from "../powers.ts";
import { columnBlock } from "./column-block.ts";
import type { ColumnOperations, Part } from "./column-operations.ts";

/** The part of x as a matrix of its own. */
function partOf(x: Float64Array, columns: number, part: Part | undefined): Float64Array {
  return part === undefined ? x : columnBlock(x, part.rows, part.from, columns);
}

export const COLUMN_LOOPS: ColumnOperations = {
  columnMax(x, columns, result = new Float64Array(columns)) {
    result.fill(0);
    for (let row = 0; row < x.length; row += columns) {
      // Math.max keeps a NaN.
      for (let j = 0; j < columns; j++) result[j] = Math.max(result[j] as number, Math.abs(x[row + j] as number));
    }
    return result;
  },

  columnNorm(whole, columns, part, into = new Float64Array(columns)) {
    const x = partOf(whole, columns, part);
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
    for (let j = 0; j < columns; j++) into[j] = Math.sqrt(sum[j] as number) / (factor[j] as number);
    return into;
  },

  columnLeast(x, place, least) {
    const columns = least.length;
    for (let row = 0; row < x.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        const distance = Math.abs((x[row + j] as number) - place);
        if (distance < (least[j] as number)) least[j] = distance;
      }
    }
  },

  allFinite(x) {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += 0 * (x[i] as number);
    return sum === 0;
  },

  columnDot(whole, y, columns, part, result = new Float64Array(columns)) {
    const x = partOf(whole, columns, part);
    result.fill(0);
    for (let row = 0; row < x.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        result[j] = (result[j] as number) + (x[row + j] as number) * (y[row + j] as number);
      }
    }
    return result;
  },

  scaledColumns(whole, factors, made, part) {
    const columns = factors.length;
    const x = partOf(whole, columns, part);
    const into = made ?? new Float64Array(x.length);
    const pitch = (columns * into.length) / x.length;
    for (let row = 0, own = 0; row < x.length; row += columns, own += pitch) {
      for (let j = 0; j < columns; j++) into[own + j] = (x[row + j] as number) * (factors[j] as number);
    }
    return into;
  },

  addToRows(x, b) {
    const columns = x.length / b.length;
    for (let i = 0, at = 0; i < b.length; i++) {
      for (let j = 0; j < columns; j++, at++) x[at] = (x[at] as number) + (b[i] as number);
    }
  },

  spread(x, rows, from, into) {
    const [samples, pitch] = [from.length, x.length / rows];
    for (let i = 0; i < rows; i++) {
      const row = i * pitch;
      into.set(x.subarray(row, row + samples), 2 * i * samples);
      for (let j = 0; j < samples; j++) into[(2 * i + 1) * samples + j] = x[row + (from[j] as number)] as number;
    }
  },

  // Those of network/activations.ts are loops.
  activate: () => false,

  addScaledColumns(target, factors, x) {
    const columns = factors.length;
    for (let row = 0; row < x.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        target[row + j] = (target[row + j] as number) + (factors[j] as number) * (x[row + j] as number);
      }
    }
  },

  maskedGroups(mask, x, rows, result = new Float64Array(x.length)) {
    const [samples, columns] = [mask.length / rows, x.length / rows];
    for (let own = 0, row = 0; own < mask.length; own += samples) {
      for (const end = row + columns; row < end; row += samples) {
        for (let j = 0; j < samples; j++) result[row + j] = (mask[own + j] as number) * (x[row + j] as number);
      }
    }
    return result;
  },
};
