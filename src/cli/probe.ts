/**
 * `gpv probe`: the series of a training from checkpoints that any program wrote, or two series side by side. Stages as in train.ts:
 * options → outputs → data → engines → probes → exports → exit code.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DeviceError, ModelError, UsageError } from "../network/errors.ts";
import type { Network } from "../network/network.ts";
import { inputWidth, outputWidth } from "../network/network.ts";
import type { SeriesRow } from "../records/training.ts";
import type { Dataset } from "../training/data.ts";
import { probeSet, withOneHotTargets } from "../training/data.ts";
import { evaluate } from "../training/evaluate.ts";
import { probe } from "../training/probe.ts";
import { trainingReport } from "../training/report.ts";
import type { Arguments } from "./arguments.ts";
import { openEngines, recoveryOf, restartFirst } from "./engines.ts";
import { EXIT, exitCode } from "./exit.ts";
import { readBytes, reading } from "./files.ts";
import type { Io } from "./io.ts";
import { compareSeries } from "./probe-compare.ts";
import { checkDistinct } from "./same-file.ts";
import { probeLine } from "./train.ts";
import { openProbeData } from "./training-data.ts";
import { STATE_FILE } from "./training-folder.ts";
import { probeSettings } from "./training-options.ts";
import type { TrainingOutputs } from "./training-outputs.ts";
import { openProbeRows, openTrainingOutputs } from "./training-outputs.ts";
import { openModel } from "./verify.ts";
import { TOOL } from "./version.ts";

export async function probeCommand(args: Arguments, io: Io): Promise<number> {
  const { values } = args;
  if (values.compare !== null) return compareSeries(args, values.compare, io);
  if (args.operand !== null) throw new UsageError(`Unexpected argument "${args.operand}": expected --compare A B`);
  if (values.checkpoints === null) {
    throw new UsageError("Found neither --checkpoints nor --compare: expected --checkpoints DIR or --compare A B");
  }
  for (const key of ["inputs", "labels"] as const) {
    if (values[key] === null) throw new UsageError(`Found no --${key}: expected --inputs FILE and --labels FILE`);
  }
  if (values.labels === "argmax" || values.labels === "random") {
    throw new UsageError(`--labels ${values.labels}: expected a file, what the networks were trained on`);
  }
  checkDistinct([
    { option: "inputs", file: values.inputs, output: false },
    { option: "labels", file: values.labels, output: false },
    { option: "series", file: values.series, output: true },
    { option: "report", file: values.report, output: true },
    { option: "html", file: values.html, output: true },
  ]);
  const checkpoints = listCheckpoints(values.checkpoints, io);
  await restartFirst(values);
  const outputs = openTrainingOutputs(args, io);
  try {
    return await probeAll(args, checkpoints, outputs, io);
  } catch (error) {
    outputs.abandon();
    throw error;
  }
}

export interface Checkpoint {
  readonly file: string;
  readonly name: string;
  readonly step: number;
}

const MODEL_NAME = /\.(safetensors|pth?|bin|ckpt|onnx|json)(\.gz)?$/i;

/**
 * The models of a folder by the numbers in their names: 2 before 10. Where a name has several numbers, the step is the last one that is
 * not the same in all names.
 * @throws UsageError where there is none.
 */
function listCheckpoints(folder: string, io: Io): Checkpoint[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw new UsageError(`--checkpoints ${folder}: cannot be read, expected a folder of models`, { cause });
  }
  const models = names.filter((name) => MODEL_NAME.test(name) && name !== STATE_FILE && !name.startsWith("."));
  const unnumbered = models.filter((name) => numbersIn(name).length === 0);
  if (unnumbered.length > 0) {
    io.note(
      `gpv: note: --checkpoints ${folder}: left out ${unnumbered.sort().join(", ")}: found no number in the name`,
    );
  }
  const numbered = models.filter((name) => !unnumbered.includes(name));
  if (numbered.length === 0) {
    throw new UsageError(
      `--checkpoints ${folder}: found no model with a number in its name, expected files as step-100.pt or epoch-3.safetensors`,
    );
  }
  return byNumbers(numbered).map(({ name, step }) => ({ file: join(folder, name), name, step }));
}

/** Names with their steps, in the order of the steps. @param names at least one, each with a number. */
export function byNumbers(names: readonly string[]): { readonly name: string; readonly step: number }[] {
  const rows = names.map((name) => ({ name, numbers: numbersIn(name) }));
  const places = Math.min(...rows.map(({ numbers }) => numbers.length));
  const varies = (at: number): boolean => new Set(rows.map(({ numbers }) => numbers.at(at))).size > 1;
  // From the end: what stands last counts.
  const at = Array.from({ length: places }, (_, i) => -1 - i).find(varies) ?? -1;
  return rows
    .map(({ name, numbers }) => ({ name, numbers, step: numbers.at(at) as number }))
    .sort((a, b) => a.step - b.step || compareLists(a.numbers, b.numbers) || (a.name < b.name ? -1 : 1))
    .map(({ name, step }) => ({ name, step }));
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((x, i) => x !== b[i]);
  return at < 0 ? 0 : (a[at] as number) - (b[at] ?? -1);
}

