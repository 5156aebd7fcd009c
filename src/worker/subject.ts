/** What a page's run is about: files that it handed over, or a network and inputs drawn by address. */
import type { Layout } from "../formats/arrangement.ts";
import type { ModelOptions } from "../formats/model-tensors.ts";
import type { DataOptions } from "../formats/read.ts";
import { openRows, readModel } from "../formats/read.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import { drawnActivation } from "../network/activation-names.ts";
import { UsageError } from "../network/errors.ts";
import type { Head } from "../network/heads.ts";
import type { InitialiserName } from "../network/initialisers.ts";
import type { Network } from "../network/network.ts";
import type { Distribution } from "../sampling/inputs.ts";
import { drawnDifference } from "../verification/audit/drawn-inputs.ts";
import { fillInputs } from "../sampling/inputs.ts";
import { randomNetwork } from "../sampling/random-network.ts";
import type { SampleSource } from "../pipeline/verify.ts";
import { inputWidth } from "../network/network.ts";
import { printable } from "../network/printable.ts";
import { formatActivation } from "../network/parametric.ts";
import { limitsOf, ownMemory, parametersOf } from "./limits.ts";

/** What the user says of the files. */
export interface FileSettings {
  /** The hidden layers' activation, or one a layer: as --activation; null: the file's own. */
  readonly activation: string | null;
  /** Tensor prefixes in order, as --layers; null: the file's own order. */
  readonly layers: string | null;
  /** Which way weights stand, as --layout; null: as their names say. */
  readonly layout: Layout | null;
  /** Which entry of a checkpoint, as --key; null: the only one. */
  readonly key: string | null;
  /** Files that an ONNX model may name, in which its tensors' numbers stand. */
  readonly external: readonly File[];
  /** Whether a table's first row is a header, as --header; null: as its cells say. */
  readonly header: "yes" | "no" | null;
  /** Which array of a file that holds several; null: the only one. */
  readonly array: string | null;
}

export interface FileSubject extends FileSettings {
  readonly kind: "files";
  readonly model: Blob;
  readonly modelName: string;
  readonly inputs: Blob;
  readonly inputsName: string;
  /** Inputs are (x − mean)/std. */
  readonly mean: number;
  readonly std: number;
}

/** Everything in it is a function of these few words: the same link draws the same bits. */
export interface DrawnSubject {
  readonly kind: "drawn";
  /** n_1 … n_{l+1}. */
  readonly widths: readonly number[];
  /** Of the hidden layers, as on the command line: "relu", "leaky-relu(0.2)"; the last is the identity. */
  readonly activation: string;
  readonly initialiser: InitialiserName;
  readonly distribution: Distribution;
  readonly samples: number;
  readonly seed: number;
}

export type Subject = FileSubject | DrawnSubject;

/** The heads that need no label and no file. */
export const PAGE_HEADS = [
  "logit-argmax",
  "each-logit",
  "sum",
  "mean",
  "half-squared-norm",
  "log-sum-exp",
  "margin",
] as const satisfies readonly Head["kind"][];
export type PageHead = (typeof PAGE_HEADS)[number];

export interface OpenSubject {
  readonly network: Network;
  readonly source: SampleSource;
  /** What the report calls the network and the inputs. */
  readonly modelName: string;
  readonly inputsName: string;
  /** What was taken for granted of the network's file. */
  readonly modelNotes: readonly string[];
  /** Hexadecimal; null where there is no file, or where the browser computes none: it does in a secure context only. */
  readonly modelSha256: string | null;
  readonly inputsSha256: string | null;
}

/** A page is not the place for more: each layer's matrix is held and proven on the host. */
const MOST = { layers: 64, width: 4096 } as const;

/** @throws FormatError, ModelError, UsageError. */
export async function openSubject(subject: Subject): Promise<OpenSubject> {
  return subject.kind === "files" ? openFiles(subject) : drawSubject(subject);
}

/** A model keeps numbers in a file that is not there. */
export class FileWantedError extends UsageError {}

/** Files have no folders here: one is known by its name alone. @param named hears each file's name that the model asks for. */
export function modelOptions(
  { activation, layers, layout, key, external }: FileSettings,
  named: (file: string) => void = () => undefined,
): ModelOptions {
  return {
    activation: activation ?? undefined,
    layout: layout ?? undefined,
    key: key ?? undefined,
    external: async (location) => {
      const name = location.replace(/^.*[/\\]/, "");
      named(name);
      const found = external.find((file) => file.name === name);
      if (found === undefined)
        throw new FileWantedError(`found numbers of it in ${printable(name)}, expected that file too`);
      return bytesOf(found);
    },
    layers: layers?.split(",").map((prefix) => prefix.trim()),
  };
}

export function dataOptions({ array, header }: FileSettings): DataOptions {
  return { array: array ?? undefined, header: header ?? undefined };
}

