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

let singles = new Float32Array(1);
let bits = new Uint32Array(singles.buffer);
/** The bits of an infinity, and those of what is beyond f32. */
const INFINITE = 0x7f800000;

/** How many numbers there were, and between which two they lie. */
export interface Extremes {
  count: number;
  min: number;
  max: number;
}

export interface Histogram {
  /** The finite numbers of a column but those at the places where `skipped` has the code `code`, in `extremes` too. */
  readonly add: (column: Float64Array, skipped: Uint8Array, code: number, extremes: Extremes) => void;
  /** Where the element of rank ⌈share·n⌉ from below lies; null where nothing was counted. */
  readonly quantile: (share: number) => Interval | null;
}

export function createHistogram(): Histogram {
  /** Pages behind one another; the first belongs to no exponent. */
  let counts = new Uint32Array(4 * PAGE);
  const pageOf = new Uint16Array(EXPONENTS);
  let pages = 1;
  let count = 0;
  const addPage = (exponent: number): number => {
    if ((pages + 1) * PAGE > counts.length) {
      const more = new Uint32Array(2 * counts.length);
      more.set(counts);
      counts = more;
    }
    pageOf[exponent] = pages;
    return pages++;
  };
  return {
    add(column, skipped, code, extremes) {
      if (singles.length < column.length) {
        singles = new Float32Array(column.length);
        bits = new Uint32Array(singles.buffer);
      }
      singles.set(column);
      const own = bits;
      let found = 0;
      let { min, max } = extremes;
      let table = counts;
      for (let at = 0; at < column.length; at++) {
        // −0 counts as 0.
        const word = (own[at] as number) & 0x7fffffff;
        const x = column[at] as number;
        if (skipped[at] === code || (word >= INFINITE && !Number.isFinite(x))) continue;
        if (x < min) min = x;
        if (x > max) max = x;
        const bucket = word >>> DROPPED;
        let page = pageOf[bucket >>> PAGE_BITS] as number;
        if (page === 0) {
          page = addPage(bucket >>> PAGE_BITS);
          table = counts;
        }
        const place = (page << PAGE_BITS) | (bucket & (PAGE - 1));
        table[place] = (table[place] as number) + 1;
        found++;
      }
      count += found;
      extremes.count += found;
      extremes.min = min;
      extremes.max = max;
    },
    quantile(share) {
      if (count === 0) return null;
      let above = count - Math.max(1, Math.ceil(share * count));
      for (let exponent = EXPONENTS - 1; exponent >= 0; exponent--) {
        const page = pageOf[exponent] as number;
        for (let place = PAGE - 1; page > 0 && place >= 0; place--) {
          above -= counts[page * PAGE + place] as number;
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
    return singles[0] as number;
  };
  // What is beyond f32 is in the last bucket.
  if (edge(bucket) === 0) return { lower: 0, upper: edge(bucket + 1) };
  const upper = edge(bucket + 1);
  return {
    lower: edge(bucket) === Infinity ? (2 - 2 ** -23) * 2 ** 127 : edge(bucket) * (1 - RELATIVE) - ABSOLUTE,
    upper: upper < Infinity ? upper * (1 + RELATIVE) + ABSOLUTE : Infinity,
  };
}
