/**
 * How one number is spread over the samples: exact while there are at most `EXACT` of them, and from then on a sketch (sketch.ts), whose
 * quantiles are within a relative `QUANTILE_ERROR`; counts, extremes and the sum stay exact. Memory does not grow with the samples.
 */
import type { Quantiles, Spread } from "../records/shared.ts";
import type { Sketch } from "./sketch.ts";
import { BUCKET_BITS, bucketOf, exactSum, sketchQuantiles, sumValue } from "./sketch.ts";

/** Values that are kept as they are. */
export const EXACT = 65_536;

export interface Distribution {
  /** Adds every finite value of a column but those at the places where `skipped` has the code `code`. */
  readonly addColumn: (column: Float64Array, skipped: Uint8Array, code: number) => void;
  /** Values that were counted. */
  readonly counted: () => number;
  readonly isExact: () => boolean;
  /** @param reason where nothing was counted. */
  readonly quantiles: (reason: string) => Quantiles;
  readonly spread: () => Spread;
}

const SHARES = [0.01, 0.1, 0.5, 0.9, 0.99] as const;
/** The buckets of one exponent stand in one page. */
const PAGE = 2 ** BUCKET_BITS;

export function createDistribution(): Distribution {
  let kept = new Float64Array(64);
  let length = 0;
  let folded = 0;
  let sum = 0n;
  let min = Infinity;
  let max = -Infinity;
  // By exponent.
  const pages = new Array<Float64Array | undefined>(2048).fill(undefined);

  /** From the values kept to the sketch. */
  const fold = (): void => {
    for (let k = 0; k < length; k++) {
      const value = kept[k] as number;
      const bucket = bucketOf(value);
      const page = (pages[bucket >>> BUCKET_BITS] ??= new Float64Array(PAGE));
      const place = bucket & (PAGE - 1);
      page[place] = (page[place] as number) + 1;
      // −0 counts as 0.
      if (value < min) min = value + 0;
      if (value > max) max = value + 0;
    }
    sum += exactSum(kept.subarray(0, length));
    folded += length;
    length = 0;
  };
  const grow = (): void => {
    if (length >= EXACT) {
      fold();
      return;
    }
    const grown = new Float64Array(Math.min(EXACT, 2 * length));
    grown.set(kept);
    kept = grown;
  };
  const sketch = (): Sketch => {
    if (length > 0) fold();
    const found: Sketch = new Map();
    for (const [number, page] of pages.entries()) {
      page?.forEach((count, k) => {
        if (count > 0) found.set(number * PAGE + k, count);
      });
    }
    return found;
  };
  const counted = (): number => folded + length;
  /** The extremes and the values at these shares. */
  const summary = (shares: readonly number[]): { min: number; max: number; at: number[]; mean: number } => {
    if (folded > 0) {
      const at = sketchQuantiles(sketch(), shares);
      return { min, max, at, mean: sumValue(sum) / counted() };
    }
    let total = 0;
    for (let k = 0; k < length; k++) total += kept[k] as number;
    const sorted = kept.slice(0, length).sort();
    const at = shares.map((share) => quantile(sorted, share));
    return { min: sorted[0] as number, max: sorted[length - 1] as number, at, mean: total / length };
  };
  return {
    addColumn(column, skipped, code) {
      for (let at = 0; at < column.length; at++) {
        const value = column[at] as number;
        if (skipped[at] === code || !(value - value === 0)) continue;
        if (length === kept.length) grow();
        kept[length++] = value;
      }
    },
    counted,
    isExact: () => folded === 0,
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

/** Order statistic at p: the element of rank ⌈p·n⌉ (type 1 of Hyndman and Fan), so that every quantile is a value that occurred. */
function quantile(sorted: Float64Array, p: number): number {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] as number;
}
