/** A sketch (sketch.ts) while it is counted: a count a bucket, in pages of one exponent each, so that adding a value is one look-up. */
import { HIGH } from "../engine/powers.ts";
import type { Sketch } from "./sketch.ts";
import { BUCKET_BITS, bucketOf } from "./sketch.ts";

const PAGE = 2 ** BUCKET_BITS;
/** Of the sign bit and the exponent: those of numbers with the sign bit set, and of what is not finite, have no page. */
const EXPONENTS = 4096;

export interface Buckets {
  /** Pages behind one another; the first belongs to no exponent. */
  counts: Float64Array;
  /** Where an exponent's page stands; 0: nowhere yet. */
  readonly pageOf: Uint16Array;
  pages: number;
  counted: number;
  min: number;
  max: number;
}

export function createBuckets(): Buckets {
  const pageOf = new Uint16Array(EXPONENTS);
  return { counts: new Float64Array(4 * PAGE), pageOf, pages: 1, counted: 0, min: Infinity, max: -Infinity };
}

/**
 * Counts every finite value of a column but those at the places where `skipped` has the code `code`.
 * @throws RangeError for a value below 0.
 */
export function addToBuckets(buckets: Buckets, column: Float64Array, skipped: Uint8Array, code: number): void {
  const { pageOf } = buckets;
  // Constants of another module are no constants to a compiler.
  const [bits, within, high] = [BUCKET_BITS, PAGE - 1, HIGH];
  const halves = new Uint32Array(column.buffer, column.byteOffset, 2 * column.length);
  let { counts, counted, min, max } = buckets;
  for (let at = 0; at < column.length; at++) {
    if (skipped[at] === code) continue;
    const value = column[at] as number;
    const bucket = (halves[2 * at + high] as number) >>> (20 - bits);
    const page = pageOf[bucket >>> bits] as number;
    if (page > 0) {
      const place = (page << bits) | (bucket & within);
      counts[place] = (counts[place] as number) + 1;
    } else {
      // What is not finite has no page, nor has what has the sign bit set: −0, which counts as 0, and numbers below 0.
      if (!(value - value === 0)) continue;
      counts = addApart(buckets, value);
    }
    counted++;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  // −0 counts as 0.
  Object.assign(buckets, { counted, min: min + 0, max: max + 0 });
}

/** Counts a finite value whose exponent has no page of its own yet. @returns the counts, which may stand elsewhere now. */
function addApart(buckets: Buckets, value: number): Float64Array {
  const bucket = bucketOf(value);
  const page = (buckets.pageOf[bucket >>> BUCKET_BITS] as number) || addPage(buckets, bucket >>> BUCKET_BITS);
  const place = (page << BUCKET_BITS) | (bucket & (PAGE - 1));
  buckets.counts[place] = (buckets.counts[place] as number) + 1;
  return buckets.counts;
}

function addPage(buckets: Buckets, exponent: number): number {
  const page = buckets.pages++;
  if (buckets.pages * PAGE > buckets.counts.length) {
    const more = new Float64Array(2 * buckets.counts.length);
    more.set(buckets.counts);
    buckets.counts = more;
  }
  buckets.pageOf[exponent] = page;
  return page;
}

export function sketchOf({ counts, pageOf }: Buckets): Sketch {
  const found: Sketch = new Map();
  for (const [exponent, page] of pageOf.entries()) {
    for (let k = 0; page > 0 && k < PAGE; k++) {
      const count = counts[page * PAGE + k] as number;
      if (count > 0) found.set(exponent * PAGE + k, count);
    }
  }
  return found;
}
