/**
 * Every option of the command line is one record here: name, value, default, help, parse. Parsing (arguments.ts),
 * `--help` and the README's table (help.ts) are made from these records, so that they cannot drift apart.
 *
 * `parse` gets the text after `=` and throws UsageError with what it expected; arguments.ts adds the place.
 */
import { FAULT_NAMES } from "../engine/faults.ts";
import { NORM_METHODS } from "../engine/krylov.ts";
import { LAYOUTS } from "../formats/arrangement.ts";
import { activationList, activationNamed } from "../network/activation-names.ts";
import { ACTIVATION_NAMES } from "../network/activations.ts";
import { formatActivation } from "../network/parametric.ts";
import { parseAddress } from "../sweep/case.ts";
import { PRESET_NAMES } from "../sweep/presets.ts";
import {
  integer,
  listOf,
  oneOf,
  parseBox,
  parseCase,
  parsePrecision,
  parseRows,
  parseShard,
  parseSize,
  real,
  text,
} from "./flag-values.ts";
import type { Flag } from "./flag.ts";
import { flag } from "./flag.ts";
import { parseHead } from "./heads.ts";
import { TRAINING_FLAGS } from "./training-flags.ts";

export type { Flag };

/** An activation as it is printed, however it was spelt. */
function activationText(text: string): string {
  const found = activationNamed(text);
  if (found === null)
    return oneOf([...ACTIVATION_NAMES, "leaky-relu(SLOPE)", "elu(ALPHA)", "softplus(BETA)", "prelu"])(text);
  return found === "prelu" ? found : formatActivation(found);
}

