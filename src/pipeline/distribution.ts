/**
 * How one number is spread over the samples: exact while there are at most `EXACT` of them, and from then on a sketch (sketch.ts), whose
 * quantiles are within a relative `QUANTILE_ERROR`; counts, extremes and the sum stay exact. Memory does not grow with the samples.
 */
import { workColumns } from "../engine/memory.ts";
import type { Quantiles, Spread } from "../records/shared.ts";
import type { Buckets } from "./buckets.ts";
import { addToBuckets, createBuckets, sketchOf } from "./buckets.ts";
import { createExactSum, sketchQuantiles, sumValue } from "./sketch.ts";

/** Values that are kept as they are. */
export const EXACT = 65_536;

export interface Distribution {
  /** Adds every finite value of a column but those at the places where `skipped` has the code `code`. */
  readonly addColumn: (column: Float64Array, skipped: Uint8Array, code: number) => void;
  /** Values that were counted. */
  readonly counted: () => number;
  readonly isExact: () => boolean;
  readonly spread: () => Spread;
}

/** One whose sum is kept too, and so its mean. */
export interface SummedDistribution extends Distribution {
  /** @param reason where nothing was counted. */
  readonly quantiles: (reason: string) => Quantiles;
}

const SHARES = [0.01, 0.1, 0.5, 0.9, 0.99] as const;
/** Skips nothing. */
const NOTHING = new Uint8Array(EXACT);

export function createDistribution(): Distribution {
  return create(false);
}

export function createSummedDistribution(): SummedDistribution {
  return create(true);
}

/** @param summed whether the sum is kept beyond `EXACT` values: without it `quantiles` has no mean to tell. */
function create(summed: boolean): SummedDistribution {
  let kept = new Float64Array(64);
  let length = 0;
  let sketch: Buckets | null = null;
  const sum = summed ? createExactSum() : null;

  /** Makes room for `more` values, as long as all can be kept. */
  const reserve = (more: number): void => {
    if (length + more <= kept.length) return;
    const grown = new Float64Array(Math.min(EXACT, Math.max(2 * kept.length, length + more)));
    grown.set(kept);
    kept = grown;
  };
  const addExact = (column: Float64Array, skipped: Uint8Array, code: number): void => {
    const finite = finiteValues(column, skipped, code);
    if (length + finite.length <= EXACT) {
      reserve(finite.length);
      kept.set(finite, length);
      length += finite.length;
      return;
    }
    sketch = createBuckets();
    for (const values of [kept.subarray(0, length), finite]) {
      for (let from = 0; from < values.length; from += EXACT) {
        addToBuckets(sketch, values.subarray(from, from + EXACT), NOTHING, 1);
      }
      sum?.add(values);
    }
    kept = new Float64Array(0);
  };
  const counted = (): number => sketch?.counted ?? length;
  /** The extremes and the values at these shares. */
  const summary = (shares: readonly number[]): { min: number; max: number; at: number[]; mean: number } => {
    if (sketch !== null) {
      const { min, max } = sketch;
      return {
        min,
        max,
        at: sketchQuantiles(sketchOf(sketch), shares),
        mean: sumValue(sum?.total() ?? 0n) / sketch.counted,
      };
    }
    let total = 0;
    for (let k = 0; k < length; k++) total += kept[k] as number;
    const sorted = kept.slice(0, length).sort();
    const at = shares.map((share) => quantile(sorted, share));
    return { min: sorted[0] as number, max: sorted[length - 1] as number, at, mean: total / length };
  };
  return {
    addColumn(column, skipped, code) {
      if (sketch === null) {
        addExact(column, skipped, code);
        return;
      }
      addToBuckets(sketch, column, skipped, code);
      sum?.add(finiteValues(column, skipped, code));
    },
    counted,
    isExact: () => sketch === null,
    quantiles(reason) {
      if (counted() === 0) {
        const none = { min: null, p01: null, p10: null, median: null, mean: null, p90: null, p99: null, max: null };
        return { ...none, counted: 0, reason };
      }
      const found = summary(SHARES);
      const [p01, p10, median, p90, p99] = found.at as [number, number, number, number, number];
      const { min: least, max: most, mean } = found;
      return { min: least, p01, p10, median, mean, p90, p99, max: most, counted: counted() };
    },
    spread() {
      if (counted() === 0) return { min: null, median: null, max: null, reason: "no sample with a finite value" };
      const found = summary([0.5]);
      return { min: found.min, median: found.at[0] as number, max: found.max };
    },
  };
}

const work = workColumns();

/** In memory that the next call takes again. */
function finiteValues(column: Float64Array, skipped: Uint8Array, code: number): Float64Array {
  const [found] = work(1, column.length) as [Float64Array];
  let length = 0;
  for (let at = 0; at < column.length; at++) {
    const value = column[at] as number;
    if (skipped[at] !== code && value - value === 0) found[length++] = value;
  }
  return found.subarray(0, length);
}

/** Order statistic at p: the element of rank ⌈p·n⌉ (type 1 of Hyndman and Fan), so that every quantile is a value that occurred. */
function quantile(sorted: Float64Array, p: number): number {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] as number;
}
