/** `--inputs`, `--labels` and the held-out part → the sets of a training run. Without `--inputs`: the 1,000 digits that come with the program. */
import { FormatError, ModelError, UsageError } from "../network/errors.ts";
import { signOf } from "../network/heads.ts";
import { printable } from "../network/printable.ts";
import type { Dataset } from "../training/data.ts";
import { split, withOneHotTargets, withShuffledLabels } from "../training/data.ts";
import type { LossName } from "../training/settings.ts";
import type { Arguments } from "./arguments.ts";
import type { OpenData } from "./data-files.ts";
import { openData } from "./data-files.ts";
import { digitFiles } from "./digits.ts";
import type { Reading } from "./files.ts";
import { baseName } from "./inputs.ts";

export interface TrainingData {
  readonly train: Dataset;
  readonly held: Dataset | null;
  /** "digits.idx3-ubyte.gz, x/255" */
  readonly describe: string;
  /** What inputs were divided by. */
  readonly std: number;
  readonly inputsSha256: string;
  readonly labelsSha256: string;
}

/** @throws UsageError for options that do not go together. */
export function checkDataOptions({ values, given }: Arguments): void {
  if ((values.inputs === null) !== (values.labels === null)) {
    const [found, missing] = values.inputs === null ? ["labels", "inputs"] : ["inputs", "labels"];
    throw new UsageError(`Found --${found} without --${missing}: expected both`);
  }
  if (values.labels === "argmax" || values.labels === "random") {
    throw new UsageError(`--labels ${values.labels}: nothing is learnt from it, expected a file`);
  }
  if ((values.heldOutInputs === null) !== (values.heldOutLabels === null)) {
    throw new UsageError("Found one of --held-out-inputs and --held-out-labels: expected both");
  }
  if (values.heldOutInputs !== null && given.has("heldOut")) {
    throw new UsageError("Found --held-out beside --held-out-inputs: expected one of them");
  }
}

/** @throws FormatError, ModelError, UsageError */
export async function openTrainingData(args: Arguments, loss: LossName, own: Reading): Promise<TrainingData> {
  const { values } = args;
  const files = values.inputs === null ? digitFiles() : { inputs: values.inputs, labels: values.labels ?? "" };
  const std = args.given.has("std") ? values.std : "std" in files ? files.std : values.std;
  const scaled = (x: number): number => (x - values.mean) / std;
  const main = await readRaw(args, files.inputs, files.labels, scaled, own, true);
  const other =
    values.heldOutInputs === null
      ? null
      : await readRaw(args, values.heldOutInputs, values.heldOutLabels ?? "", scaled, own, false);
  const sets = toDatasets(other === null ? [main] : [main, other], loss, own);
  const [all, heldFile] = sets as [Dataset, Dataset | undefined];
  if (heldFile !== undefined && heldFile.width !== all.width) {
    throw new ModelError(
      `${other?.inputs.file ?? ""}: found ${String(heldFile.width)} values a sample, expected ${String(all.width)} as in ${main.inputs.file}`,
    );
  }
  const [rest, drawn] = heldFile === undefined ? split(all, values.heldOut, values.seed) : [all, heldFile];
  const train = values.shuffleLabels === 0 ? rest : withShuffledLabels(rest, values.shuffleLabels, values.seed);
  const change =
    values.mean === 0 && std === 1
      ? ""
      : `, ${values.mean === 0 ? "x" : `(x − ${String(values.mean)})`}/${String(std)}`;
  return {
    ...{ train, held: drawn, std },
    describe: `${baseName(files.inputs)}${change}`,
    inputsSha256: main.inputs.sha256,
    labelsSha256: main.labels.sha256,
  };
}

/** A set of one piece: the samples that `gpv probe` looks at. @throws FormatError, ModelError, UsageError */
export async function openProbeData(args: Arguments, loss: LossName, own: Reading): Promise<TrainingData> {
  const { values } = args;
  const scaled = (x: number): number => (x - values.mean) / values.std;
  const raw = await readRaw(args, values.inputs ?? "", values.labels ?? "", scaled, own, true);
  const [train] = toDatasets([raw], loss, own) as [Dataset];
  return {
    ...{ train, held: null, std: values.std, describe: baseName(values.inputs ?? "") },
    inputsSha256: raw.inputs.sha256,
    labelsSha256: raw.labels.sha256,
  };
}

/** Files as they are read: rows of inputs, and a row of labels or targets each. */
interface Raw {
  readonly inputs: OpenData;
  readonly labels: OpenData;
  readonly samples: number;
  readonly values: Float64Array;
  readonly answers: Float64Array;
  /** Numbers a row of answers. */
  readonly columns: number;
}

