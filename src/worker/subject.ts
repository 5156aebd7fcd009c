/** What a page's run is about: files that it handed over, or a network and inputs drawn by address. */
import { readMatrix, readModel } from "../formats/read.ts";
import type { ActivationName } from "../network/activations.ts";
import { UsageError } from "../network/errors.ts";
import type { Head } from "../network/heads.ts";
import type { InitialiserName } from "../network/initialisers.ts";
import type { Network } from "../network/network.ts";
import type { Distribution } from "../sampling/inputs.ts";
import { fillInputs } from "../sampling/inputs.ts";
import { randomNetwork } from "../sampling/random-network.ts";
import type { SampleSource } from "../escalation/verify.ts";
import { inputWidth } from "../network/network.ts";

export interface FileSubject {
  readonly kind: "files";
  readonly model: ArrayBuffer;
  readonly modelName: string;
  /** The hidden layers' activation, or one a layer: as --activation; null: the file's own. */
  readonly activation: string | null;
  readonly inputs: ArrayBuffer;
  readonly inputsName: string;
  /** Inputs are divided by this. */
  readonly std: number;
}

/** Everything in it is a function of these few words: the same link draws the same bits. */
export interface DrawnSubject {
  readonly kind: "drawn";
  /** n_1 … n_{l+1}. */
  readonly widths: readonly number[];
  /** Of the hidden layers; the last is the identity. */
  readonly activation: ActivationName;
  readonly initialiser: InitialiserName;
  readonly distribution: Distribution;
  readonly samples: number;
  readonly seed: number;
}

export type Subject = FileSubject | DrawnSubject;

/** The heads that need no label and no file. */
export const PAGE_HEADS = [
  "logit-argmax",
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
}

/** A page is not the place for more: each layer's matrix is held and proven on the host. */
const MOST = { layers: 64, width: 4096, samples: 1_000_000 } as const;

/** @throws FormatError, ModelError, UsageError. */
export async function openSubject(subject: Subject): Promise<OpenSubject> {
  return subject.kind === "files" ? openFiles(subject) : drawSubject(subject);
}

async function openFiles(subject: FileSubject): Promise<OpenSubject> {
  const { modelName, inputsName, std } = subject;
  const options = subject.activation === null ? {} : { activation: subject.activation };
  const network = await readModel(new Uint8Array(subject.model), modelName, options);
  const { rows, columns: width, values } = await readMatrix(new Uint8Array(subject.inputs), inputsName);
  const read: SampleSource["read"] = (first, count) => ({
    inputs: Float64Array.from(values.subarray(first * width, (first + count) * width), (v) => v / std),
    labels: null,
  });
  return { network, source: { samples: rows, width, read }, modelName, inputsName };
}

function drawSubject({ widths, activation, initialiser, distribution, samples, seed }: DrawnSubject): OpenSubject {
  const whole = (n: number, most: number): boolean => Number.isInteger(n) && n >= 1 && n <= most;
  if (widths.length < 2 || widths.length > MOST.layers + 1 || !widths.every((n) => whole(n, MOST.width))) {
    throw new UsageError(
      `widths ${widths.join("-")}: expected 2 to ${String(MOST.layers + 1)} whole numbers from 1 to ${String(MOST.width)}, as in 64-64-10`,
    );
  }
  if (!whole(samples, MOST.samples)) {
    throw new UsageError(`samples ${String(samples)}: expected a whole number from 1 to ${String(MOST.samples)}`);
  }
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    throw new UsageError(`seed ${String(seed)}: expected a whole number ≥ 0`);
  }
  const depth = widths.length - 1;
  const activations = Array.from({ length: depth }, (_, i) => (i === depth - 1 ? "identity" : activation));
  const network = randomNetwork({ seed, index: 0, widths, activations, initialiser });
  const width = inputWidth(network);
  const read: SampleSource["read"] = (first, count) => ({
    inputs: fillInputs({ distribution, scale: 1, seed }, first, count, width),
    labels: null,
  });
  return {
    network,
    source: { samples, width, read },
    modelName: `${widths.join("-")} ${activation}, ${initialiser}, seed ${String(seed)}`,
    inputsName: `${distribution}, seed ${String(seed)}`,
  };
}
