/**
 * What is said of several seeds: means with bootstrap intervals over the seeds (never over steps or samples), correlations, slopes, and the
 * shares that two summands have of a sum's variance.
 */
import { wordsAt } from "../../sampling/philox.ts";
import { BOOTSTRAP_STREAM } from "../../sampling/streams.ts";

/** A mean over seeds with its 95 % interval. */
export interface Interval {
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
  /** Seeds. */
  readonly seeds: number;
}

export const RESAMPLES = 4000;

export function average(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

/**
 * Percentile bootstrap of a statistic of the seeds. Resample k of n seeds is the same for every statistic: what is compared is paired.
 * @param statistic of the seeds with these indices; of 0 … n − 1 it is the estimate.
 */
export function bootstrap(seeds: number, statistic: (indices: readonly number[]) => number): Interval {
  if (seeds === 0) return { mean: NaN, lower: NaN, upper: NaN, seeds };
  const values = resamples(seeds)
    .map(statistic)
    .sort((a, b) => a - b);
  const all = Array.from({ length: seeds }, (_, i) => i);
  return { mean: statistic(all), lower: quantile(values, 0.025), upper: quantile(values, 0.975), seeds };
}

/** Of the mean of one number a seed. */
export function bootstrapMean(values: readonly number[]): Interval {
  return bootstrap(values.length, (indices) => average(indices.map((i) => values[i] as number)));
}

/** Of mean(x)/mean(y), two numbers a seed. */
export function bootstrapRatio(x: readonly number[], y: readonly number[]): Interval {
  const of = (values: readonly number[], indices: readonly number[]): number =>
    average(indices.map((i) => values[i] as number));
  return bootstrap(x.length, (indices) => of(x, indices) / of(y, indices));
}

const known = new Map<number, readonly (readonly number[])[]>();

function resamples(seeds: number): readonly (readonly number[])[] {
  const made =
    known.get(seeds) ??
    Array.from({ length: RESAMPLES }, (_, k) =>
      Array.from(wordsAt(0, BOOTSTRAP_STREAM, k, seeds), (word) => Math.floor((word * seeds) / 2 ** 32)),
    );
  known.set(seeds, made);
  return made;
}

/** @param sorted ascending. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (at - below) * (high - low);
}

/** Σ (x − x̄)(y − ȳ). */
export function coproduct(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [average(x), average(y)];
  return x.reduce((sum, v, i) => sum + (v - mx) * ((y[i] as number) - my), 0);
}

/** Pearson's; NaN where one of the lists is constant. */
export function correlation(x: readonly number[], y: readonly number[]): number {
  return coproduct(x, y) / Math.sqrt(coproduct(x, x) * coproduct(y, y));
}

/** Places from 1, equals share the mean of theirs. */
export function ranks(x: readonly number[]): number[] {
  return x.map((v) => {
    const below = x.filter((w) => w < v).length;
    const equal = x.filter((w) => w === v).length;
    return below + (equal + 1) / 2;
  });
}

export function spearman(x: readonly number[], y: readonly number[]): number {
  return correlation(ranks(x), ranks(y));
}

/** Of y over x by least squares. */
export function slope(x: readonly number[], y: readonly number[]): number {
  return coproduct(x, y) / coproduct(x, x);
}

export function differences(x: readonly number[]): number[] {
  return x.slice(1).map((v, i) => v - (x[i] as number));
}

/** Largest over smallest of positive numbers. */
export function factor(x: readonly number[]): number {
  return Math.max(...x) / Math.min(...x);
}
