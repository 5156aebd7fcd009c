/**
 * `gpv verify`: options → outputs → engines → plan → run and verdicts → exports → exit code.
 */
import { dirname, join } from "node:path";
import { verify } from "../pipeline/verify.ts";
import type { VerifyRequest } from "../pipeline/verify.ts";
import { FAULTS } from "../engine/faults.ts";
import { leastBytes } from "../engine/footprint.ts";
import { createProfile } from "../engine/gpu/profile.ts";
import { mebibytes } from "../formats/budget.ts";
import { readModel } from "../formats/read.ts";
import type { OutputError } from "../network/errors.ts";
import { ModelError, UsageError } from "../network/errors.ts";
import { labelUse } from "../network/heads.ts";
import type { Head } from "../network/heads.ts";
import type { Network } from "../network/network.ts";
import { checkNetwork, outputWidth } from "../network/network.ts";
import { consoleReport } from "../report/console.ts";
import { profileLines } from "./profile.ts";
import { htmlReport } from "../report/html-run.ts";
import { reportJson } from "../report/json.ts";
import type { Json } from "../records/kit.ts";
import type { Report } from "../records/report.ts";
import type { WitnessSettings } from "../witness/witness.ts";
import type { Arguments } from "./arguments.ts";
import type { Engines } from "./engines.ts";
import { explainLines } from "./explain.ts";
import { openEngines, recoveryOf, restartFirst } from "./engines.ts";
import { EXIT, exitCode } from "./exit.ts";
import { openData, splitName } from "./data-files.ts";
import type { Reading } from "./files.ts";
import { readBytes, reading, sha256 } from "./files.ts";
import { makeHead } from "./heads.ts";
import { baseName, checkInputOptions, openInputs, openLabels, sampleSource } from "./inputs.ts";
import type { Inputs } from "./inputs.ts";
import type { Io } from "./io.ts";
import { inputsOrigin, steadyFiles, weightsOrigin } from "./origin.ts";
import type { Output } from "./outputs.ts";
import { closeAll, makeFolder, openOutput } from "./outputs.ts";
import { progressLine } from "./progress.ts";
import type { RowsOutput } from "./rows-output.ts";
import { openRowsOutput } from "./rows-output.ts";
import { checkDistinct, witnessFiles } from "./same-file.ts";
import { TOOL } from "./version.ts";
import { formatAddress, networkSeed } from "../sweep/case.ts";
import { caseRun, checkCaseOptions } from "./case.ts";
import type { WitnessFolder } from "./witnesses.ts";
import { checkWitnessOptions, openWitnessFolder, witnessNote } from "./witnesses.ts";

export async function verifyCommand(args: Arguments, io: Io): Promise<number> {
  checkOptions(args);
  await restartFirst(args.values);
  const outputs = openOutputs(args);
  let finished = false;
  try {
    // The engine comes first: it may start the process again, which should not read large files twice.
    const profile = args.values.profile === true ? createProfile() : undefined;
    const engines = await openEngines(args.values, { ...recoveryOf(args.values, io), profile });
    try {
      const steady = steadyFiles(filesOf(args));
      const plan =
        args.values.address === null ? await makeRun(args, io) : await caseRun(args, args.values.address, io);
      announce(args, engines, io);
      const witnesses = witnessFolder(args, engines);
      const { report, failure } = await run(plan, engines, outputs, witnesses, io, args.values.explain === true);
      steady();
      finished = true;
      const lost = (await exportReport(report, args, outputs, io)) ?? witnesses?.lost() ?? null;
      if (profile !== undefined) for (const line of profileLines(profile)) io.note(line);
      if (witnesses !== null) io.note(witnessNote(witnesses.files, args.values.witnessVerdicts));
      if (failure !== null) {
        io.note(`gpv: ${failure.message} (the report covers the ${String(report.samples)} samples finished before)`);
      }
      if (lost !== null) throw lost;
      return failure === null ? exitCode(report, args.values.failOn ?? []) : EXIT.device;
    } finally {
      engines.dispose();
    }
  } finally {
    if (!finished) for (const output of [outputs.report, outputs.samples, outputs.html]) output?.abandon();
  }
}

/** Everything that can be refused before a file is touched. */
export function checkOptions(args: Arguments): void {
  const { values } = args;
  checkWitnessOptions(args);
  if (values.address !== null) {
    checkCaseOptions(args);
    return;
  }
  if (values.model === null) throw new UsageError("Found no --model: expected --model FILE");
  for (const key of ["preset", "grid"] as const) {
    if (values[key] !== null)
      throw new UsageError(`Found --${key} without --address: expected --address SEED:STREAM:INDEX too`);
  }
  checkInputOptions(args);
  const labelFile = values.labels === "argmax" || values.labels === "random" ? null : values.labels;
  checkDistinct([
    { option: "model", file: values.model, output: false },
    { option: "inputs", file: fileOf(values.inputs), output: false },
    { option: "labels", file: fileOf(labelFile), output: false },
    { option: "head", file: values.head.kind === "ready" ? null : fileOf(values.head.file), output: false },
    { option: "report", file: values.report, output: true },
    { option: "samples", file: values.samples, output: true },
    { option: "html", file: values.html, output: true },
    witnessFiles(values.witnesses),
  ]);
  if (values.head.kind === "ready" && labelUse(values.head.head) === "required" && values.labels === null) {
    throw new UsageError(`--head ${values.head.text}: found no --labels, expected --labels argmax|random|FILE`);
  }
}

