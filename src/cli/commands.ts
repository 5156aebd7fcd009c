/** The commands: which exist, what they take, and which join with a later version. */
import { UsageError } from "../network/errors.ts";
import type { Arguments } from "./arguments.ts";
import type { FlagKey } from "./flags.ts";
import type { CommandSummary } from "./help.ts";
import type { Io } from "./io.ts";
import { nearest } from "./nearest.ts";

export interface Command extends CommandSummary {
  readonly flags: readonly FlagKey[];
  /** Resolves to the exit code. Loaded when it is asked for, so that `--help` starts at once. */
  readonly run: (args: Arguments, io: Io) => Promise<number>;
}

/** Options of tighten alone. */
const SEARCH_FLAGS: readonly FlagKey[] = ["within", "box", "weights", "weightsWithin", "starts", "steps"];

const TIGHTEN_FLAGS: readonly FlagKey[] = [
  ...([
    "model",
    "activation",
    "layers",
    "layout",
    "key",
    ...SEARCH_FLAGS,
    "inputs",
    "array",
    "header",
    "rows",
  ] as const),
  ...(["mean", "std", "random", "distribution", "scale", "seed", "labels", "head", "norm", "engine"] as const),
  ...(["precision", "adapter", "accuracy", "normMethod", "certify", "audit", "failOn"] as const),
  ...(["report", "samples"] as const),
  ...(["witnesses", "json", "maxMemory", "watchdog"] as const),
];

/** What verify takes of its inputs, and one case of a sweep in their place. */
const VERIFY_FLAGS: readonly FlagKey[] = [
  ...(["model", "activation", "layers", "layout", "key", "inputs", "array", "header", "rows", "mean", "std"] as const),
  ...([
    "random",
    "distribution",
    "scale",
    "address",
    "preset",
    "grid",
    "seed",
    "labels",
    "head",
    "norm",
    "engine",
    "precision",
    "adapter",
  ] as const),
  ...([
    "accuracy",
    "normMethod",
    "certify",
    "audit",
    "failOn",
    "plant",
    "report",
    "samples",
    "html",
    "witnesses",
  ] as const),
  ...(["witnessVerdicts", "json", "maxMemory", "watchdog", "explain", "profile"] as const),
];

const SWEEP_FLAGS: readonly FlagKey[] = [
  ...(["preset", "grid", "inputsPerNetwork", "seed", "ledger", "resume", "shard", "head", "norm", "engine"] as const),
  ...([
    "adapter",
    "accuracy",
    "normMethod",
    "certify",
    "audit",
    "failOn",
    "plant",
    "watchdog",
    "report",
    "samples",
    "html",
    "junit",
    "witnesses",
    "witnessVerdicts",
    "json",
    "maxMemory",
  ] as const),
];

/** What a probe is given and leaves behind. */
const PROBE_FLAGS: readonly FlagKey[] = [
  ...([
    "probeSamples",
    "inputs",
    "array",
    "header",
    "rows",
    "mean",
    "std",
    "labels",
    "loss",
    "batch",
    "logits",
    "seed",
  ] as const),
  ...(["engine", "adapter", "accuracy", "audit", "failOn", "series", "probeRows", "report", "html", "json"] as const),
  ...(["maxMemory", "watchdog"] as const),
];

const TRAIN_FLAGS: readonly FlagKey[] = [
  ...(["hidden", "activation", "initialiser", "initialScale", "optimiser", "learningRate", "momentum"] as const),
  ...(["weightDecay", "schedule", "warmUp", "trainingSteps", "seeds", "penalty", "trainingPrecision"] as const),
  ...(["heldOut", "heldOutInputs", "heldOutLabels", "shuffleLabels", "checkpoints", "resumeTraining"] as const),
  ...(["probeEvery", "trainedModel"] as const),
  ...PROBE_FLAGS,
];

