/**
 * What one run reports, gradient-penalty-report/1 (schemas/report.schema.json): of one network, and what a search adds to it; a sweep's is
 * in sweep.ts. Whatever may differ between two runs of the same settings stands in `timing` alone. The file's keys stand in this order.
 */
import * as v from "valibot";
import type { Of } from "./kit.ts";
import {
  count,
  digest,
  fromOne,
  list,
  maybe,
  norm,
  NORMS,
  note,
  positive,
  reason,
  settings,
  verdict,
  words,
} from "./kit.ts";
import type { LayerRow } from "./sample.ts";
import { bracket, engine, quantiles, spread, tool, verdicts } from "./shared.ts";
import { SEARCH } from "./search.ts";

/** W_t as it was given: the model's facts, not the run's. */
const MODEL_LAYER = v.strictObject({
  layer: fromOne,
  inputs: note(fromOne, "n_t"),
  outputs: note(fromOne, "n_{t+1}"),
  activation: v.string(),
  biased: v.exactOptional(
    note(
      v.literal(false),
      "The layer has no bias: its term is ‖h_t‖² in place of 1 + ‖h_t‖². Left out where it has one.",
    ),
  ),
  tensor: v.exactOptional(
    note(
      v.string(),
      "What the weight is called in the model's file, with the kind of its parts where they were merged",
    ),
  ),
  weightNorm: note(bracket, "Proven bracket of ‖W_t‖, in the run's norm."),
});

/** Numbers of a layer, as rows have them, of which a report gives the spread. */
export const TIGHTNESS_NUMBERS = [
  "tightness",
  "directionalTightness",
  "alignmentWeight",
  "alignmentJacobian",
  "slackWeight",
  "slackJacobian",
] as const satisfies readonly (keyof LayerRow)[];

const REPORTED_LAYER = v.strictObject({ layer: fromOne, ...v.entriesFromList(TIGHTNESS_NUMBERS, spread) });

const FAULT_EXAMPLE = v.strictObject({
  index: note(count, "The sample, counted from 0."),
  left: note(maybe, "The two sides that should be equal, or ordered left ≤ right."),
  right: maybe,
  margin: note(maybe, "How far they are apart, in the units of bound."),
  bound: note(maybe, "What rounding can explain."),
  reason: v.exactOptional(note(words, "The finding in words; where a number is null, why.")),
});

export const REPORTED_FAULT = v.strictObject({
  check: note(
    v.string(),
    'As in rows; "plan": a weight unlike that of the network; "input": a sample unlike that of its source; "report": a number that its rows do not add up to.',
  ),
  layer: note(count, "0 where the check speaks of the whole network."),
  count: fromOne,
  example: v.exactOptional(note(FAULT_EXAMPLE, "The first sample in which it failed.")),
});

const TIMING = v.strictObject({
  elapsedMs: note(v.pipe(v.number(), v.minValue(0)), "From the first batch to the last verdict."),
  samplesPerSecond: norm,
  startedAt: note(v.nullable(v.string()), "ISO 8601; null where no clock was given."),
  interrupted: note(v.boolean(), "Stopped before all of its samples were examined."),
  requested: note(count, "Samples that were asked for."),
  details: note(settings, "Whatever else may differ: batch size, threads, full paths."),
  reason,
});

/** What every report begins with. */
export const ORIGIN = {
  schema: v.literal("gradient-penalty-report/1"),
  tool,
  engine,
  run: v.strictObject({
    settings,
    seed: count,
    modelSha256: note(v.nullable(digest), "null where the model did not come as bytes"),
    inputsSha256: note(v.nullable(digest), "null where the inputs were drawn"),
    roundedValues: note(count, "Weights, biases and input values that rounding to the engine's precision changed."),
    origin: v.exactOptional(note(words, "How inputs and weights were held against what they came from.")),
    plant: v.exactOptional(note(v.string(), "The planted fault that was switched on.")),
    salvaged: v.exactOptional(
      note(list(v.string(), 1), "Rows of damaged ledgers that the report is without (gpv merge --salvage)."),
    ),
  }),
};

const model = v.strictObject({
  source: v.string(),
  notes: v.exactOptional(
    note(
      list(v.string()),
      "What was taken for granted of the model's file: a layout, merged parts, tensors that were left out, biases that are missing",
    ),
  ),
  layers: list(MODEL_LAYER, 1),
});

/** What was counted of the samples, in every report. */
export const COUNTED = {
  samples: note(count, "Samples examined."),
  verdicts,
  audited: v.strictObject({
    samples: count,
    detects: note(
      v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
      "The smallest share of faulty samples that the audit would have seen with 99 % probability; null: no audit.",
    ),
    escapes: v.exactOptional(note(words, "The same in words: which faults may have gone unseen.")),
    reason,
  }),
  penalties: v.strictObject({
    input: note(
      norm,
      "Mean of the squared norm of the input gradient over the valid samples: the Dirichlet energy of f.",
    ),
    parameter: note(norm, "Mean of the squared norm of the parameter gradient over the valid samples."),
    reason,
  }),
  ratio: note(quantiles, "lhs / rhs of the total inequality."),
};