/** What is read of a run, if it is a file. */
function filesOf({ values: { model, inputs, labels, head } }: Arguments): (string | null)[] {
  return [model, fileOf(inputs), fileOf(labels), head.kind === "ready" ? null : fileOf(head.file)];
}

/** FILE of FILE#NAME. */
function fileOf(name: string | null): string | null {
  return name === null ? null : splitName(name).file;
}

export interface Outputs {
  readonly report: Output | null;
  readonly samples: RowsOutput | null;
  readonly html: Output | null;
}

export function openOutputs({ values }: Arguments): Outputs {
  const opened: { abandon: () => void }[] = [];
  const open = <T extends { abandon: () => void }>(
    make: (option: string, file: string) => T,
    option: "report" | "samples" | "html",
  ): T | null => {
    const file = values[option];
    if (file === null) return null;
    const output = make(option, file);
    opened.push(output);
    return output;
  };
  try {
    if (values.witnesses !== null) makeFolder("witnesses", values.witnesses);
    return {
      report: open(openOutput, "report"),
      samples: open(openRowsOutput, "samples"),
      html: open(openOutput, "html"),
    };
  } catch (error) {
    for (const output of opened) output.abandon();
    throw error;
  }
}

export type Run = Omit<VerifyRequest, "engine" | "host">;

/** Files and options → what the pipeline is asked to do. */
export async function makeRun(args: Arguments, io: Io): Promise<Run> {
  const { values } = args;
  const file = values.model ?? "";
  const own = reading(io, values.maxMemory);
  const bytes = await readBytes(file, own);
  const beside: Uint8Array[] = [];
  const { network, notes } = await openModel(bytes, file, args, own, beside);
  const inputs = await openInputs(args, network, own);
  const head = await openHead(args, network, inputs, own);
  let labeller = null;
  if (labelUse(head) === "none") {
    if (values.labels !== null) io.note(`gpv: note: --labels is ignored: head ${values.head.text} needs none`);
  } else {
    labeller = await openLabels(args, network, inputs, head, own);
  }
  return {
    network,
    head,
    source: sampleSource(inputs, labeller),
    norm: values.norm,
    accuracy: values.accuracy,
    normMethod: values.normMethod,
    audit: values.audit,
    certify: values.certify,
    plant: values.plant,
    seed: values.seed,
    signal: io.signal,
    clock: io.now,
    description: {
      tool: TOOL,
      modelSource: baseName(file),
      modelNotes: notes,
      headName: headName(args),
      settings: settings(args, inputs.describe),
      origin: `${inputsOrigin(inputs)}; ${weightsOrigin(file, network)}`,
      modelSha256: await sha256([bytes, ...beside], own.pause),
      inputsSha256: inputs.sha256,
      startedAt: io.date(),
      plant: values.plant,
    },
  };
}

/** The network, and what was taken for granted of its file: said on stderr, and kept for the report. `beside` receives its data files. */
export async function openModel(
  bytes: Uint8Array,
  file: string,
  args: Arguments,
  own: Reading,
  beside: Uint8Array[],
): Promise<{ network: Network; notes: readonly string[] }> {
  const { activation, layers, layout, key } = args.values;
  const notes: string[] = [];
  const network = await readModel(bytes, file, {
    ...own,
    note: (line) => {
      notes.push(line.replace(`${file}: `, ""));
      own.note(line);
    },
    activation: activation?.join(","),
    layers: layers ?? undefined,
    layout: layout ?? undefined,
    key: key ?? undefined,
    external: async (location) => {
      const data = await readBytes(join(dirname(file), location), own);
      beside.push(data);
      return data;
    },
  });
  checkNetwork(network, file);
  checkDepth(network, own.budget.limit, file);
  return { network, notes };
}

/** @throws ModelError for more layers than there is memory to verify. */
function checkDepth(network: Network, limit: number, file: string): void {
  const bytes = leastBytes(network);
  if (bytes <= limit) return;
  throw new ModelError(
    `${file}: found ${String(network.layers.length)} layers, which take ${mebibytes(bytes)} to verify, expected at most ${mebibytes(limit)}; raise it with --max-memory`,
  );
}

