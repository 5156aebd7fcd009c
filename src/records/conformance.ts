/** What `gpv doctor --stress` finds of an adapter and its driver, gradient-penalty-conformance/1 (schemas/conformance.schema.json). */
import * as v from "valibot";
import type { Of } from "./kit.ts";
import { count, list, norm, note, positive } from "./kit.ts";
import { engine, tool, verdicts } from "./shared.ts";

export const CONFORMANCE_FAILURE = v.strictObject({
  case: note(v.pipe(v.string(), v.regex(/^(kernel|network):[0-9]+$/)), "What --case takes, beside the run's seed."),
  name: note(v.string(), "Shape, numbers, activation … of the case."),
  mode: note(v.string(), "How it was run."),
  detail: note(v.string(), "The first number that is wrong, and its bound."),
});

const elapsedMs = v.pipe(v.number(), v.minValue(0));

const OUTCOME = {
  worst: note(norm, "The largest error over its bound; null where a number was not finite. Above 1 is a failure."),
  worstCase: v.nullable(v.string()),
  failed: count,
  failures: note(list(CONFORMANCE_FAILURE), "The first of each mode."),
  elapsedMs,
};

const KERNEL = v.strictObject({
  kernel: v.string(),
  cases: count,
  compared: note(count, "Numbers held against a bound, over all cases and modes."),
  ...OUTCOME,
});

const ENGINE = v.strictObject({ networks: count, samples: count, verdicts, ...OUTCOME });

const CONFORMANCE = v.strictObject({
  kernels: note(list(KERNEL), "Each kernel over all its cases."),
  engine: note(
    ENGINE,
    "Random networks through the whole engine, every sample audited and its intervals proven again in f64; worst is of the cut test.",
  ),
});

export const CONFORMANCE_REPORT = v.strictObject({
  schema: v.literal("gradient-penalty-conformance/1"),
  tool,
  adapter: v.strictObject({ ...engine.entries, kind: v.literal("webgpu"), precision: v.literal("f32") }),
  run: v.strictObject({
    seed: count,
    minutes: positive,
    devices: count,
    case: note(v.nullable(v.string()), "The one case that was asked for."),
    plant: note(v.nullable(v.string()), "The planted fault."),
  }),
  verdict: note(
    v.picklist(["conforms", "fails", "unfinished"]),
    "unfinished: interrupted, or the device failed, before every systematic case had run.",
  ),
  deviceFailure: note(v.nullable(v.string()), "What the device itself failed of."),
  ...CONFORMANCE.entries,
  timing: v.strictObject({ elapsedMs, interrupted: v.boolean(), startedAt: v.string() }),
});

export type ConformanceFailure = Of<typeof CONFORMANCE_FAILURE>;
export type KernelConformance = Of<typeof KERNEL>;
export type EngineConformance = Of<typeof ENGINE>;
export type Conformance = Of<typeof CONFORMANCE>;
export type ConformanceReport = Of<typeof CONFORMANCE_REPORT>;