/** And of the ways there. */
export const CLIMBED = {
  coefficient: note(quantiles, "Σ_t (1 + ‖h_t‖²)/(‖W_t‖² ‖J_t‖²)."),
  layers: note(list(REPORTED_LAYER), "Layer t over all samples: κ_t and what it is made of, as in the rows."),
  escalations: v.strictObject({ screened: count, iterated: count, replayed: count }),
  certified: v.exactOptional(
    note(
      v.strictObject({ width: positive, reached: count, missed: count }),
      "With --certify: proven intervals of the Jacobian norms, samples × layers, that became as narrow as asked for, and those that could not.",
    ),
  ),
  bounds: note(
    v.record(v.string(), count),
    "Which upper bound of the Jacobian norm was used how often, over samples and layers.",
  ),
};

export const TIMED = { timing: note(TIMING, "What may differ between two runs of the same settings.") };

/** Of the head each-logit: what all outputs of a sample say together. */
const EACH_OUTPUT = v.strictObject({
  outputs: note(fromOne, "K, the network's outputs; row sK + k is of sample s and output k."),
  samples: note(count, "Samples of which every output was examined."),
  complete: note(count, "Those of which every output is valid: the means below are over them."),
  geometricComplexity: note(norm, "Mean of ‖∂h/∂x‖_F², the squared Frobenius norm of all outputs' input Jacobian."),
  dirichletEnergies: note(
    list(norm, 1),
    "Mean of ‖∇ₓh_k‖² for each output k, the Dirichlet energy of h_k; they add up to the geometric complexity.",
  ),
  worst: note(
    v.nullable(v.strictObject({ sample: count, output: count, index: count, verdict, ratio: norm, reason })),
    "The sample and output with the largest ratio, of the violated ones where there are any; null where none is valid.",
  ),
  reason,
});

/** Of a run of one network. */
const RUN = {
  ...ORIGIN,
  model,
  head: v.string(),
  norm: note(v.picklist(NORMS), "Of W_t and J_t."),
  ...COUNTED,
  ratioLower: note(maybe, "The least proven lower end of a sample's ratio."),
  ratioUpper: note(maybe, "The largest proven upper end of a sample's ratio; null where one is open."),
  kinks: note(maybe, "Share of the samples with a unit at a kink of its activation (rows: kink)."),
  eachOutput: v.exactOptional(
    note(EACH_OUTPUT, "Of the head each-logit alone: what all outputs of a sample say together."),
  ),
  ...CLIMBED,
  statistics: note(
    v.picklist(["exact", "sketch"]),
    "How quantiles were had: of up to 65,536 samples exactly, beyond that by a sketch. Counts, extremes and means are always exact.",
  ),
  quantileError: v.exactOptional(
    note(
      positive,
      "Bound of a quantile's relative error, of runs of more than 65,536 samples; left out where quantiles are exact. Counts, extremes and means are always.",
    ),
  ),
  accuracy: v.exactOptional(
    note(
      v.strictObject({
        asked: note(positive, "Relative, of --accuracy."),
        audited: note(
          count,
          "Estimates, over audited samples and layers t ≥ 2, that were held against a converged norm.",
        ),
        missed: note(count, "Those further off than was asked for."),
        reason: v.exactOptional(note(words, "Where there are more of these than a sound iteration has.")),
      }),
      "How near the reported ‖J_t‖ are to converged norms, where the audit looked; an estimate that misses is no violation.",
    ),
  ),
  rounded: v.exactOptional(
    note(
      v.strictObject({ values: count, worst: v.pipe(v.number(), v.minValue(0)) }),
      "How many weights, biases and inputs rounding to the engine's precision changed, and the largest relative change. What the precision cannot hold is computed in f64 and does not count.",
    ),
  ),
  faults: list(REPORTED_FAULT),
};

export const REPORT = v.strictObject({ ...RUN, ...TIMED });

/** Where inputs alone moved, its samples are the ends of all starts; where weights moved too, it is of the tightest end's network. */
export const TIGHTEN_REPORT = v.strictObject({ ...RUN, search: SEARCH, ...TIMED });

export type ReportedModelLayer = Of<typeof MODEL_LAYER>;
export type ReportedLayer = Of<typeof REPORTED_LAYER>;
export type FaultExample = Of<typeof FAULT_EXAMPLE>;
export type ReportedFault = Of<typeof REPORTED_FAULT>;
export type Timing = Of<typeof TIMING>;
export type EachOutput = Of<typeof EACH_OUTPUT>;
export type Report = Of<typeof REPORT>;
export type TightenReport = Of<typeof TIGHTEN_REPORT>;
