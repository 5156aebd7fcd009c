/** The few samples of a run that a person wants to look at: the tightest, and the least settled. */
import type { VerdictName } from "../records/kit.ts";
import type { SampleRow } from "../records/sample.ts";

export interface Shortlist {
  readonly add: (row: SampleRow) => void;
  readonly result: () => { tightest: SampleRow[]; leastSettled: SampleRow[] };
}

const LENGTH = 8;

/** What wants looking at most. */
const URGENCY: Readonly<Record<VerdictName, number>> = { violated: 4, unresolved: 3, invalid: 2, tight: 1, holds: 0 };

export function createShortlist(): Shortlist {
  const tightest = best((row) => row.ratio ?? -Infinity);
  // Among samples of one verdict, the one whose proven bracket of some κ reaches furthest.
  const leastSettled = best((row) => {
    const reach = Math.max(0, ...row.layers.map((layer) => layer.tightnessUpper ?? 0));
    return 1e6 * URGENCY[row.verdict] + Math.min(reach, 1e5);
  });
  return {
    add(row) {
      tightest.add(row);
      leastSettled.add(row);
    },
    result: () => ({ tightest: tightest.rows(), leastSettled: leastSettled.rows() }),
  };
}

/** The rows of the highest scores, highest first; the earlier of equals. */
function best(score: (row: SampleRow) => number) {
  let list: { row: SampleRow; value: number }[] = [];
  return {
    add(row: SampleRow): void {
      const value = score(row);
      const last = list[LENGTH - 1];
      if (Number.isNaN(value) || (last !== undefined && value <= last.value)) return;
      list = [...list, { row, value }].sort((a, b) => b.value - a.value || a.row.index - b.row.index).slice(0, LENGTH);
    },
    rows: (): SampleRow[] => list.map((entry) => entry.row),
  };
}
