/** Counts what cases came to: one tally a kernel, one for the engine. */
import type { ConformanceFailure } from "../records/conformance.ts";

export interface Tally {
  cases: number;
  compared: number;
  worst: number;
  worstCase: string | null;
  failed: number;
  readonly failures: ConformanceFailure[];
  elapsedMs: number;
}

export function createTally(): Tally {
  return { cases: 0, compared: 0, worst: 0, worstCase: null, failed: 0, failures: [], elapsedMs: 0 };
}

export function noteWorst(tally: Tally, worst: number, name: string): void {
  if (worst > tally.worst || tally.worstCase === null) {
    tally.worst = worst;
    tally.worstCase = name;
  }
}

/** Counts a case that failed; keeps the first of each mode. */
export function noteFailure(tally: Tally, failure: ConformanceFailure): void {
  tally.failed++;
  if (!tally.failures.some((f) => f.mode === failure.mode)) tally.failures.push(failure);
}

/** The tally as it stands in a report. */
export function tallied({ worst, failures, ...rest }: Tally) {
  return { ...rest, worst: Number.isFinite(worst) ? worst : null, failures: [...failures] };
}
