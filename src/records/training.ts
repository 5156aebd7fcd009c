/**
 * What training moves: a line of `--series` for each probe, and the report of `gpv train` and `gpv probe`, gradient-penalty-training/1
 * (schemas/series.schema.json, schemas/training.schema.json). Penalties are squared norms; norms are not squared.
 */
import * as v from "valibot";
import type { Of } from "./kit.ts";
import { count, digest, fromOne, list, maybe, norm, NORMS, note, reason, settings, words } from "./kit.ts";
import { SAMPLE_ROW } from "./sample.ts";
import { engine, tool, verdicts } from "./shared.ts";

const FUNCTION_LAYER = v.strictObject({
  layer: note(fromOne, "t, from 1"),
  tightness: note(norm, "mean κ_t"),
  reason,
});

export const PROBED_FUNCTION = v.strictObject({
  function: note(words, "f: loss, margin or logit:K"),
  norm: note(v.picklist(NORMS), "of W_t and J_t in this function's inequality"),
  verdicts: note(verdicts, "samples by verdict"),
  inputPenalty: note(norm, "P_x: mean ‖∇ₓf‖², the Dirichlet energy of f"),
  parameterPenalty: note(norm, "P_θ: mean ‖∇_θf‖²"),
  penaltyRatio: note(norm, "P_θ / P_x; of a single sample it is C/ρ"),
  coefficient: note(norm, "mean C, Σ_t (1 + ‖h_t‖²) / (‖W_t‖² ‖J_t‖²)"),
  ratio: note(norm, "mean ρ, left over right side of the total inequality"),
  topGradientNorm: note(norm, "mean ‖∂f/∂h_{l+1}‖"),
  layers: note(list(FUNCTION_LAYER), "one for each layer"),
  reason,
});

export const PROBED_LAYER = v.strictObject({
  layer: note(fromOne, "t, from 1"),
  hiddenNorm: note(norm, "mean ‖h_t‖ (layer 1: ‖x‖)"),
  weightNorm: note(norm, "‖W_t‖, spectral"),
  weightNormFrobenius: note(norm, "‖W_t‖, Frobenius"),
  jacobianNorm: note(norm, "mean ‖J_t‖, spectral"),
  jacobianNormFrobenius: note(norm, "mean ‖J_t‖, Frobenius"),
  reason,
});

const GRADIENT_SQUARES = v.strictObject({
  fullBatch: note(norm, "‖∇_θ of the mean loss‖²"),
  minibatch: note(norm, "mean over minibatches B of ‖∇_θ L_B‖²: what SGD's implicit penalty is of (arXiv 2101.12176)"),
  perSample: note(norm, "mean ‖∇_θL_i‖²: what the inequality bounds"),
  batch: note(fromOne, "samples of a minibatch"),
  reason,
});

const HESSIAN = v.strictObject({
  largest: note(maybe, "the largest eigenvalue of the Hessian of the mean loss by θ, as Lanczos' iteration has it"),
  residual: note(norm, "‖Hv − λv‖ of its vector: an eigenvalue lies within it"),
  iterations: note(count, "Hessian-vector products"),
  reason,
});

export const SERIES_ROW = v.strictObject({
  seed: note(count, "of the run"),
  step: note(count, "updates made before; of checkpoints, the number in the file's name"),
  source: v.exactOptional(note(words, "the checkpoint's file")),
  epoch: note(norm, "passes over the training set made before; null for a checkpoint"),
  learningRate: note(norm, "of the next step; null for a checkpoint"),
  batchLoss: note(maybe, "mean loss of the minibatches since the line before; null where there were none"),
  trainLoss: note(maybe, "mean loss of the training set; for checkpoints, of all of --inputs"),
  trainAccuracy: note(norm, "share of it classified right; null for a regression"),
  heldOutLoss: note(maybe, "mean loss of the held-out set; null without one"),
  heldOutAccuracy: note(norm, "share of it classified right"),
  samples: note(fromOne, "of the probe set, which all that follows is of"),
  dirichletEnergy: note(norm, "mean ‖∇ₓL‖², L the loss"),
  geometricComplexity: note(norm, "mean ‖∂h_{l+1}/∂x‖_F²"),
  gradientSquares: note(GRADIENT_SQUARES, "three squared gradients of the loss that are not the same"),
  penaltyAlignment: note(maybe, "cosine between ∇_θP_θ and ∇_θP_x, of the loss; null where one of them is 0"),
  hessian: note(HESSIAN, "curvature of the mean loss"),
  verdicts: note(verdicts, "samples × functions by verdict"),
  layers: note(list(PROBED_LAYER, 1), "one for each layer; what no f changes"),
  functions: note(list(PROBED_FUNCTION, 1), "one for each f; the loss once more in the Frobenius norm"),
  reason,
});

/** A row of `--samples` of a probe: where it comes from, then what gpv verify says of a sample. */
export const PROBE_SAMPLE_ROW = v.strictObject({
  seed: note(count, "of the run"),
  step: note(count, "updates made before"),
  function: note(words, "f"),
  norm: note(v.picklist(NORMS), "of W_t and J_t"),
  ...SAMPLE_ROW.entries,
});

const DIVERGED = v.strictObject({
  step: note(fromOne, "the step, from 1, that could not be made"),
  what: note(words, "which number was not finite"),
});

const TRAINED = v.strictObject({
  seed: count,
  steps: note(count, "updates made"),
  diverged: note(v.nullable(DIVERGED), "where numbers stopped being finite; what was there before is kept"),
  probes: note(count, "lines of the series"),
  last: note(v.nullable(SERIES_ROW), "the last of them"),
});

export const TRAINING_REPORT = v.strictObject({
  schema: v.literal("gradient-penalty-training/1"),
  tool,
  engine: note(engine, "of the verdicts; gradients and updates are the host's, in f64"),
  command: v.picklist(["train", "probe"]),
  run: v.strictObject({
    settings,
    seed: count,
    inputsSha256: v.nullable(digest),
    labelsSha256: v.nullable(digest),
  }),
  model: v.strictObject({
    layers: list(v.strictObject({ layer: fromOne, inputs: fromOne, outputs: fromOne, activation: v.string() }), 1),
  }),
  data: v.strictObject({
    train: note(count, "samples to train on"),
    heldOut: note(count, "samples held out"),
    probe: note(count, "samples that each probe looks at"),
  }),
  verdicts: note(verdicts, "probe samples × functions × probes by verdict"),
  unresolved: note(maybe, "their share that stayed unresolved"),
  runs: list(TRAINED),
  series: note(list(SERIES_ROW), "all lines, run after run"),
  timing: v.strictObject({
    elapsedMs: v.pipe(v.number(), v.minValue(0)),
    stepsPerSecond: note(norm, "of the steps that this process made, probes apart"),
    startedAt: v.nullable(v.string()),
    interrupted: v.boolean(),
    details: settings,
    reason,
  }),
});

export type ProbedFunction = Of<typeof PROBED_FUNCTION>;
export type ProbedLayer = Of<typeof PROBED_LAYER>;
export type SeriesRow = Of<typeof SERIES_ROW>;
export type ProbeSampleRow = Of<typeof PROBE_SAMPLE_ROW>;
export type TrainedRun = Of<typeof TRAINED>;
export type TrainingReport = Of<typeof TRAINING_REPORT>;