export const FLAGS = {
  model: flag({
    name: "model",
    value: "FILE",
    default: null,
    help: "the network: .safetensors, PyTorch's .pt .pth .bin .ckpt, .onnx or .json",
    parse: text,
  }),
  activation: flag({
    name: "activation",
    value: "LIST",
    default: null,
    help: "one name for the hidden layers (the output is then identity), or one a layer: relu,leaky-relu(0.2),identity. Without it: the file's own",
    parse: (text) => activationList(text).map(activationText),
  }),
  layers: flag({
    name: "layers",
    value: "LIST",
    default: null,
    help: "tensor prefixes in their order, where numbers in the names do not give it; what is not listed is left out",
    parse: listOf(text),
  }),
  layout: flag({
    name: "layout",
    value: "outputs-inputs|inputs-outputs",
    default: null,
    help: "which way the weights of a tensor file stand (without it: PREFIX.weight outputs × inputs, PREFIX.kernel inputs × outputs)",
    parse: oneOf(LAYOUTS),
  }),
  key: flag({
    name: "key",
    value: "NAME",
    default: null,
    help: "which entry of a PyTorch checkpoint, as model_state_dict or ema.model, where it holds the weights of several networks",
    parse: text,
  }),
  inputs: flag({
    name: "inputs",
    value: "FILE[#NAME]",
    default: null,
    help: "samples as rows, flattened: .npy, .npz, .safetensors, .csv (.tsv, .txt) or IDX, each also as .gz; NAME: one array of several",
    parse: text,
  }),
  array: flag({ name: "array", value: "NAME", default: null, help: "which array of the inputs file", parse: text }),
  header: flag({
    name: "header",
    value: "yes|no",
    default: null,
    help: "whether the first row of a table is a header (without it: names are one, numbers are none, 0,1,2,… is asked about)",
    parse: oneOf(["yes", "no"]),
  }),
  rows: flag({
    name: "rows",
    value: "A:B",
    default: null,
    help: "only these rows of the inputs and their labels, from A up to B − 1, counted from 0; 100: is all from 100 on",
    parse: parseRows,
  }),
  mean: flag({
    name: "mean",
    value: "M",
    default: "0",
    help: "inputs are (x − M)/S; IDX bytes are 0–255 until then",
    parse: real(() => true, "a finite number"),
  }),
  std: flag({
    name: "std",
    value: "S",
    default: "1",
    help: "see --mean",
    parse: real((x) => x > 0, "a number > 0"),
  }),
  random: flag({
    name: "random",
    value: "N",
    default: null,
    help: "draw N samples instead of --inputs",
    parse: integer(1),
  }),
  distribution: flag({
    name: "distribution",
    value: "normal|uniform|sphere",
    default: "normal",
    help: "of --random: σ = S, [−S, S], or radius S",
    parse: oneOf(["normal", "uniform", "sphere"]),
  }),
  scale: flag({
    name: "scale",
    value: "S",
    default: "1",
    help: "of --distribution",
    parse: real((x) => x > 0, "a number > 0"),
  }),
  seed: flag({
    name: "seed",
    value: "K",
    default: "0",
    help: "every random number is a function of this seed and its own address",
    parse: integer(0),
  }),
  labels: flag({
    name: "labels",
    value: "argmax|random|FILE[#NAME]",
    default: null,
    help: "classes for the heads that need them (of logistic −1 or 1): the network's own, drawn, or a 1-D integer .npy (or any other file of --inputs)",
    parse: text,
  }),
  head: flag({
    name: "head",
    value: "NAME",
    default: "logit:argmax",
    help: "f of the output: sum, mean, logit:K (K from 0), logit:argmax, each-logit (every output of every sample in turn), linear:FILE, half-squared-norm, log-sum-exp, cross-entropy, logistic, squared-error:FILE, margin",
    parse: parseHead,
  }),
  norm: flag({
    name: "norm",
    value: "spectral|frobenius",
    default: "spectral",
    help: "of W_t and J_t",
    parse: oneOf(["spectral", "frobenius"]),
  }),
  engine: flag({
    name: "engine",
    value: "auto|webgpu|cpu",
    default: "auto",
    help: "auto: a hardware GPU where there is one, else the host's f64 engine",
    parse: oneOf(["auto", "webgpu", "cpu"]),
  }),
  precision: flag({
    name: "precision",
    value: "f64",
    default: null,
    help: "of engine cpu (webgpu is f32); f32 on the cpu is not available yet",
    parse: parsePrecision,
  }),
  adapter: flag({
    name: "adapter",
    value: "high-performance|low-power|software|NAME",
    default: null,
    help: "which GPU adapter; NAME: part of its name",
    parse: text,
  }),
  accuracy: flag({
    name: "accuracy",
    value: "R|verdict",
    default: "1e-3",
    help: "relative error wanted of each ‖J_t‖; verdict: stop at the verdict",
    parse: (value) =>
      value === "verdict" ? value : real((x) => x > 0 && x < 1, 'a number between 0 and 1, or "verdict"')(value),
  }),
  normMethod: flag({
    name: "norm-method",
    value: "lanczos|power",
    default: "lanczos",
    help: "how each ‖J_t‖ is iterated for; power: the power method, slower for the same accuracy",
    parse: oneOf(NORM_METHODS),
  }),
  certify: flag({
    name: "certify",
    value: "R",
    default: null,
    help: "go on, in f64 on the host where needed, until each proven interval of ‖J_t‖ is narrower than R",
    parse: real((x) => x > 0 && x < 1, "a number between 0 and 1"),
  }),
  audit: flag({
    name: "audit",
    value: "R",
    default: null,
    help: "share of the samples whose every stored value is recomputed on the host; left out: 0.01 of the first 100,000, 0.001 beyond",
    parse: real((x) => x >= 0 && x <= 1, "a number from 0 to 1"),
  }),
  address: flag({
    name: "address",
    value: "SEED:STREAM:INDEX",
    default: null,
    help: "one case of a sweep again, as its report names it; with the sweep's --preset or --grid",
    parse: parseAddress,
  }),
  preset: flag({
    name: "preset",
    value: "smoke|standard|soak",
    default: null,
    help: "a grid that comes with the program: a minute, half an hour, a night",
    parse: oneOf(PRESET_NAMES),
  }),
  grid: flag({
    name: "grid",
    value: "FILE",
    default: null,
    help: "lists of depths, widths, activations …, as .json or .yaml (schemas/grid.schema.json): every combination is swept",
    parse: text,
  }),
  inputsPerNetwork: flag({
    name: "inputs-per-network",
    value: "N",
    default: null,
    help: "samples drawn for each network (without it: the preset's, or 64)",
    parse: integer(1),
  }),
  ledger: flag({
    name: "ledger",
    value: "FILE",
    default: "gpv-sweep.sqlite",
    help: "where finished units are kept (SQLite)",
    parse: text,
  }),
  resume: flag({
    name: "resume",
    value: null,
    default: null,
    help: "go on with the ledger; options that are left out are the ledger's",
    parse: () => true as const,
  }),
  salvage: flag({
    name: "salvage",
    value: null,
    default: null,
    help: "of damaged ledgers too, the rows that are whole: the report names what is lost and counts as unfinished",
    parse: () => true as const,
  }),
  maxMemory: flag({
    name: "max-memory",
    value: "SIZE",
    default: "2GiB",
    help: "for the files read (their bytes, what they unpack to, 8 bytes a number), and for deep or wide networks (512MiB, 16GiB)",
    parse: parseSize,
  }),
  shard: flag({
    name: "shard",
    value: "I/N",
    default: null,
    help: "this part of N only (I from 1), for array jobs; gpv merge joins the ledgers",
    parse: parseShard,
  }),
  watchdog: flag({
    name: "watchdog",
    value: "SECONDS",
    default: "300",
    help: "a device that gives no answer for so long counts as hung, and is opened again",
    parse: real((x) => x > 0, "a number > 0"),
  }),
  profile: flag({
    name: "profile",
    value: null,
    default: null,
    help: "the device's time, stage by stage, on stderr at the end (--engine webgpu; it costs speed)",
    parse: () => true as const,
  }),
  explain: flag({
    name: "explain",
    value: null,
    default: null,
    help: "what was chosen and why, on stderr: engine, precision, batches, and for each ‖J_t‖ the way to it and its cost",
    parse: () => true as const,
  }),
  failOn: flag({
    name: "fail-on",
    value: "LIST",
    default: null,
    help: "exit 1 for these too: invalid, unresolved",
    parse: listOf(oneOf(["invalid", "unresolved"])),
  }),
  plant: flag({
    name: "plant",
    value: "FAULT",
    default: null,
    help: "switch one planted fault on, to see which check finds it; docs/faults.md lists them",
    parse: oneOf(FAULT_NAMES),
  }),
  workload: flag({
    name: "workload",
    value: "LIST",
    default: null,
    help: "of A to G: these alone, as A,B or A B",
    parse: listOf(text),
  }),
  peers: flag({
    name: "peers",
    value: "all|none",
    default: "all",
    help: "all: numpy beside us, where python3 has it",
    parse: oneOf(["all", "none"]),
  }),
  rounds: flag({
    name: "rounds",
    value: "N",
    default: "3",
    help: "timings of each; the best counts",
    parse: integer(1),
  }),
  report: flag({ name: "report", value: "FILE.json", default: null, help: "write the report", parse: text }),
  samples: flag({
    name: "samples",
    value: "FILE",
    default: null,
    help: "write one row a sample: .jsonl, or .parquet with the same columns; sweep: a folder of Parquet files, one a unit",
    parse: text,
  }),
  html: flag({
    name: "html",
    value: "FILE",
    default: null,
    help: "the report as one page with plots",
    parse: text,
  }),
  witnesses: flag({
    name: "witnesses",
    value: "DIR",
    default: null,
    help: "write a witness file for each violated or unresolved sample, the first 100 of them",
    parse: text,
  }),
  witnessVerdicts: flag({
    name: "witness-verdicts",
    value: "LIST",
    default: "violated,unresolved",
    help: "of which samples --witnesses writes a file: holds, tight, violated, unresolved, invalid",
    parse: listOf(oneOf(["holds", "tight", "violated", "unresolved", "invalid"])),
  }),
  json: flag({
    name: "json",
    value: null,
    default: null,
    help: "the report on stdout instead of the table",
    parse: () => true as const,
  }),
  within: flag({
    name: "within",
    value: "R",
    default: null,
    help: "search no further than R (Euclidean) from 0, or, with --inputs, from each sample (without it: R is the largest norm of a sample)",
    parse: real((x) => x > 0, "a number > 0"),
  }),
  box: flag({
    name: "box",
    value: "LO,HI",
    default: null,
    help: "keep every entry of the input from LO to HI too",
    parse: parseBox,
  }),
  weights: flag({
    name: "weights",
    value: null,
    default: null,
    help: "move the weight matrices too, each at its own Frobenius norm; biases stay",
    parse: () => true as const,
  }),
  weightsWithin: flag({
    name: "weights-within",
    value: "S",
    default: "0.5",
    help: "of --weights: how far a W_t may go, as a share of its Frobenius norm; 2 is anywhere",
    parse: real((x) => x > 0 && x <= 2, "a number > 0, at most 2"),
  }),
  starts: flag({
    name: "starts",
    value: "M",
    default: "16",
    help: "search from the M samples of the largest ratios",
    parse: integer(1),
  }),
  steps: flag({
    name: "steps",
    value: "K",
    default: "200",
    help: "steps of each climb, and random tries, at most",
    parse: integer(1),
  }),
  exact: flag({
    name: "exact",
    value: null,
    default: null,
    help: "decide it in rational arithmetic too: piecewise-linear networks, up to about 32 wide and 6 deep",
    parse: () => true as const,
  }),
  output: flag({ name: "output", value: "FILE", default: null, help: "where the reduced witness goes", parse: text }),
  stress: flag({
    name: "stress",
    value: "MINUTES",
    default: null,
    bare: "1",
    help: "a conformance run of the adapter: every kernel and random networks against f64 bounds, alone and side by side (1 minute where none are given; the systematic cases run in any case)",
    parse: real((x) => x > 0, "a number of minutes > 0"),
  }),
  case: flag({
    name: "case",
    value: "kernel:N|network:N",
    default: null,
    help: "this one case of --stress and --seed again, alone",
    parse: parseCase,
  }),
  junit: flag({ name: "junit", value: "FILE.xml", default: null, help: "write a JUnit report", parse: text }),
  repro: flag({
    name: "repro",
    value: "FILE.html",
    default: null,
    help: "write a page that runs the one kernel call that went wrong on its reader's own WebGPU",
    parse: text,
  }),
  attempts: flag({
    name: "attempts",
    value: "N",
    default: "2000",
    help: "runs of the engine at most",
    parse: integer(1),
  }),
  ...TRAINING_FLAGS,
} as const;

export type FlagKey = keyof typeof FLAGS;

type Parsed<F> = F extends Flag<infer T, infer D> ? (D extends string ? T : T | null) : never;

/** The values of all flags: parsed, or the default's, or null. */
export type Values = { readonly [K in FlagKey]: Parsed<(typeof FLAGS)[K]> };
