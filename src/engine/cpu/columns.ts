/** Operations on n × B matrices with samples contiguous, a sample being a column. */
import { exponentOf } from "../powers.ts";

/** y ∘ x, entry by entry, into a new matrix. */
export function masked(mask: Float64Array, x: Float64Array): Float64Array {
  const result = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) result[i] = (mask[i] as number) * (x[i] as number);
  return result;
}

/** max |x| of each column; NaN where the column holds one. */
export function columnMax(x: Float64Array, columns: number): Float64Array {
  const result = new Float64Array(columns);
  for (let i = 0, j = 0; i < x.length; i++) {
    const v = Math.abs(x[i] as number);
    if (!(v <= (result[j] as number)) && !Number.isNaN(result[j])) result[j] = v;
    if (++j === columns) j = 0;
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
  for (let i = 0, j = 0; i < x.length; i++) {
    const v = (x[i] as number) * (factor[j] as number);
    sum[j] = (sum[j] as number) + v * v;
    if (++j === columns) j = 0;
  }
  return sum.map((s, j) => Math.sqrt(s) / (factor[j] as number));
}

/** x·y of each pair of columns. */
export function columnDot(x: Float64Array, y: Float64Array, columns: number): Float64Array {
  const result = new Float64Array(columns);
  for (let i = 0, j = 0; i < x.length; i++) {
    result[j] = (result[j] as number) + (x[i] as number) * (y[i] as number);
    if (++j === columns) j = 0;
  }
  return result;
}

/** x with column j multiplied by factors[j], into a new matrix. */
export function scaledColumns(x: Float64Array, factors: Float64Array): Float64Array {
  const columns = factors.length;
  const result = new Float64Array(x.length);
  for (let i = 0, j = 0; i < x.length; i++) {
    result[i] = (x[i] as number) * (factors[j] as number);
    if (++j === columns) j = 0;
  }
  return result;
}

/** target[:, j] += factors[j] · x[:, j]. */
export function addScaledColumns(target: Float64Array, factors: Float64Array, x: Float64Array): void {
  const columns = factors.length;
  for (let i = 0, j = 0; i < x.length; i++) {
    target[i] = (target[i] as number) + (factors[j] as number) * (x[i] as number);
    if (++j === columns) j = 0;
  }
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
