/** What the iteration in f32 is made of (panel.ts): six kernels on one memory of f32 numbers. */

/** On panels, n × B matrices with samples contiguous, B a multiple of 16. All offsets are in bytes, at whole cache lines. */
export interface PanelKernels {
  /** Y = A X, then D ∘ Y unless `slopes` is 0; A's and Y's rows filled up to an even number. */
  readonly product: (
    a: number,
    x: number,
    y: number,
    slopes: number,
    rows: number,
    inner: number,
    columns: number,
  ) => void;
  /** y = D ∘ x. */
  readonly mask: (slopes: number, x: number, y: number, bytes: number) => void;
  /**
   * α_j = q·r, r ← (r − α_j q) − β_{j−1} q⁻, β_j = ‖r‖, q⁺ = r/β_j, or 0 where β_j is 0 or not finite. Where `before` is q there is no q⁻.
   * @param beta of β_{j−1}, B numbers. @param made of α_j, then β_j.
   */
  readonly step: (
    q: number,
    r: number,
    before: number,
    next: number,
    beta: number,
    made: number,
    rows: number,
    columns: number,
  ) => void;
  /** u = Σ_j s_j q_j over the s_j that are not 0, whatever stands in the other q_j. @param basis of the blocks q_j, one behind the other; @param weights of s, blocks × B. */
  readonly combine: (basis: number, weights: number, u: number, rows: number, columns: number, blocks: number) => void;
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
  /** So many chosen columns of a matrix, filled up with columns of 0. @param chosen a word each, ascending; @param to may be `from`, or before it. */
  readonly pick: (
    from: number,
    to: number,
    rows: number,
    columns: number,
    width: number,
    chosen: number,
    count: number,
  ) => void;
}

/** As assembly/ritz.ts has it. */
export const SETTLE_BYTES = 2 ** 14;

export interface PanelMemory {
  readonly kernels: PanelKernels;
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
