/** Parts that several records have. */
import * as v from "valibot";
import type { Of } from "./kit.ts";
import { count, norm, note, reason, VERDICT_NAMES } from "./kit.ts";

export const tool = v.strictObject({ name: v.string(), version: v.string() });

export const engine = v.strictObject({
  kind: v.picklist(["webgpu", "cpu"]),
  precision: v.picklist(["f32", "f64"]),
  adapter: v.string(),
  runtime: v.string(),
  hardware: v.boolean(),
});

export const verdicts = note(v.strictObject(v.entriesFromList(VERDICT_NAMES, count)), "Samples by verdict.");

export const bracket = note(
  v.strictObject({ lower: norm, upper: norm, reason }),
  "A closed interval that is proven to contain the exact value.",
);

export const quantiles = note(
  v.strictObject({
    ...{ min: norm, p01: norm, p10: norm, median: norm, mean: norm, p90: norm, p99: norm, max: norm },
    counted: note(count, "Samples that were counted."),
    reason,
  }),
  "Order statistics over the samples for which the number is defined; all null, with the reason, where there is none.",
);

export const spread = note(
  v.strictObject({ min: norm, median: norm, max: norm, reason }),
  "Smallest, middle and largest over the samples for which the number is defined.",
);

export type VerdictCounts = Of<typeof verdicts>;
export type Bracket = Of<typeof bracket>;
export type Quantiles = Of<typeof quantiles>;
export type Spread = Of<typeof spread>;
