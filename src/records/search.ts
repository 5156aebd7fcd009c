/** What `gpv tighten` adds to a report: the cases that the search ended at, and how it came there. */
import * as v from "valibot";
import type { Of } from "./kit.ts";
import { count, fromOne, list, norm, note, positive, reason, verdict } from "./kit.ts";
import { quantiles, verdicts } from "./shared.ts";

/** Both ratios are those that `verify` gives. */
const START = v.strictObject({
  index: note(count, "The sample that the search started from, its number in the run."),
  startRatio: norm,
  endRatio: norm,
  verdict: note(verdict, "Of the end."),
  inputMoved: note(v.pipe(v.number(), v.minValue(0)), "‖x − x⁰‖"),
  weightsMoved: note(norm, "The largest ‖W_t − W_t⁰‖_F/‖W_t⁰‖_F; null where weights stood still."),
  evaluations: note(count, "Times that the ratio, or its gradient, was taken."),
  reason,
});

const TIGHTEST_LAYER = v.strictObject({
  layer: fromOne,
  share: note(norm, "w_t/Σw, w_t = ‖δ_t‖²(1 + ‖h_t‖²): the ratio is the mean of κ_t² with these weights."),
  tightness: note(norm, "κ_t = α_t β_t"),
  alignmentWeight: norm,
  alignmentJacobian: norm,
  reason,
});

const TIGHTEST = v.strictObject({
  start: note(count, "The sample that the search started from."),
  sample: note(count, "The end's own number."),
  verdict,
  ratio: norm,
  limiting: note(
    v.nullable(
      v.strictObject({
        layer: fromOne,
        side: v.picklist(["weight", "jacobian"]),
        lost: v.pipe(v.number(), v.minValue(0)),
      }),
    ),
    "Where most of 1 − ratio is lost, as a share of the right side; null where nothing is.",
  ),
  layers: list(TIGHTEST_LAYER),
  reason,
});

export const SEARCH = note(
  v.strictObject({
    region: v.strictObject({
      centre: note(v.picklist(["origin", "sample"]), "Of the ball: 0, or each start's own sample."),
      radius: positive,
      box: v.nullable(v.strictObject({ low: v.number(), high: v.number() })),
    }),
    weightRadius: note(
      v.nullable(v.pipe(v.number(), v.gtValue(0), v.maxValue(2))),
      "Largest distance of a weight matrix from its start over its Frobenius norm; null: weights stand still.",
    ),
    steps: fromOne,
    sampled: note(v.strictObject({ samples: count, verdicts, ratio: quantiles }), "The samples before any search."),
    starts: note(
      list(START),
      "In the order of their starting ratios, largest first. Sample k of the report is the end of start k; where weights moved, the report is of the tightest end alone.",
    ),
    tightest: note(v.nullable(TIGHTEST), "null where no end has a ratio"),
  }),
  "Of gpv tighten: how the reported cases were found.",
);

export type SearchStart = Of<typeof START>;
export type TightestLayer = Of<typeof TIGHTEST_LAYER>;
export type Tightest = Of<typeof TIGHTEST>;
export type Search = Of<typeof SEARCH>;
