/** Options of `gpv train` and `gpv probe` alone (flags.ts has those that other commands share). */
import { UsageError } from "../network/errors.ts";
import { INITIALISERS } from "../network/initialisers.ts";
import type { Penalty, Schedule } from "../training/settings.ts";
import { LOSSES, OPTIMISERS, PENALTIES, PRECISIONS } from "../training/settings.ts";
import { flag } from "./flag.ts";
import { integer, listOf, oneOf, real, text } from "./flag-values.ts";

const positive = real((x) => x > 0, "a number > 0");
const share = real((x) => x >= 0 && x <= 1, "a number from 0 to 1");

export const TRAINING_FLAGS = {
  hidden: flag({
    name: "hidden",
    value: "LIST|none",
    default: "64",
    help: "widths of the hidden layers, as 128,64; none: one layer",
    parse: (value) => (value === "none" ? [] : listOf(integer(1))(value)),
  }),
  initialiser: flag({
    name: "initialiser",
    value: "NAME",
    default: "he",
    help: `of the weights: ${INITIALISERS.join(", ")}; biases begin at 0`,
    parse: oneOf(INITIALISERS),
  }),
  initialScale: flag({
    name: "initial-scale",
    value: "S",
    default: "1",
    help: "factor of the initialiser (normal: σ)",
    parse: positive,
  }),
  loss: flag({
    name: "loss",
    value: LOSSES.join("|"),
    default: "cross-entropy",
    help: "of a sample: cross-entropy of its class; logistic log(1 + e^(−y h)), y = ±1 its label, one output; squared-error ½‖h − y‖², y the row of --labels, or 1 for the class and 0 else",
    parse: oneOf(LOSSES),
  }),
  optimiser: flag({
    name: "optimiser",
    value: OPTIMISERS.join("|"),
    default: "sgd",
    help: "gradient descent with --momentum, or Adam (β 0.9 and 0.999, ε 1e-8)",
    parse: oneOf(OPTIMISERS),
  }),
  learningRate: flag({
    name: "learning-rate",
    value: "R",
    default: null,
    help: "without it: 0.05 of sgd, 0.001 of adam",
    parse: positive,
  }),
  momentum: flag({
    name: "momentum",
    value: "M",
    default: "0.9",
    help: "of sgd",
    parse: real((x) => x >= 0 && x < 1, "a number ≥ 0, below 1"),
  }),
  weightDecay: flag({
    name: "weight-decay",
    value: "W",
    default: "0",
    help: "adds W·θ to the gradient",
    parse: real((x) => x >= 0, "a number ≥ 0"),
  }),
  schedule: flag({
    name: "schedule",
    value: "constant|cosine|step:K[:F]",
    default: "constant",
    help: "of the learning rate: to 0 by a half cosine, or times F (0.1) after every K steps",
    parse: parseSchedule,
  }),
  warmUp: flag({
    name: "warm-up",
    value: "N",
    default: "0",
    help: "steps over which the learning rate rises in a line",
    parse: integer(0),
  }),
  batch: flag({
    name: "batch",
    value: "N|full",
    default: "64",
    help: "samples a step, a new order every epoch; for probe, samples of the minibatches whose gradients are squared",
    parse: (value) => (value === "full" ? "full" : integer(1)(value)),
  }),
  trainingSteps: flag({
    name: "steps",
    value: "N",
    default: "1000",
    help: "updates",
    parse: integer(0),
  }),
  trainingPrecision: flag({
    name: "precision",
    value: PRECISIONS.join("|"),
    default: null,
    help: "of weights, gradients and updates: f64 on the host, unless --engine webgpu trains on its device, in f32; f32 on the host is twice as fast as f64. With --penalty f64. Probes do not change with it",
    parse: oneOf(PRECISIONS),
  }),
  seeds: flag({
    name: "seeds",
    value: "N",
    default: "1",
    help: "repeat with the seeds K, K + 1, … of --seed, which weights and batches are of; data and probe set stay",
    parse: integer(1),
  }),
  penalty: flag({
    name: "penalty",
    value: "LIST",
    default: null,
    help: "adds to the loss of a batch B: input:L L·mean ‖∇ₓL_i‖², parameter:L L·‖∇_θ L_B‖², parameter-each:L L·mean ‖∇_θL_i‖²",
    parse: listOf(parsePenalty),
  }),
  heldOut: flag({
    name: "held-out",
    value: "SHARE",
    default: "0.2",
    help: "of the samples, drawn by --seed, which are not trained on",
    parse: share,
  }),
  heldOutInputs: flag({
    name: "held-out-inputs",
    value: "FILE[#NAME]",
    default: null,
    help: "held-out samples of their own, in place of a share",
    parse: text,
  }),
  heldOutLabels: flag({
    name: "held-out-labels",
    value: "FILE[#NAME]",
    default: null,
    help: "their labels",
    parse: text,
  }),
  shuffleLabels: flag({
    name: "shuffle-labels",
    value: "SHARE",
    default: "0",
    help: "permute the labels of this share of the training samples among these: a control",
    parse: share,
  }),
  checkpoints: flag({
    name: "checkpoints",
    value: "DIR",
    default: null,
    help: "train: keep the network of each probe there, and what --resume goes on from; probe: the networks of a training, any format of --model, in the order of the numbers in their names",
    parse: text,
  }),
  resumeTraining: flag({
    name: "resume",
    value: null,
    default: null,
    help: "go on with the run in --checkpoints, with the same options",
    parse: () => true as const,
  }),
  probeEvery: flag({
    name: "probe-every",
    value: "K",
    default: null,
    help: "probe before every Kth step (without it: about 20 times, evenly apart in the steps' logarithms)",
    parse: integer(1),
  }),
  probeSamples: flag({
    name: "probe-samples",
    value: "N",
    default: "256",
    help: "samples (of the training set) that every probe looks at, drawn by --seed",
    parse: integer(1),
  }),
  logits: flag({
    name: "logits",
    value: "yes|no",
    default: "yes",
    help: "whether each output is an f of the probe, beside the loss and the margin",
    parse: oneOf(["yes", "no"]),
  }),
  series: flag({
    name: "series",
    value: "FILE",
    default: null,
    help: "write one line a probe: .jsonl, or .parquet with the same columns",
    parse: text,
  }),
  probeRows: flag({
    name: "samples",
    value: "DIR",
    default: null,
    help: "write every probe's samples, a Parquet file a probe",
    parse: text,
  }),
  trainedModel: flag({
    name: "output",
    value: "FILE.safetensors",
    default: null,
    help: "write the trained network; with --seeds one each, FILE-seed-K.safetensors",
    parse: text,
  }),
  compare: flag({
    name: "compare",
    value: "A",
    default: null,
    help: "lay two series (.jsonl) side by side: --compare A B",
    parse: text,
  }),
};

function parseSchedule(value: string): Schedule {
  if (value === "constant" || value === "cosine") return { kind: value };
  const [kind, every = "", factor = "0.1", ...rest] = value.split(":");
  if (kind !== "step" || rest.length > 0) throw new UsageError("expected constant, cosine, step:K or step:K:F");
  return { kind, every: integer(1)(every), factor: positive(factor) };
}

function parsePenalty(value: string): Penalty {
  const [kind = "", factor, ...rest] = value.split(":");
  if (factor === undefined || rest.length > 0) {
    throw new UsageError("expected input:L, parameter:L or parameter-each:L, L a number ≥ 0");
  }
  return { kind: oneOf(PENALTIES)(kind), factor: real((x) => x >= 0, "a number ≥ 0 behind the colon")(factor) };
}
