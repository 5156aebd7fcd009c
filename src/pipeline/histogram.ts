/**
 * Numbers ≥ 0 counted a second time, in buckets of their own: the f32 numbers that agree in sign, exponent and 11 bits of their mantissa.
 * Rounding to f32 keeps the order, so that the bucket of an order statistic is found by counting down from the largest, and holds it but for
 * that rounding. Memory does not grow with the numbers.
 */
import type { Interval } from "../engine/interval.ts";

/** Bits of an f32 that are not looked at. */
const DROPPED = 12;
/** Buckets of one exponent. */
const PAGE_BITS = 23 - DROPPED;
const PAGE = 2 ** PAGE_BITS;
const EXPONENTS = 256;
/** What rounding to f32 moves, and below its normal numbers. */
const [RELATIVE, ABSOLUTE] = [2 ** -23, 2 ** -148];

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

export interface Histogram {
  /** The finite numbers of a column but those at the places where `skipped` has the code `code`. */
  readonly add: (column: Float64Array, skipped: Uint8Array, code: number) => void;
  /** Where the element of rank ⌈share·n⌉ from below lies; null where nothing was counted. */
  readonly quantile: (share: number) => Interval | null;
}

export function createHistogram(): Histogram {
  const pages = new Array<Uint32Array | undefined>(EXPONENTS).fill(undefined);
  let count = 0;
  return {
    add(column, skipped, code) {
      for (let at = 0; at < column.length; at++) {
        const x = column[at] as number;
        if (skipped[at] === code || !(x - x === 0)) continue;
        // −0 counts as 0.
        single[0] = x + 0;
        const bucket = (bits[0] as number) >>> DROPPED;
        let page = pages[bucket >>> PAGE_BITS];
        if (page === undefined) page = pages[bucket >>> PAGE_BITS] = new Uint32Array(PAGE);
        const place = bucket & (PAGE - 1);
        page[place] = (page[place] as number) + 1;
        count++;
      }
    },
    quantile(share) {
      if (count === 0) return null;
      let above = count - Math.max(1, Math.ceil(share * count));
      for (let exponent = EXPONENTS - 1; exponent >= 0; exponent--) {
        const page = pages[exponent];
        if (page === undefined) continue;
        for (let place = PAGE - 1; place >= 0; place--) {
          above -= page[place] as number;
          if (above < 0) return spanOf(exponent * PAGE + place);
        }
      }
      return null;
    },
  };
}

/** All numbers that fall into a bucket. */
function spanOf(bucket: number): Interval {
  const edge = (number: number): number => {
    bits[0] = number << DROPPED;
    return single[0] as number;
  };
  // What is beyond f32 is in the last bucket.
  if (edge(bucket) === 0) return { lower: 0, upper: edge(bucket + 1) };
  const upper = edge(bucket + 1);
  return {
    lower: edge(bucket) === Infinity ? (2 - 2 ** -23) * 2 ** 127 : edge(bucket) * (1 - RELATIVE) - ABSOLUTE,
    upper: upper < Infinity ? upper * (1 + RELATIVE) + ABSOLUTE : Infinity,
  };
}
