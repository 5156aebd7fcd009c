/**
 * `gpv train`: options → outputs → data → engines → runs → exports → exit code. A run is training/run.ts; here are its files, its clock and
 * what is said of it on stderr.
 */
import type { DeviceError, OutputError } from "../network/errors.ts";
import { DeviceError as DeviceFailure, UsageError } from "../network/errors.ts";
import type { Network } from "../network/network.ts";
import type { Json } from "../records/kit.ts";
import type { SeriesRow } from "../records/training.ts";
import { counted, grouped, significant } from "../report/numbers.ts";
import { writeModel } from "../training/checkpoint.ts";
import { probeSet } from "../training/data.ts";
import type { Dataset } from "../training/data.ts";
import type { ProbeSettings } from "../training/probe.ts";
import { probeSteps } from "../training/probe.ts";
import { trainingReport } from "../training/report.ts";
import type { RunState, TrainingOutcome } from "../training/run.ts";
import { runTraining } from "../training/run.ts";
import type { TrainingSettings } from "../training/settings.ts";
import { initialNetwork } from "../training/trainer.ts";
import type { Arguments } from "./arguments.ts";
import type { Engines } from "./engines.ts";
import { openEngines, recoveryOf, restartFirst } from "./engines.ts";
import { EXIT, exitCode } from "./exit.ts";
import { reading } from "./files.ts";
import type { Io } from "./io.ts";
import { openOutput } from "./outputs.ts";
import { progressLine } from "./progress.ts";
import { checkDistinct } from "./same-file.ts";
import type { TrainingData } from "./training-data.ts";
import { checkDataOptions, openTrainingData } from "./training-data.ts";
import type { TrainingFolder } from "./training-folder.ts";
import { openTrainingFolder } from "./training-folder.ts";
import type { TrainingPlace } from "./training-device.ts";
import { openTrainingPlace } from "./training-device.ts";
import { probeSettings, trainingSettings } from "./training-options.ts";
import type { ProbeRows, TrainingOutputs } from "./training-outputs.ts";
import { openProbeRows, openTrainingOutputs } from "./training-outputs.ts";
import { TOOL } from "./version.ts";

export async function trainCommand(args: Arguments, io: Io): Promise<number> {
  checkOptions(args);
  await restartFirst(args.values);
  const outputs = openTrainingOutputs(args, io);
  try {
    return await withData(args, outputs, io);
  } catch (error) {
    outputs.abandon();
    throw error;
  }
}

function checkOptions(args: Arguments): void {
  const { values } = args;
  checkDataOptions(args);
  if (values.resumeTraining === true && values.checkpoints === null) {
    throw new UsageError("Found --resume without --checkpoints: expected --checkpoints DIR, where the run is kept");
  }
  checkDistinct([
    { option: "inputs", file: values.inputs, output: false },
    { option: "labels", file: values.labels, output: false },
    { option: "held-out-inputs", file: values.heldOutInputs, output: false },
    { option: "held-out-labels", file: values.heldOutLabels, output: false },
    { option: "series", file: values.series, output: true },
    { option: "report", file: values.report, output: true },
    { option: "html", file: values.html, output: true },
    ...seedsOf(args).map((seed) => ({ option: "output", file: modelFile(args, seed), output: true })),
  ]);
}

function seedsOf({ values: { seed, seeds } }: Arguments): number[] {
  return Array.from({ length: seeds }, (_, i) => seed + i);
}

/** Where the trained network goes; null where it is not asked for. */
function modelFile({ values: { trainedModel, seeds } }: Arguments, seed: number): string | null {
  if (trainedModel === null || seeds === 1) return trainedModel;
  const dot = /\.[^./\\]+$/.exec(trainedModel);
  const at = dot === null ? trainedModel.length : dot.index;
  return `${trainedModel.slice(0, at)}-seed-${String(seed)}${trainedModel.slice(at)}`;
}

/** What all runs of a command share. */
interface Shared {
  readonly args: Arguments;
  readonly data: TrainingData;
  readonly probeSet: Dataset;
  readonly probing: ProbeSettings;
  readonly probesAt: readonly number[];
  readonly engines: Engines;
  readonly place: TrainingPlace;
  readonly rows: ProbeRows | null;
  readonly io: Io;
}

