/** Columns from … from + B − 1 of a matrix of more columns, `rows` rows. */
export interface Part {
  readonly rows: number;
  readonly from: number;
}

/** What columns.ts does to n × B matrices with samples contiguous, in kernels or in loops. Results are new, or `into` where that is given. */
export interface ColumnOperations {
  /** max |x| of each column; NaN where the column holds one. */
  columnMax(x: Float64Array, columns: number, into?: Float64Array): Float64Array;
  /**
   * Euclidean norm of each column, each column scaled by the power of two of its largest entry so that no square over- or
   * underflows. Relative error ≤ γ_{n+2}/2 + u (n roundings in the sum of squares, halved by the root).
   */
  columnNorm(x: Float64Array, columns: number, part?: Part, into?: Float64Array): Float64Array;
  /** least_j ← the least of it and |x_ij − place|; a NaN counts for nothing. */
  columnLeast(x: Float64Array, place: number, least: Float64Array): void;
  /** x·y of each pair of columns; the columns of x may be a part of it. */
  columnDot(x: Float64Array, y: Float64Array, columns: number, part?: Part, into?: Float64Array): Float64Array;
  /** Whether every number is finite. */
  allFinite(x: Float64Array): boolean;
  /** x, or a part of it, with column j multiplied by factors[j]; `into` may have more columns, of which these are the first. */
  scaledColumns(x: Float64Array, factors: Float64Array, into?: Float64Array, part?: Part): Float64Array;
  /** target[:, j] += factors[j] · x[:, j]. */
  addScaledColumns(target: Float64Array, factors: Float64Array, x: Float64Array): void;
  /** x[i, :] += b[i]. */
  addToRows(x: Float64Array, b: Float64Array): void;
  /** D ∘ x, n × B, where x has one or several groups of columns, each as wide as D: column j of x with column j mod B of D. */
  maskedGroups(mask: Float64Array, x: Float64Array, rows: number, into?: Float64Array): Float64Array;
  /** Into n × 2B: the first B columns of x, n rows, then its column from[j] for each j. */
  spread(x: Float64Array, rows: number, from: Int32Array, into: Float64Array): void;
  /** An activation with its slope; false where there is no kernel for it. */
  activate(name: string, z: Float64Array, value: Float64Array, slope: Float64Array): boolean;
}
