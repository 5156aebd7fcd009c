/**
 * The audit's own products and norms in f64, in loops over memory that the caller holds. A loop's numbers are declared one by one: an array that
 * is taken apart is made first.
 */

/** Sums of squares between these lose nothing to under- or overflow. */
const SMALL = 2 ** -900;
const LARGE = 2 ** 1000;

/**
 * ‖x‖ of its first n numbers, scaled by its largest entry where squares would leave the range. Relative error at most (n + 6)·2⁻⁵⁴ or so
 * (rounding.ts, `normError`).
 */
export function euclidean(x: Float64Array, n = x.length): number {
  const sum = dotProduct(x, x, n);
  if (sum > SMALL && sum < LARGE) return Math.sqrt(sum);
  const largest = largestOf(x, n);
  if (!(largest > 0 && largest < Infinity)) return largest;
  let scaled = 0;
  for (let i = 0; i < n; i++) scaled += ((x[i] as number) / largest) * ((x[i] as number) / largest);
  return largest * Math.sqrt(scaled);
}

/** max|x|, NaN where one is. */
export function largestOf(x: Float64Array, n = x.length): number {
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const size = Math.abs(x[i] as number);
    if (!(size <= largest)) largest = size;
    if (Number.isNaN(size)) return NaN;
  }
  return largest;
}

/** Of the first n numbers. */
export function dotProduct(x: Float64Array, y: Float64Array, n = x.length): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (x[i] as number) * (y[i] as number);
  return sum;
}

/** y = A x with A rows × columns, row-major: four rows at a time. */
export function multiply(a: Float64Array, rows: number, columns: number, x: Float64Array, y: Float64Array): void {
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    const p = i * columns;
    const q = p + columns;
    const r = q + columns;
    const s = r + columns;
    let y0 = 0;
    let y1 = 0;
    let y2 = 0;
    let y3 = 0;
    for (let k = 0; k < columns; k++) {
      const v = x[k] as number;
      y0 += (a[p + k] as number) * v;
      y1 += (a[q + k] as number) * v;
      y2 += (a[r + k] as number) * v;
      y3 += (a[s + k] as number) * v;
    }
    y[i] = y0;
    y[i + 1] = y1;
    y[i + 2] = y2;
    y[i + 3] = y3;
  }
  for (; i < rows; i++) {
    let sum = 0;
    for (let k = 0, o = i * columns; k < columns; k++, o++) sum += (a[o] as number) * (x[k] as number);
    y[i] = sum;
  }
}

/** x = Aᵀ y with A rows × columns, row-major: four rows at a time. */
export function multiplyTransposed(
  a: Float64Array,
  rows: number,
  columns: number,
  y: Float64Array,
  x: Float64Array,
): void {
  for (let k = 0; k < columns; k++) x[k] = 0;
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    const p = i * columns;
    const q = p + columns;
    const r = q + columns;
    const s = r + columns;
    const y0 = y[i] as number;
    const y1 = y[i + 1] as number;
    const y2 = y[i + 2] as number;
    const y3 = y[i + 3] as number;
    for (let k = 0; k < columns; k++) {
      x[k] =
        (x[k] as number) +
        (a[p + k] as number) * y0 +
        (a[q + k] as number) * y1 +
        (a[r + k] as number) * y2 +
        (a[s + k] as number) * y3;
    }
  }
  for (; i < rows; i++) {
    const v = y[i] as number;
    for (let k = 0, o = i * columns; k < columns; k++, o++) x[k] = (x[k] as number) + (a[o] as number) * v;
  }
}

/** A Aᵀ, rows × rows. */
export function gramOfRows(a: Float64Array, rows: number, columns: number): Float64Array {
  const gram = new Float64Array(rows * rows);
  const row = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    multiply(a, i + 1, columns, a.subarray(i * columns, (i + 1) * columns), row);
    for (let j = 0; j <= i; j++) gram[i * rows + j] = gram[j * rows + i] = row[j] as number;
  }
  return gram;
}

/** Σ_k Σ_i (x_k y_i)² of the first m and n numbers. */
export function outerSquares(x: Float64Array, m: number, y: Float64Array, n: number): number {
  let sum = 0;
  for (let k = 0; k < m; k++) {
    const factor = x[k] as number;
    for (let i = 0; i < n; i++) {
      const entry = factor * (y[i] as number);
      sum += entry * entry;
    }
  }
  return sum;
}

/** Σ_i h_i (Σ_k (d_k h_i) w_k) of the first n of h and all of d. */
export function contract(h: Float64Array, n: number, delta: Float64Array, w: Float64Array): number {
  let sum = 0;
  // Four sums at a time, each in its own order.
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const h0 = h[i] as number;
    const h1 = h[i + 1] as number;
    const h2 = h[i + 2] as number;
    const h3 = h[i + 3] as number;
    let e0 = 0;
    let e1 = 0;
    let e2 = 0;
    let e3 = 0;
    for (let k = 0; k < delta.length; k++) {
      const d = delta[k] as number;
      const v = w[k] as number;
      e0 += d * h0 * v;
      e1 += d * h1 * v;
      e2 += d * h2 * v;
      e3 += d * h3 * v;
    }
    sum += h0 * e0;
    sum += h1 * e1;
    sum += h2 * e2;
    sum += h3 * e3;
  }
  for (; i < n; i++) {
    const own = h[i] as number;
    let entry = 0;
    for (let k = 0; k < delta.length; k++) entry += (delta[k] as number) * own * (w[k] as number);
    sum += own * entry;
  }
  return sum;
}