async function openFiles(subject: FileSubject): Promise<OpenSubject> {
  const { modelName, inputsName, mean, std } = subject;
  if (!Number.isFinite(mean)) throw new UsageError("subtracted from the data: expected a finite number");
  if (!(std > 0 && Number.isFinite(std))) {
    throw new UsageError(`data divided by ${String(std)}: expected a finite number > 0`);
  }
  const [model, inputs] = [await bytesOf(subject.model), await bytesOf(subject.inputs)];
  const notes: string[] = [];
  const note = (line: string): void => void notes.push(line.replace(`${modelName}: `, ""));
  const network = await readModel(model, modelName, { ...modelOptions(subject), note });
  const { rows, columns: width, read: readRows } = await openRows(inputs, inputsName, dataOptions(subject));
  const read: SampleSource["read"] = (first, count) => ({
    inputs: readRows(first, count).map((v) => (v - mean) / std),
    labels: null,
  });
  const source = { samples: rows, width, read };
  return {
    ...{ network, source, modelName, inputsName, modelNotes: notes },
    modelSha256: await sha256(model),
    inputsSha256: await sha256(inputs),
  };
}

function drawSubject({ widths, activation, initialiser, distribution, samples, seed }: DrawnSubject): OpenSubject {
  const whole = (n: number, most: number): boolean => Number.isInteger(n) && n >= 1 && n <= most;
  if (widths.length < 2 || widths.length > MOST.layers + 1 || !widths.every((n) => whole(n, MOST.width))) {
    throw new UsageError(
      `widths ${widths.join("-")}: expected 2 to ${String(MOST.layers + 1)} whole numbers from 1 to ${String(MOST.width)}, as in 64-64-10`,
    );
  }
  const limits = limitsOf(ownMemory());
  const parameters = parametersOf(widths);
  if (parameters > limits.parameters) {
    throw new UsageError(
      `widths ${widths.join("-")}: found ${String(parameters)} parameters, expected at most ${String(limits.parameters)} on this machine; the command line takes more`,
    );
  }
  // Gram–Schmidt takes the cube of a layer's smaller side: minutes in which nothing else is heard.
  const widest = Math.max(...widths.slice(1).map((n, i) => Math.min(n, widths[i] ?? n)));
  if (initialiser === "orthogonal" && widest > limits.orthogonal) {
    throw new UsageError(
      `widths ${widths.join("-")}: found an orthogonal matrix of ${String(widest)} rows, expected at most ${String(limits.orthogonal)}, or another initialiser`,
    );
  }
  const mostSamples = limits.samples(widths.length - 1);
  if (!whole(samples, mostSamples)) {
    throw new UsageError(`samples ${String(samples)}: expected a whole number from 1 to ${String(mostSamples)}`);
  }
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    throw new UsageError(`seed ${String(seed)}: expected a whole number ≥ 0`);
  }
  const depth = widths.length - 1;
  const own = drawnActivation(activation);
  const activations = Array.from({ length: depth }, (_, i) => (i === depth - 1 ? "identity" : own));
  const network = randomNetwork({ seed, index: 0, widths, activations, initialiser });
  const width = inputWidth(network);
  const address = { inputs: { distribution, scale: 1, seed }, first: 0, mean: 0, std: 1, classes: null };
  const read: SampleSource["read"] = (first, count) => ({
    inputs: fillInputs({ distribution, scale: 1, seed }, first, count, width),
    labels: null,
  });
  return {
    network,
    source: {
      ...{ samples, width, read },
      drawnAgain: (index, row, label) => drawnDifference(address, index, row, label),
    },
    modelName: `${widths.join("-")} ${activation}, ${initialiser}, seed ${String(seed)}`,
    inputsName: `${distribution}, seed ${String(seed)}`,
    modelNotes: [],
    modelSha256: null,
    inputsSha256: null,
  };
}

/** A drawn network as a file for the command line, every bit of it. */
export function networkFile(subject: DrawnSubject): Uint8Array {
  const { layers } = drawSubject(subject).network;
  const tensors = new Map<string, { shape: number[]; values: Float64Array }>();
  for (const [i, { weight, bias, biased, inputs, outputs }] of layers.entries()) {
    tensors.set(`${String(i)}.weight`, { shape: [outputs, inputs], values: weight });
    if (biased !== false) tensors.set(`${String(i)}.bias`, { shape: [outputs], values: bias });
  }
  return writeSafetensors(tensors, "F64", {
    activations: layers.map((layer) => formatActivation(layer.activation)).join(","),
  });
}

async function bytesOf(file: Blob): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}

async function sha256(bytes: Uint8Array): Promise<string | null> {
  const subtle = (crypto as { readonly subtle?: SubtleCrypto }).subtle;
  if (subtle === undefined) return null;
  const digest = await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