export const COMMANDS: readonly Command[] = [
  {
    name: "demo",
    summary: "1,000 real digits, 100 random networks, one planted fault",
    flags: ["engine", "adapter", "seed"],
    run: async (args, io) => (await import("./demo.ts")).demo(args, io),
  },
  {
    name: "verify",
    summary: "one model, many inputs: verdicts and measurements",
    flags: VERIFY_FLAGS,
    run: async (args, io) => (await import("./verify.ts")).verifyCommand(args, io),
  },
  {
    name: "sweep",
    summary: "random networks × inputs over a grid of architectures, resumable",
    flags: SWEEP_FLAGS,
    run: async (args, io) => (await import("./sweep.ts")).sweepCommand(args, io),
  },
  {
    name: "merge",
    summary: "join the ledgers of a sweep's shards into one report",
    operand: "LEDGER…",
    flags: ["report", "html", "junit", "json", "failOn", "salvage"],
    run: async (args, io) => (await import("./merge.ts")).mergeCommand(args, io),
  },
  {
    name: "tighten",
    summary: "search for the inputs (and weights) of the largest ratio",
    flags: TIGHTEN_FLAGS,
    run: async (args, io) => (await import("./tighten.ts")).tightenCommand(args, io),
  },
  {
    name: "replay",
    summary: "re-examine a witness file: confirm or refute its verdict",
    operand: "WITNESS.json",
    flags: ["exact", "maxMemory"],
    run: async (args, io) => (await import("./replay.ts")).replayCommand(args, io),
  },
  {
    name: "shrink",
    summary: "reduce a witness while its verdict persists",
    operand: "WITNESS.json",
    flags: ["output", "repro", "engine", "adapter", "plant", "attempts", "maxMemory"],
    run: async (args, io) => (await import("./shrink.ts")).shrinkCommand(args, io),
  },
  {
    name: "train",
    summary: "train an MLP and follow both penalties step by step",
    flags: TRAIN_FLAGS,
    run: async (args, io) => (await import("./train.ts")).trainCommand(args, io),
  },
  {
    name: "probe",
    summary: "the same of checkpoints written elsewhere; two series side by side",
    operand: "[B]",
    flags: ["checkpoints", "compare", "activation", "layers", "layout", "key", ...PROBE_FLAGS],
    run: async (args, io) => (await import("./probe.ts")).probeCommand(args, io),
  },
  {
    name: "bench",
    summary: "samples a second on this machine, beside numpy where it is installed",
    operand: "[WORKLOAD]…",
    flags: [
      ...(["workload", "engine", "adapter", "accuracy", "audit", "peers", "rounds", "report", "json"] as const),
      ...(["maxMemory", "watchdog"] as const),
    ],
    run: async (args, io) => (await import("./bench.ts")).benchCommand(args, io),
  },
  {
    name: "doctor",
    summary: "this machine's adapters and engines, self-tests, a conformance run",
    flags: ["adapter", "stress", "seed", "case", "plant", "report", "junit", "repro"],
    run: async (args, io) => (await import("./doctor.ts")).doctor(args, io),
  },
];

/** Commands of the contract that join with a later version. */
const LATER = {
  worker: "take shards of a sweep from a queue",
} as const;

export const SUMMARIES: readonly CommandSummary[] = [
  ...COMMANDS,
  ...Object.entries(LATER).map(([name, summary]) => ({ name, summary, flags: null })),
];

/** @throws UsageError for a command that is not known, or not yet. */
export function findCommand(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const exist = COMMANDS.map((candidate) => candidate.name).join(", ");
  if (name.startsWith("-")) {
    throw new UsageError(
      `Found option "${name}" where a command was expected: gpv verify ${name} …, or one of ${exist}`,
    );
  }
  if (name in LATER) {
    throw new UsageError(`Command "${name}" joins with a later version: expected one of ${exist}`);
  }
  const near = nearest(
    name,
    SUMMARIES.map((summary) => summary.name),
  );
  throw new UsageError(
    `Unknown command "${name}": expected one of ${exist}${near === null ? "" : `; did you mean "${near}"?`}`,
  );
}
