/** What the iteration in f32 is made of (panel.ts): kernels on one memory of f32 numbers. */

/** Columns of a panel. */
export const LANES = 16;

/**
 * On panels, n × 16 numbers, row-major, filled up to an even number of rows; a matrix of more columns is one panel behind the other. All offsets
 * are in bytes, at whole cache lines.
 */
export interface PanelKernels {
  /** Y = A X, then D ∘ Y unless `slopes` is 0; A's rows filled up to an even number. */
  readonly product: (
    a: number,
    x: number,
    y: number,
    slopes: number,
    rows: number,
    inner: number,
    panels: number,
  ) => void;
  /**
   * Steps from + 1 … to: A q_j by `calls`, then α_j = q·r, r ← (r − α_j q) − β_{j−1} q⁻, β_j = ‖r‖, q⁺ = r/β_j, or 0 where β_j is 0 or not finite.
   * @param calls CALL_WORDS words each (`callWords`). @param made where they leave A q.
   * @param together panels that go through a step side by side, which changes no bit: one where all matrices stay in the cache.
   * @param basis of the blocks q_j, one behind the other. @param coefficients of (α_j, β_j), a row of each for every step.
   */
  readonly steps: (
    calls: number,
    count: number,
    made: number,
    panels: number,
    together: number,
    from: number,
    to: number,
    basis: number,
    coefficients: number,
    rows: number,
  ) => void;
  /** u = Σ_j s_j q_j over the s_j that are not 0, whatever stands in the other q_j. @param weights of s, blocks × B. */
  readonly combine: (basis: number, weights: number, u: number, rows: number, panels: number, blocks: number) => void;
  /**
   * Asks every column after so many steps whether its search has ended (krylov.ts), and for the s of those whose has.
   * @param coefficients of (α_j, β_j), a row of each for every step. @param cap steps after which every column has ended; 0: none.
   * @param last 1 where there are no further steps. @param noise 64 u. @param twice 2 · accuracy; 0 after too few steps to settle.
   * @param safety, @param least, @param greatest the range of the largest α that f32 has room for.
   * @param taken a word a column: steps of one that has ended, less than 0 where f32 had no room for it; 0 where it goes on.
   * @param weights of s, steps × B, for `combine`: 0 but for columns that have ended and fit. @param scratch SETTLE_BYTES of room.
   */
  readonly settle: (
    coefficients: number,
    columns: number,
    steps: number,
    cap: number,
    last: number,
    noise: number,
    twice: number,
    safety: number,
    least: number,
    greatest: number,
    taken: number,
    weights: number,
    scratch: number,
  ) => void;
  /**
   * So many chosen columns of panels, filled up with columns of 0, of several blocks of them.
   * @param size bytes of a panel. @param panels, @param width panels of a block, and of one that is made.
   * @param chosen a word each, ascending. @param to may be `from`.
   */
  readonly pick: (
    from: number,
    to: number,
    blocks: number,
    size: number,
    panels: number,
    width: number,
    chosen: number,
    count: number,
  ) => void;
}

/** The words of a call of `steps`: D ∘ (A X), D ∘ X, or X itself. X is q where its offset is 0, and there is no D where its is. */
export const CALL_WORDS = 8;
export const PRODUCT = 0;
export const MASK = 1;
export const COPY = 2;

export interface PanelCall {
  readonly kind: typeof PRODUCT | typeof MASK | typeof COPY;
  readonly a: number;
  readonly x: number;
  readonly y: number;
  readonly slopes: number;
  /** Of Y, and of X. */
  readonly rows: number;
  readonly inner: number;
}

export function callWords({ kind, a, x, y, slopes, rows, inner }: PanelCall): readonly number[] {
  return [kind, a, x, y, slopes, rows, inner, 0];
}

/** As assembly/ritz.ts has it. */
export const SETTLE_BYTES = 2 ** 14;

export interface PanelMemory {
  readonly kernels: PanelKernels;
  /** An n × B matrix in f64 as panels, filled up with columns of 0. */
  readonly fill: (at: number, values: Float64Array, columns: number, rows: number) => void;
  /**
   * Columns of panels into columns of an n × B matrix in f64.
   * @param list of each the number of its column in the panels and in the matrix, two words.
   */
  readonly take: (at: number, rows: number, list: number, count: number, values: Float64Array, columns: number) => void;
  /** Byte offsets of matrices that never change. */
  readonly keepAll: (matrices: readonly Float32Array[]) => number[];
  /** Byte offset of the room behind what is kept. */
  readonly room: () => number;
  /** Whether there is room for so many bytes; what stands there stays. */
  readonly holds: (bytes: number) => boolean;
  /** The memory itself, until `holds` is asked again. */
  readonly singles: () => Float32Array;
  readonly words: () => Int32Array;
}

/** The next even number. */
export function even(n: number): number {
  return n + (n % 2);
}

/** Bytes of a panel. */
export function panelBytes(rows: number): number {
  return 4 * LANES * even(rows);
}
