/** What columns.ts does to n × B matrices with samples contiguous, in kernels or in loops. */
export interface ColumnOperations {
  /** max |x| of each column; NaN where the column holds one. */
  columnMax(x: Float64Array, columns: number): Float64Array;
  /**
   * Euclidean norm of each column, each column scaled by the power of two of its largest entry so that no square over- or
   * underflows. Relative error ≤ γ_{n+2}/2 + u (n roundings in the sum of squares, halved by the root).
   */
  columnNorm(x: Float64Array, columns: number): Float64Array;
  /** x·y of each pair of columns. */
  columnDot(x: Float64Array, y: Float64Array, columns: number): Float64Array;
  /** x with column j multiplied by factors[j], into a new matrix. */
  scaledColumns(x: Float64Array, factors: Float64Array): Float64Array;
  /** target[:, j] += factors[j] · x[:, j]. */
  addScaledColumns(target: Float64Array, factors: Float64Array, x: Float64Array): void;
  /** D ∘ x, n × B, where x has one or several groups of columns, each as wide as D: column j of x with column j mod B of D. */
  maskedGroups(mask: Float64Array, x: Float64Array, rows: number): Float64Array;
}