/** The head, its file read; of targets for each row of the inputs, those of `--rows`. */
async function openHead(args: Arguments, network: Network, inputs: Inputs, own: Reading): Promise<Head> {
  const spec = args.values.head;
  const outputs = outputWidth(network);
  if (spec.kind === "ready") return makeHead(spec, outputs, inputs.samples, null);
  const { rows, columns, read } = await openData(spec.file, { ...args.values, array: null }, own);
  const isPart = inputs.file !== null && rows === inputs.file.rows;
  const [first, count] = isPart ? [inputs.file.start, inputs.samples] : [0, rows];
  return makeHead(spec, outputs, inputs.samples, { rows: count, columns, values: read(first, count) });
}

/** The head as the report names it: without the path of its file. */
function headName({ values: { head } }: Arguments): string {
  return head.kind === "ready" ? head.text : `${head.kind}:${baseName(head.file)}`;
}

/** Options that decide the numbers of the report, beside those that name files. */
const DECIDING = ["norm", "accuracy", "normMethod", "certify", "audit", "engine", "adapter"] as const;
/** How the files are to be understood. */
const UNDERSTANDING = ["activation", "layers", "layout", "key", "header", "mean", "std"] as const;

/** What decides the numbers of the report; paths and the like stand in `timing`. */
function settings(args: Arguments, inputs: string): { [key: string]: Json } {
  const { values } = args;
  const { labels, random, distribution, scale } = values;
  return {
    inputs,
    head: headName(args),
    ...Object.fromEntries([...DECIDING, ...UNDERSTANDING].map((key) => [key, values[key]])),
    labels: labels === null ? null : baseName(labels),
    ...(random === null ? {} : { random, distribution, scale }),
  };
}

/** Engine, its reason, and the planted fault, on stderr. */
export function announce({ values }: Arguments, engines: Engines, io: Io): void {
  io.note(`gpv: ${engines.why}`);
  if (values.plant !== null) {
    const { changes, allowed } = FAULTS[values.plant];
    const word = allowed === true ? "; WGSL allows that, so that nothing is to be found" : "";
    io.note(`gpv: WARNING: planted fault "${values.plant}" is switched on: ${changes}${word}`);
  }
}

function witnessFolder({ values }: Arguments, engines: Engines): WitnessFolder | null {
  if (values.witnesses === null) return null;
  const { norm, accuracy, normMethod, certify, seed, plant } = values;
  const own = values.address === null ? null : networkSeed(values.address.seed, values.address.network);
  const settings: WitnessSettings = { norm, accuracy, normMethod, certify, seed: own ?? seed, plant };
  const address = values.address === null ? null : formatAddress(values.address);
  return openWitnessFolder(
    values.witnesses,
    () => ({ ...{ tool: TOOL, settings, address }, engine: engines.engine.description }),
    { verdicts: values.witnessVerdicts },
  );
}

async function run(
  plan: Run,
  engines: Engines,
  outputs: Outputs,
  witnesses: WitnessFolder | null,
  io: Io,
  explains: boolean,
): ReturnType<typeof verify> {
  const startedMs = io.now();
  let shownMs = Number.NEGATIVE_INFINITY;
  const outcome = await verify({
    ...plan,
    engine: engines.engine,
    host: engines.host,
    catch: witnesses === null ? null : witnesses.catch,
    onRows: outputs.samples === null ? null : outputs.samples.writeBlock,
    onDecided: (decided) => {
      if (!explains) return;
      io.status?.("");
      for (const line of explainLines(decided, engines.why, engines.threads)) io.note(line);
    },
    onPlan: ({ done, total }) => io.status?.(`proving ‖W‖: ${String(done)} of ${String(total)} layers`),
    onProgress: ({ done, total }) => {
      const nowMs = io.now();
      if (nowMs - shownMs < REFRESH_MS && done < total) return;
      shownMs = nowMs;
      io.status?.(progressLine(done, total, nowMs - startedMs));
    },
  });
  io.status?.("");
  if (outcome.handedOver !== null) {
    io.note(`gpv: ${outcome.handedOver}, which f32 cannot hold: engine cpu measured all samples in f64`);
  }
  const { report } = outcome;
  for (const warning of wideNorms(report)) io.note(`gpv: WARNING: ${warning}`);
  const details = { ...report.timing.details, threads: engines.threads };
  return { ...outcome, report: { ...report, timing: { ...report.timing, details } } };
}

/** One line a layer whose ‖W‖ is known less well than is asked for; none of an interrupted run that had not come so far. */
function wideNorms({ model, samples }: Report): string[] {
  if (samples === 0) return [];
  return model.layers.flatMap(({ layer, weightNorm: { reason } }) =>
    reason === undefined ? [] : [`layer ${String(layer)}: ‖W‖ is ${reason}`],
  );
}

const REFRESH_MS = 100;

/** Writes the files, then prints, whatever became of the files. Resolves to the first that could not be written. */
async function exportReport(
  report: Report,
  { values }: Arguments,
  outputs: Outputs,
  io: Io,
): Promise<OutputError | null> {
  const json = reportJson(report);
  outputs.report?.write(json);
  outputs.html?.write(htmlReport(report));
  const lost = closeAll([outputs.report, outputs.samples, outputs.html]);
  await io.out(values.json === true ? json : consoleReport(report));
  return lost;
}