function numbersIn(name: string): number[] {
  return (name.replace(MODEL_NAME, "").match(/\d+/g) ?? []).map(Number);
}

async function probeAll(
  args: Arguments,
  checkpoints: readonly Checkpoint[],
  outputs: TrainingOutputs,
  io: Io,
): Promise<number> {
  const { values } = args;
  const [startedAt, startedMs] = [io.date(), io.now()];
  const own = reading(io, values.maxMemory);
  const data = await openProbeData(args, values.loss, own);
  const engines = await openEngines({ ...values, plant: null }, recoveryOf(values, io));
  try {
    io.note(`gpv: ${engines.why}`);
    const rows = values.probeRows === null ? null : openProbeRows(values.probeRows);
    const series: SeriesRow[] = [];
    const networks: Network[] = [];
    let failure: DeviceError | null = null;
    for (const { file, name, step } of checkpoints) {
      if (io.signal.aborted) break;
      const before = networks.at(-1) ?? null;
      const notes = before === null ? own : { ...own, note: (): void => undefined };
      const { network } = await openModel(await readBytes(file, own), file, args, notes, []);
      checkSameShape(network, before, file);
      networks.splice(0, 1, network);
      const whole = fitted(data.train, network, file);
      const set = probeSet(whole, values.probeSamples, values.seed);
      try {
        const row = await probe({
          ...{ network, data: set, settings: probeSettings(args, set), engines, signal: io.signal },
          place: { seed: 0, step, source: name, epoch: null, learningRate: null, batchLoss: null },
          ...{ train: evaluate(network, values.loss, whole), held: null, onSample: rows === null ? null : rows.add },
        });
        if (row === null) break;
        rows?.finish(0, step);
        series.push(row);
        io.note(probeLine(row, `${name}, `));
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        failure = error;
        break;
      }
    }
    const [network] = networks;
    if (network === undefined) return EXIT.interrupted;
    const interrupted = failure === null && series.length < checkpoints.length;
    const { loss, batch, accuracy, audit, mean, std, logits } = values;
    const report = trainingReport({
      ...{ command: "probe", tool: TOOL, engine: engines.engine.description, seed: values.seed },
      settings: { inputs: data.describe, ...{ loss, batch, accuracy, audit, mean, std, logits } },
      ...{ inputsSha256: data.inputsSha256, labelsSha256: data.labelsSha256, network },
      data: { train: data.train.samples, heldOut: 0, probe: Math.min(values.probeSamples, data.train.samples) },
      runs: [{ seed: 0, steps: series.at(-1)?.step ?? 0, diverged: null }],
      series,
      timing: {
        ...{ elapsedMs: io.now() - startedMs, stepsPerSecond: null, startedAt, interrupted },
        details: { threads: engines.threads, checkpoints: values.checkpoints },
      },
    });
    const lost = await outputs.publish(report);
    if (failure !== null) {
      io.note(`gpv: ${failure.message}`);
      return EXIT.device;
    }
    if (lost !== null) throw lost;
    return exitCode(report, values.failOn ?? []);
  } finally {
    engines.dispose();
  }
}

/** The set with as many classes as the network has outputs. @throws ModelError where they do not fit. */
function fitted(data: Dataset, network: Network, file: string): Dataset {
  const [inputs, outputs] = [inputWidth(network), outputWidth(network)];
  if (data.width !== inputs) {
    throw new ModelError(
      `--inputs: found ${String(data.width)} values a sample, expected ${String(inputs)}, the inputs of layer 1 of ${file}`,
    );
  }
  if (data.labels === null ? data.outputs !== outputs : data.outputs > outputs) {
    throw new ModelError(
      `--labels: found ${String(data.outputs)} ${data.labels === null ? "values a row" : "classes"}, expected ${String(outputs)}, the outputs of ${file}`,
    );
  }
  if (data.labels === null || data.outputs === outputs) return data;
  const wider = { ...data, outputs, targets: null };
  return data.targets === null ? wider : withOneHotTargets(wider);
}

/** @throws ModelError where a checkpoint is of another network than the one before. */
function checkSameShape(network: Network, before: Network | null, file: string): void {
  if (before === null) return;
  const [found, expected] = [network, before].map(({ layers }) =>
    [layers[0]?.inputs ?? 0, ...layers.map(({ outputs }) => outputs)].join("-"),
  );
  if (found !== expected) {
    throw new ModelError(
      `${file}: found a network ${found ?? ""}, expected ${expected ?? ""} as in the checkpoint before`,
    );
  }
}
