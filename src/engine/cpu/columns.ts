/** Operations on n × B matrices with samples contiguous, a sample being a column. */
import { exponentOf } from "../powers.ts";

/** y ∘ x, entry by entry, into a new matrix. */
export function masked(mask: Float64Array, x: Float64Array): Float64Array {
  const result = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) result[i] = (mask[i] as number) * (x[i] as number);
  return result;
}

/** D ∘ x where x has several groups of columns, each as wide as D: column j of x with column j mod B of D, n × B. */
export function maskedGroups(mask: Float64Array, x: Float64Array, rows: number): Float64Array {
  if (mask.length === x.length) return masked(mask, x);
  const [samples, columns] = [mask.length / rows, x.length / rows];
  const result = new Float64Array(x.length);
  for (let own = 0, row = 0; own < mask.length; own += samples) {
    for (const end = row + columns; row < end; row += samples) {
      for (let j = 0; j < samples; j++) result[row + j] = (mask[own + j] as number) * (x[row + j] as number);
    }
  }
  return result;
}

/** max |x| of each column; NaN where the column holds one. */
export function columnMax(x: Float64Array, columns: number): Float64Array {
  const result = new Float64Array(columns);
  for (let row = 0; row < x.length; row += columns) {
    // Math.max keeps a NaN.
    for (let j = 0; j < columns; j++) result[j] = Math.max(result[j] as number, Math.abs(x[row + j] as number));
  }
  return result;
}

/** The least |x − k| of each column over its entries and the places k; Infinity where there are none. */
export function columnDistance(x: Float64Array, places: readonly number[], columns: number): Float64Array {
  const result = new Float64Array(columns).fill(Infinity);
  for (const at of places) {
    for (let row = 0; row < x.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        const distance = Math.abs((x[row + j] as number) - at);
        if (distance < (result[j] as number)) result[j] = distance;
      }
    }
  }
  return result;
}

/**
 * Euclidean norm of each column, each column scaled by the power of two of its largest entry so that no square over- or
 * underflows. Relative error ≤ γ_{n+2}/2 + u (n roundings in the sum of squares, halved by the root).
 */
export function columnNorm(x: Float64Array, columns: number): Float64Array {
  const largest = columnMax(x, columns);
  const factor = largest.map((m) => (m > 0 && m < Infinity ? 2 ** -Math.max(-1000, Math.min(1000, exponentOf(m))) : 1));
  const sum = new Float64Array(columns);
  for (let row = 0; row < x.length; row += columns) {
    for (let j = 0; j < columns; j++) {
      const v = (x[row + j] as number) * (factor[j] as number);
      sum[j] = (sum[j] as number) + v * v;
    }
  }
  return sum.map((s, j) => Math.sqrt(s) / (factor[j] as number));
}

/** x·y of each pair of columns. */
export function columnDot(x: Float64Array, y: Float64Array, columns: number): Float64Array {
  const result = new Float64Array(columns);
  for (let row = 0; row < x.length; row += columns) {
    for (let j = 0; j < columns; j++) {
      result[j] = (result[j] as number) + (x[row + j] as number) * (y[row + j] as number);
    }
  }
  return result;
}

/** x with column j multiplied by factors[j], into a new matrix. */
export function scaledColumns(x: Float64Array, factors: Float64Array): Float64Array {
  const columns = factors.length;
  const result = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += columns) {
    for (let j = 0; j < columns; j++) result[row + j] = (x[row + j] as number) * (factors[j] as number);
  }
  return result;
}

/** x with each column divided by its norm; a column whose norm is 0 or not finite becomes 0. */
export function unitColumns(x: Float64Array, norms: Float64Array): Float64Array {
  if (norms.every((v) => v >= SMALLEST_INVERTED || !(v > 0))) return scaledColumns(x, inverse(norms));
  // 1/v overflows below 2⁻¹⁰²⁴: brought up by a power of two first, which is exact.
  const exponents = norms.map((v) => (v > 0 && v < SMALLEST_INVERTED ? 1000 : 0));
  const raised = x.map((v, at) => v * 2 ** (exponents[at % norms.length] as number));
  return scaledColumns(raised, inverse(norms.map((v, j) => v * 2 ** (exponents[j] as number))));
}

const SMALLEST_INVERTED = 2 ** -1000;

/** 1/x, and 0 for 0 or what is not finite. */
function inverse(x: Float64Array): Float64Array {
  return x.map((v) => (v > 0 && v < Infinity ? 1 / v : 0));
}

/** target[:, j] += factors[j] · x[:, j]. */
export function addScaledColumns(target: Float64Array, factors: Float64Array, x: Float64Array): void {
  const columns = factors.length;
  for (let row = 0; row < x.length; row += columns) {
    for (let j = 0; j < columns; j++) {
      target[row + j] = (target[row + j] as number) + (factors[j] as number) * (x[row + j] as number);
    }
  }
}

/** Columns from … from + count − 1 of an n × B matrix. */
export function columnBlock(x: Float64Array, rows: number, from: number, count: number): Float64Array {
  const columns = x.length / rows;
  if (columns === count) return x;
  const result = new Float64Array(rows * count);
  for (let i = 0; i < rows; i++) result.set(x.subarray(i * columns + from, i * columns + from + count), i * count);
  return result;
}

/** Column j of an n × B matrix. */
export function column(x: Float64Array, columns: number, j: number): Float64Array {
  const n = x.length / columns;
  const result = new Float64Array(n);
  for (let i = 0; i < n; i++) result[i] = x[i * columns + j] as number;
  return result;
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
