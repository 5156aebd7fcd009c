/** What the plots need of each sample, as columns: they cross to the page without a copy. */
import type { SampleRow } from "../records/sample.ts";
import { VERDICT_NAMES } from "../records/kit.ts";

/** One entry a valid sample, all unscaled. */
export interface Points {
  readonly lhs: Float64Array;
  readonly rhs: Float64Array;
  /** Σ_t (1+‖h_t‖²)/(‖W_t‖²‖J_t‖²). */
  readonly coefficient: Float64Array;
  /** Places in VERDICT_NAMES. */
  readonly verdict: Uint8Array;
}

export interface PointCollector {
  readonly add: (row: SampleRow) => void;
  /** What was added since the last time. */
  readonly take: () => Points;
}

export function createPointCollector(): PointCollector {
  let rows: [lhs: number, rhs: number, coefficient: number, verdict: number][] = [];
  return {
    add({ lhs, rhs, coefficient, verdict }) {
      if (lhs === null || rhs === null || verdict === "invalid") return;
      rows.push([lhs, rhs, coefficient ?? NaN, VERDICT_NAMES.indexOf(verdict)]);
    },
    take() {
      const points: Points = {
        lhs: Float64Array.from(rows, (row) => row[0]),
        rhs: Float64Array.from(rows, (row) => row[1]),
        coefficient: Float64Array.from(rows, (row) => row[2]),
        verdict: Uint8Array.from(rows, (row) => row[3]),
      };
      rows = [];
      return points;
    },
  };
}

/** The memory that `points` stand in, for a transfer. */
export function buffersOf({ lhs, rhs, coefficient, verdict }: Points): Transferable[] {
  return [lhs, rhs, coefficient, verdict].map((column) => column.buffer as ArrayBuffer);
}
