/**
 * Summaries of many numbers ≥ 0 that merge exactly, in any order and grouping, to the same bits.
 *
 * Sketch: how many numbers fell into which bucket. A bucket is the doubles that agree in sign, exponent and the upper BUCKET_BITS bits of their
 * mantissa, so finding it needs no arithmetic, and it spans at most a factor 1 + 2^−BUCKET_BITS. A quantile is reported as the middle of
 * the bucket that holds the exact order statistic: the relative error is at most 2^−(BUCKET_BITS+1) (subnormal numbers aside, whose buckets
 * are 2^(−1022−BUCKET_BITS) wide). HdrHistogram divides its range so; see also DDSketch (Masson, Rim and Lee, VLDB 2019).
 *
 * Sum: the exact sum, an integer multiple of 2^−1074, rounded once when it is read.
 */
import { HIGH } from "../engine/powers.ts";
import { dyadic, toNumber } from "../exact/dyadic.ts";

/** Bits of the mantissa that tell buckets apart. */
export const BUCKET_BITS = 7;

/** Bound of a quantile's relative error. */
export const QUANTILE_ERROR = 2 ** -(BUCKET_BITS + 1);

/** Bucket → how many; buckets in no order. */
export type Sketch = Map<number, number>;

const view = new DataView(new ArrayBuffer(8));
const double = new Float64Array(view.buffer);
const words = new Uint32Array(view.buffer);

/** @throws RangeError for a number below 0, or one that is not finite. */
export function bucketOf(x: number): number {
  if (!(x >= 0 && x < Infinity)) throw new RangeError(`found ${String(x)}, expected a finite number ≥ 0`);
  // Adding 0 turns −0 into 0.
  double[0] = x + 0;
  return (words[HIGH] as number) >>> (20 - BUCKET_BITS);
}

/** The middle of a bucket; of the bucket that holds 0, 0. */
export function bucketMiddle(bucket: number): number {
  if (bucket === 0) return 0;
  const edge = (k: number): number => {
    view.setUint32(0, k << (20 - BUCKET_BITS));
    view.setUint32(4, 0);
    return view.getFloat64(0);
  };
  const low = edge(bucket);
  const next = edge(bucket + 1);
  return Number.isFinite(next) ? low + (next - low) / 2 : low;
}

export function addToSketch(sketch: Sketch, x: number): void {
  const bucket = bucketOf(x);
  sketch.set(bucket, (sketch.get(bucket) ?? 0) + 1);
}

export function mergeSketch(into: Sketch, from: Sketch): void {
  for (const [bucket, count] of from) into.set(bucket, (into.get(bucket) ?? 0) + count);
}

/** The bucket's middle at each rank ⌈p·n⌉ (type 1 of Hyndman and Fan); `shares` in rising order, the sketch not empty. */
export function sketchQuantiles(sketch: Sketch, shares: readonly number[]): number[] {
  const sorted = [...sketch].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  let at = 0;
  let seen = sorted[0]?.[1] ?? 0;
  return shares.map((share) => {
    const rank = Math.max(1, Math.ceil(share * total));
    while (seen < rank && at + 1 < sorted.length) seen += sorted[++at]?.[1] ?? 0;
    return bucketMiddle(sorted[at]?.[0] ?? 0);
  });
}

/** The sketch as text: pairs of bucket and count in rising order, each bucket as its distance from the one before. */
export function sketchText(sketch: Sketch): string {
  let before = 0;
  return [...sketch]
    .sort(([a], [b]) => a - b)
    .map(([bucket, count]) => {
      const step = bucket - before;
      before = bucket;
      return count === 1 ? String(step) : `${String(step)}x${String(count)}`;
    })
    .join(" ");
}

/** Undoes sketchText. @throws RangeError for any other text. */
export function parseSketch(text: string): Sketch {
  const sketch: Sketch = new Map();
  if (text === "") return sketch;
  let bucket = 0;
  for (const part of text.split(" ")) {
    const [step = "", count = "1"] = part.split("x");
    bucket += Number(step);
    if (!/^\d+(x[1-9]\d*)?$/.test(part) || !Number.isSafeInteger(Number(count)) || bucket >= 2 ** (11 + BUCKET_BITS)) {
      throw new RangeError(`found "${part.slice(0, 40)}" in a sketch`);
    }
    sketch.set(bucket, Number(count));
  }
  return sketch;
}

/** Numbers that may be added before a part could round: 2^21 parts of 32 bits fit in 53. */
const CHUNK = 2 ** 20;

/** An exact sum in the making: mantissas are added by exponent, their upper and lower halves apart, as whole numbers below 2^53. */
export interface ExactSum {
  /** @throws RangeError for a number that is not finite. */
  readonly add: (values: ArrayLike<number>) => void;
  /** Σ x of all that was added, in units of 2^−1074. */
  readonly total: () => bigint;
}

export function createExactSum(): ExactSum {
  const upper = new Float64Array(2048);
  const lower = new Float64Array(2048);
  let added = 0;
  let sum = 0n;
  const fold = (): void => {
    for (let exponent = 0; exponent < upper.length; exponent++) {
      const [high, low] = [upper[exponent] as number, lower[exponent] as number];
      if (high !== 0 || low !== 0) sum += ((BigInt(high) << 32n) + BigInt(low)) << BigInt(Math.max(exponent, 1) - 1);
    }
    upper.fill(0);
    lower.fill(0);
    added = 0;
  };
  return {
    add(values) {
      for (let from = 0; from < values.length; from += CHUNK) {
        const to = Math.min(values.length, from + CHUNK);
        if (added + to - from > CHUNK) fold();
        addParts(values, from, to, upper, lower);
        added += to - from;
      }
    },
    total() {
      fold();
      return sum;
    },
  };
}

function addParts(values: ArrayLike<number>, from: number, to: number, upper: Float64Array, lower: Float64Array): void {
  for (let i = from; i < to; i++) {
    const x = values[i] as number;
    if (!(x - x === 0)) throw new RangeError(`found ${String(x)}, expected a finite number`);
    double[0] = x;
    const high = words[HIGH] as number;
    const exponent = (high >>> 20) & 0x7ff;
    const mantissa = (high & 0xfffff) + (exponent > 0 ? 0x100000 : 0);
    const sign = x < 0 ? -1 : 1;
    upper[exponent] = (upper[exponent] as number) + sign * mantissa;
    lower[exponent] = (lower[exponent] as number) + sign * (words[1 - HIGH] as number);
  }
}

/** Σ x exactly, in units of 2^−1074. @throws RangeError for a number that is not finite. */
export function exactSum(values: ArrayLike<number>): bigint {
  const sum = createExactSum();
  sum.add(values);
  return sum.total();
}

/** The nearest double to an exact sum. */
export function sumValue(sum: bigint): number {
  return toNumber(dyadic(sum, -1074));
}
