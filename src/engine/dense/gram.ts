/** Gram matrices in f64: W Wᵀ, and the transpose that makes WᵀW one. */
import { rankUpdate } from "./rank-update.ts";

/** Columns that are summed in one go; the sums of the slices are added up after that. */
const DEPTH = 256;

/** WWᵀ of an m × n matrix: m × m, symmetric, row-major. Each entry is within γ_k Σ|w_i||w_j| of the exact one, k = `gramRoundings(n)`. */
export function gramOfRows(values: Float64Array, rows: number, columns: number): Float64Array {
  const gram = new Float64Array(rows * rows);
  for (let first = 0; first < columns; first += DEPTH) {
    const depth = Math.min(DEPTH, columns - first);
    rankUpdate({
      ...{ target: gram, targetPitch: rows, at: 0, source: values, sourcePitch: columns },
      ...{ from: 0, rows, first, depth, sign: 1 },
    });
  }
  mirror(gram, rows);
  return gram;
}

/** Roundings on the way of any one product w_ik w_jk into an entry of the Gram: one in itself, then the additions within and of slices. */
export function gramRoundings(inner: number): number {
  return Math.min(inner, DEPTH) + Math.ceil(inner / DEPTH);
}

/** The upper triangle from the lower one, by tiles that a cache holds. */
function mirror(gram: Float64Array, n: number): void {
  const TILE = 32;
  for (let i0 = 0; i0 < n; i0 += TILE) {
    for (let j0 = 0; j0 <= i0; j0 += TILE) {
      for (let i = i0; i < Math.min(n, i0 + TILE); i++) {
        for (let j = j0; j < Math.min(i, j0 + TILE); j++) gram[j * n + i] = gram[i * n + j] as number;
      }
    }
  }
}

export function transpose(values: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j] as number;
  return result;
}
