/** The samples that a search looks at first, and those that it starts from. */
import type { SampleSource } from "../../pipeline/verify.ts";
import type { SampleRow } from "../../records/sample.ts";
import { UsageError } from "../../network/errors.ts";
import type { Head } from "../../network/heads.ts";
import { squaredNorm } from "./algebra.ts";
import type { InputRegion } from "./region.ts";
import { insideBox, makeRegion } from "./region.ts";

export interface Start {
  readonly index: number;
  readonly x: Float64Array;
  /** −1 for none. */
  readonly label: number;
}

/** Centre of each start's ball: 0, or its own sample. */
export type Centre = "origin" | "sample";

const CHUNK = 1024;

/** The largest norm of a sample: the ball's radius where none was asked for. Samples that are not finite do not count; 1 where all are 0. */
export function largestNorm(source: SampleSource): number {
  let largest = 0;
  for (let first = 0; first < source.samples; first += CHUNK) {
    const count = Math.min(CHUNK, source.samples - first);
    const { inputs } = source.read(first, count);
    for (let i = 0; i < count; i++) {
      const norm = Math.sqrt(squaredNorm(inputs.subarray(i * source.width, (i + 1) * source.width)));
      if (Number.isFinite(norm)) largest = Math.max(largest, norm);
    }
  }
  return largest > 0 ? largest : 1;
}

/**
 * The source with every sample in the region: drawn ones are brought to its nearest point, so that random sampling and the search look at
 * the same region; given ones must lie in the box (and are the centres of their balls).
 * @throws UsageError naming the sample outside.
 */
export function withinRegion(source: SampleSource, region: InputRegion, centre: Centre): SampleSource {
  const { width } = source;
  const { project } = makeRegion(region, new Float64Array(width), null, 0);
  const bring = (x: Float64Array, index: number): Float64Array => {
    if (centre === "origin") return project({ x, weights: [] }).x;
    const { box } = region;
    if (box !== null && x.every(Number.isFinite) && !insideBox(x, box)) {
      const k = x.findIndex((v) => v < box.low || v > box.high);
      throw new UsageError(
        `sample ${String(index)}: value ${String(k)} is ${String(x[k])}, expected ${String(box.low)} to ${String(box.high)}, the --box`,
      );
    }
    return x;
  };
  return {
    ...source,
    // What is brought into the region is no longer what was drawn or read.
    ...(centre === "origin" ? { drawn: null, drawnAgain: null, again: null } : { drawn: null }),
    read: (first, count) => {
      const { inputs, labels } = source.read(first, count);
      const brought = new Float64Array(inputs.length);
      for (let i = 0; i < count; i++) {
        brought.set(bring(inputs.slice(i * width, (i + 1) * width), first + i), i * width);
      }
      return { inputs: brought, labels };
    },
  };
}

/** What is kept of each sample until the starts are chosen. */
export type Sampled = Pick<SampleRow, "index" | "ratio" | "verdict">;

/** The samples of the largest ratios, largest first; after them those without a ratio (dead ones), in their order. None that is invalid. */
export function chooseStarts(rows: readonly Sampled[], count: number): Sampled[] {
  const score = (row: Sampled): number => row.ratio ?? -1;
  const usable = rows.filter((row) => row.verdict !== "invalid");
  return usable.sort((a, b) => score(b) - score(a) || a.index - b.index).slice(0, count);
}

export function readStart(source: SampleSource, index: number): Start {
  const { inputs, labels } = source.read(index, 1);
  return { index, x: inputs, label: labels?.[0] ?? -1 };
}

/**
 * The head of the ends: they are numbered after the samples, and end k has the targets of the sample that it started from.
 * @param from the samples that the ends started from.
 */
export function headOfEnds(head: Head, from: readonly number[]): Head {
  if (head.kind !== "squared-error" || head.rows === 1) return head;
  const width = head.targets.length / head.rows;
  const own = from.flatMap((index) => Array.from(head.targets.subarray(index * width, (index + 1) * width)));
  return { ...head, rows: head.rows + from.length, targets: Float64Array.from([...head.targets, ...own]) };
}