async function readRaw(
  { values }: Arguments,
  inputsFile: string,
  labelsFile: string,
  scaled: (x: number) => number,
  own: Reading,
  ranged: boolean,
): Promise<Raw> {
  const inputs = await openData(inputsFile, values, own);
  const labels = await openData(labelsFile, { ...values, array: null }, own);
  const isList = labels.rows === 1 || labels.columns === 1;
  const [rows, columns] = isList ? [labels.rows * labels.columns, 1] : [labels.rows, labels.columns];
  if (rows !== inputs.rows) {
    throw new ModelError(
      `${labels.file}: found ${labels.shape.join(" × ")} labels, expected ${String(inputs.rows)}, one for each sample of ${inputs.file}`,
    );
  }
  const range = ranged ? values.rows : null;
  const [first, end] = [range?.start ?? 0, range?.end ?? rows];
  if (first >= rows || end > rows) {
    throw new UsageError(`--rows: found ${String(rows)} rows in ${inputs.file}, expected a part of 0:${String(rows)}`);
  }
  const samples = end - first;
  const found = inputs.read(first, samples);
  const bad = found.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw new FormatError(
      `${inputs.file}: row ${String(first + Math.floor(bad / inputs.columns))} holds ${String(found[bad])}, expected finite numbers to train on`,
    );
  }
  const answers = labels.read(0, labels.rows).slice(first * columns, end * columns);
  return { inputs, labels, samples, values: found.map(scaled), answers, columns };
}

/** Classes where the answers are whole numbers 0 … K − 1, targets otherwise; the same of all sets. */
function toDatasets(raws: readonly Raw[], loss: LossName, own: Reading): Dataset[] {
  const [main] = raws as [Raw, ...Raw[]];
  for (const raw of raws) checkAnswers(raw, main, loss);
  const classes = classCount(raws, loss);
  if (loss === "squared-error") {
    const as = classes === null ? "numbers to be met" : `classes, ${String(classes)} outputs of which one is to be 1`;
    own.note(`${printable(main.labels.file)}: taken as ${as}`);
  }
  return raws.map(({ inputs, samples, values, answers, columns }) => {
    const plain = { samples, width: inputs.columns, inputs: values };
    if (classes === null) return { ...plain, labels: null, targets: answers, outputs: columns };
    if (loss === "logistic") {
      return { ...plain, labels: Int32Array.from(answers, signOf), targets: null, outputs: 1 };
    }
    const labelled = { ...plain, labels: Int32Array.from(answers), targets: null, outputs: classes };
    return loss === "squared-error" ? withOneHotTargets(labelled) : labelled;
  });
}

function checkAnswers({ labels, answers, columns }: Raw, main: Raw, loss: LossName): void {
  if (columns !== main.columns) {
    throw new ModelError(
      `${labels.file}: found ${String(columns)} values a row, expected ${String(main.columns)} as in ${main.labels.file}`,
    );
  }
  const bad = answers.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0)
    throw new FormatError(`${labels.file}: value ${String(bad)} is ${String(answers[bad])}, expected finite numbers`);
  if (loss === "squared-error") return;
  if (columns > 1) {
    throw new ModelError(
      `${labels.file}: found ${String(columns)} values a row, expected one label a sample: the class is the place of a one-hot code's 1; or --loss squared-error`,
    );
  }
  if (loss === "logistic") {
    const other = answers.findIndex((x) => x !== 1 && x !== -1 && x !== 0);
    if (other < 0) return;
    throw new FormatError(
      `${labels.file}: label ${String(other)} is ${String(answers[other])}, expected −1 or 1 (or 0 and 1) for --loss logistic`,
    );
  }
  const wrong = answers.findIndex((x) => !(Number.isInteger(x) && x >= 0));
  if (wrong >= 0) {
    throw new FormatError(
      `${labels.file}: label ${String(wrong)} is ${String(answers[wrong])}, expected a class 0, 1, 2 …, or --loss squared-error`,
    );
  }
}

/** K; null for targets. Of squared error whole numbers are classes where each of 0 … K − 1 occurs. */
function classCount(raws: readonly Raw[], loss: LossName): number | null {
  const most = raws.reduce((so, { answers }) => answers.reduce((a, b) => Math.max(a, b), so), 0);
  if (loss === "cross-entropy") return Math.max(2, most + 1);
  if (loss === "logistic") return 1;
  const [main] = raws as [Raw, ...Raw[]];
  const whole = raws.every(({ answers }) => answers.every((x) => Number.isInteger(x) && x >= 0));
  if (main.columns > 1 || !whole || most < 1 || new Set(main.answers).size < most + 1) return null;
  return most + 1;
}