async function withData(args: Arguments, outputs: TrainingOutputs, io: Io): Promise<number> {
  const { values } = args;
  const startedAt = io.date();
  const startedMs = io.now();
  const own = reading(io, values.maxMemory);
  const data = await openTrainingData(args, values.loss, own);
  const engines = await openEngines({ ...values, plant: null }, recoveryOf(values, io));
  const closing = [
    (): void => {
      engines.dispose();
    },
  ];
  try {
    io.note(`gpv: probes by ${engines.why}`);
    const place = await openTrainingPlace(values, engines);
    closing.push(place.dispose);
    io.note(`gpv: ${place.why}`);
    const shared: Shared = {
      ...{ args, data, engines, place, io },
      probeSet: probeSet(data.train, values.probeSamples, values.seed),
      probing: probeSettings(args, data.train),
      probesAt: probeSteps(values.trainingSteps, values.probeEvery),
      rows: values.probeRows === null ? null : openProbeRows(values.probeRows),
    };
    const settings = seedsOf(args).map((seed) => trainingSettings(args, data.train, seed, place.precision));
    const folders = settings.map((one) => folderOf(shared, one));
    const outcomes: (TrainingOutcome & { readonly seed: number })[] = [];
    let failure: DeviceError | null = null;
    let trainingMs = 0;
    for (const [i, one] of settings.entries()) {
      try {
        const { outcome, stepsMs } = await trainOne(shared, one, folders[i] ?? null);
        trainingMs += stepsMs;
        outcomes.push({ ...outcome, seed: one.seed });
        if (outcome.interrupted) break;
      } catch (error) {
        if (!(error instanceof DeviceFailure)) throw error;
        failure = error;
        break;
      }
    }
    const interrupted = outcomes.some((outcome) => outcome.interrupted);
    const made = outcomes.reduce((sum, outcome) => sum + outcome.made, 0);
    const report = trainingReport({
      ...{ command: "train", tool: TOOL, engine: engines.engine.description, seed: values.seed },
      settings: { inputs: data.describe, ...describedSettings(args, shared, settings[0] as TrainingSettings) },
      ...{ inputsSha256: data.inputsSha256, labelsSha256: data.labelsSha256 },
      network: initialNetwork(settings[0] as TrainingSettings),
      data: {
        train: data.train.samples,
        heldOut: data.held?.samples ?? 0,
        probe: shared.probeSet.samples,
      },
      runs: outcomes.map(({ seed, state }) => ({ seed, steps: state.training.step, diverged: state.diverged })),
      series: outcomes.flatMap(({ state }) => state.series),
      timing: {
        elapsedMs: io.now() - startedMs,
        stepsPerSecond: made > 0 && trainingMs > 0 ? (1000 * made) / trainingMs : null,
        ...{ startedAt, interrupted, details: { threads: engines.threads, steps: made } },
      },
    });
    const lost = (await outputs.publish(report)) ?? writeModels(args, outcomes);
    if (interrupted && values.checkpoints !== null) io.note("gpv: go on with the same command and --resume");
    if (failure !== null) {
      io.note(`gpv: ${failure.message}${values.checkpoints === null ? "" : " (go on with --resume)"}`);
      return EXIT.device;
    }
    if (lost !== null) throw lost;
    if (outcomes.some(({ state }) => state.diverged !== null) && report.verdicts.violated === 0) return EXIT.undecided;
    return exitCode(report, values.failOn ?? []);
  } finally {
    for (const close of closing.reverse()) close();
  }
}

