/**
 * What `gpv tighten` reports: the Report of the cases that the search ended at, and how it came there.
 *
 * Where inputs alone moved, the report's samples are the ends of all starts; where weights moved too, each end has a network of its own
 * and the report is the tightest one's.
 */
import type { Maybe, Quantiles, Report, VerdictCounts, VerdictName } from "../../pipeline/results.ts";

/** One start of the search. Both ratios are those that `verify` gives. */
export interface SearchStart {
  /** The sample that the search started from, its number in the run. */
  readonly index: number;
  readonly startRatio: Maybe;
  readonly endRatio: Maybe;
  /** Of the end. */
  readonly verdict: VerdictName;
  /** ‖x − x⁰‖. */
  readonly inputMoved: number;
  /** The largest ‖W_t − W_t⁰‖_F/‖W_t⁰‖_F; null where weights stood still. */
  readonly weightsMoved: Maybe;
  /** Times that the ratio, or its gradient, was taken. */
  readonly evaluations: number;
}

/** A layer of the tightest case. */
export interface TightestLayer {
  readonly layer: number;
  /** w_t/Σw, w_t = ‖δ_t‖²(1 + ‖h_t‖²): the ratio is the mean of κ_t² with these weights. */
  readonly share: Maybe;
  /** κ_t = α_t β_t. */
  readonly tightness: Maybe;
  readonly alignmentWeight: Maybe;
  readonly alignmentJacobian: Maybe;
}

export interface Tightest {
  /** The sample that the search started from, and the end's own number. */
  readonly start: number;
  readonly sample: number;
  readonly verdict: VerdictName;
  readonly ratio: Maybe;
  /** Where most of 1 − ratio is lost, and how much of it in all; null where nothing is. */
  readonly limiting: { readonly layer: number; readonly side: "weight" | "jacobian"; readonly lost: number } | null;
  readonly layers: readonly TightestLayer[];
}

export interface Search {
  readonly region: {
    /** Of the ball: 0, or each start's own sample. */
    readonly centre: "origin" | "sample";
    readonly radius: number;
    readonly box: { readonly low: number; readonly high: number } | null;
  };
  /** Largest ‖W_t − W_t⁰‖_F/‖W_t⁰‖_F allowed; null where weights stand still. */
  readonly weightRadius: number | null;
  readonly steps: number;
  /** The samples before any search: what random sampling, or the data, gives. */
  readonly sampled: { readonly samples: number; readonly verdicts: VerdictCounts; readonly ratio: Quantiles };
  /** In the order of their starting ratios, largest first. */
  readonly starts: readonly SearchStart[];
  /** Null where no end has a ratio. */
  readonly tightest: Tightest | null;
}

/** gradient-penalty-report/1 of a search. */
export interface TightenReport extends Report {
  readonly search: Search;
}
