/** What a second count keeps of one number of all samples: how many, their extremes, a compensated sum (Neumaier), a histogram. */
import { CODE } from "../verification/verdict.ts";
import type { Extremes, Histogram } from "./histogram.ts";
import { createHistogram } from "./histogram.ts";

export interface Extent extends Extremes {
  /** Of what quantiles are reported of. */
  readonly histogram: Histogram | null;
}

/** A sum with what its roundings lost, and Σ|x|. */
export interface Sum extends Extent {
  sum: number;
  lost: number;
  size: number;
}

export function emptyExtent(): Extent {
  return { count: 0, min: Infinity, max: -Infinity, histogram: createHistogram() };
}

export function emptySum(histogram: Histogram | null = null): Sum {
  return { ...{ count: 0, min: Infinity, max: -Infinity, histogram }, sum: 0, lost: 0, size: 0 };
}

/** Counts the finite numbers of the samples that are not invalid. */
export function addExtent(into: Extent, column: Float64Array, verdict: Uint8Array): void {
  if (into.histogram !== null) {
    into.histogram.add(column, verdict, CODE.invalid, into);
    return;
  }
  let { count, min, max } = into;
  for (let at = column.length - 1; at >= 0; at--) {
    const x = column[at] as number;
    if (verdict[at] === CODE.invalid || !(x - x === 0)) continue;
    count++;
    if (x < min) min = x;
    if (x > max) max = x;
  }
  into.count = count;
  into.min = min;
  into.max = max;
}

/** The same, and their sum, from the last to the first. */
export function addSum(into: Sum, column: Float64Array, verdict: Uint8Array): void {
  addExtent(into, column, verdict);
  let { sum, lost, size } = into;
  for (let at = column.length - 1; at >= 0; at--) {
    const x = column[at] as number;
    if (verdict[at] === CODE.invalid || !(x - x === 0)) continue;
    const next = sum + x;
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
    size += Math.abs(x);
  }
  into.sum = sum;
  into.lost = lost;
  into.size = size;
}