/** A run from its folder or from its beginning; the time of its steps, probes apart. */
async function trainOne(
  shared: Shared,
  settings: TrainingSettings,
  folder: TrainingFolder | null,
): Promise<{ readonly outcome: TrainingOutcome; readonly stepsMs: number }> {
  const { args, data, engines, io, rows, place } = shared;
  const { values } = args;
  const from = (await folder?.read(settings.widths.length - 1, reading(io, values.maxMemory))) ?? null;
  if (values.resumeTraining === true) {
    const at =
      from === null ? "from its beginning: nothing is kept of it yet" : `after step ${grouped(from.training.step)}`;
    io.note(`gpv: seed ${String(settings.seed)} goes on ${at}`);
  }
  const several = values.seeds > 1 ? `seed ${String(settings.seed)}, ` : "";
  const first = from?.training.step ?? 0;
  const startedMs = io.now();
  let [shownMs, turnedMs, keptMs, stepMs, stepsMs] = [0, startedMs, startedMs, startedMs, 0];
  const outcome = await runTraining({
    ...{ settings, from, train: data.train, held: data.held, probeSet: shared.probeSet, engines, signal: io.signal },
    ...(place.openTrainer === null ? {} : { openTrainer: place.openTrainer }),
    ...{ probing: shared.probing, probesAt: shared.probesAt, onSample: rows === null ? null : rows.add },
    pause: async () => {
      if (io.now() - turnedMs < TURN_MS) return;
      await new Promise((resolve) => setTimeout(resolve, 0));
      turnedMs = io.now();
    },
    onState: async (read, step, probed) => {
      const nowMs = io.now();
      if (probed === null) stepsMs += nowMs - stepMs;
      else {
        rows?.finish(probed.seed, probed.step);
        folder?.keepNetwork((await read()).network, probed.step);
        io.note(probeLine(probed, several));
      }
      if (probed !== null || nowMs - keptMs > KEEP_MS) {
        if (folder !== null) {
          const { state, network } = await read();
          folder.keepState(state, network);
        }
        keptMs = io.now();
      }
      if (nowMs - shownMs > REFRESH_MS) {
        shownMs = nowMs;
        io.status?.(`${several}steps ${progressLine(step - first, settings.steps - first, nowMs - startedMs)}`);
      }
      stepMs = io.now();
    },
  });
  io.status?.("");
  folder?.keepState(outcome.state, outcome.network);
  const { diverged } = outcome.state;
  if (diverged !== null) {
    io.note(
      `gpv: ${several}DIVERGED at step ${grouped(diverged.step)}: ${diverged.what}; the network before that step is kept; try a smaller --learning-rate`,
    );
  }
  return { outcome, stepsMs };
}

/** Between two turns of the event loop, two lines of progress, two states on disk. */
const TURN_MS = 50;
const REFRESH_MS = 100;
const KEEP_MS = 5000;

/** Two lines a probe, of a terminal's width each. */
export function probeLine(row: SeriesRow, several: string): string {
  const { step, trainLoss, trainAccuracy, heldOutAccuracy, verdicts, functions } = row;
  const share = (x: number | null): string => (x === null ? "–" : `${(100 * x).toFixed(1)} %`);
  const loss = functions[0];
  const examined = Object.values(verdicts).reduce((sum, n) => sum + n, 0);
  const heldOut = heldOutAccuracy === null ? "" : `, held out ${share(heldOutAccuracy)}`;
  const penalties = `P_θ ${significant(loss?.parameterPenalty ?? null)}, P_x ${significant(loss?.inputPenalty ?? null)}`;
  return [
    `gpv: ${several}step ${grouped(step)}: loss ${significant(trainLoss)}, right ${share(trainAccuracy)}${heldOut}`,
    `     ${penalties}; ${counted(examined, "verdict")}, ${grouped(verdicts.violated)} violated`,
  ].join("\n");
}

function folderOf(shared: Shared, settings: TrainingSettings): TrainingFolder | null {
  const { values } = shared.args;
  if (values.checkpoints === null) return null;
  const described = { ...describedSettings(shared.args, shared, settings), seed: settings.seed };
  const { inputsSha256, labelsSha256 } = shared.data;
  const pinned = {
    ...described,
    ...{ inputsSha256, labelsSha256, version: TOOL.version, rows: values.rows },
    engine: { ...shared.engines.engine.description },
  };
  const text = Object.fromEntries(Object.entries(pinned).map(([name, value]) => [name, JSON.stringify(value)]));
  return openTrainingFolder(
    values.checkpoints,
    values.seeds === 1 ? null : settings.seed,
    text,
    values.resumeTraining === true,
  );
}

/** What decides the numbers, but for the seed of a run. */
function describedSettings(
  { values }: Arguments,
  { probing, probesAt, data }: Shared,
  settings: TrainingSettings,
): { readonly [key: string]: Json } {
  // JSON by its making: numbers, names and lists of them.
  const own = JSON.parse(JSON.stringify({ ...settings, seed: undefined })) as { readonly [key: string]: Json };
  return {
    ...own,
    ...{ dataSeed: values.seed, heldOut: data.held?.samples ?? 0, shuffleLabels: values.shuffleLabels },
    ...{ mean: values.mean, std: data.std, probeSamples: values.probeSamples, probesAt: [...probesAt] },
    ...{ logits: probing.logits, accuracy: probing.accuracy, audit: probing.audit },
  };
}

function writeModels(
  args: Arguments,
  outcomes: readonly { readonly seed: number; readonly state: RunState; readonly network: Network }[],
): OutputError | null {
  for (const { seed, state, network } of outcomes) {
    const file = modelFile(args, seed);
    if (file === null) continue;
    const output = openOutput("output", file);
    output.write(writeModel(network, state.training.step));
    output.close();
  }
  return null;
}
