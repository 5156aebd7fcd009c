/**
 * The probe: what a network is like at one step of its training, on a fixed set. Verdicts and the quantities of the inequality come of
 * the same pipeline as `gpv verify`, one run a function f, and one of all logits; the rest is of the loss's own passes (evaluate.ts, curvature.ts).
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import type { EnginePair } from "../engine/pair.ts";
import type { LayerPlan } from "../engine/plan.ts";
import type { Head } from "../network/heads.ts";
import type { Network } from "../network/network.ts";
import { verify } from "../pipeline/verify.ts";
import { VERDICT_NAMES } from "../records/kit.ts";
import type { SampleRow } from "../records/sample.ts";
import type { VerdictCounts } from "../records/shared.ts";
import type { ProbedFunction, ProbedLayer, ProbeSampleRow, SeriesRow } from "../records/training.ts";
import { hessianProduct, penaltyAlignment, topEigenvalue } from "./curvature.ts";
import type { Dataset } from "./data.ts";
import { lossHead } from "./data.ts";
import type { Evaluation } from "./evaluate.ts";
import { geometricComplexity, gradientSquares, passes, topGradientNorm } from "./evaluate.ts";
import type { LossName } from "./settings.ts";

export interface ProbeSettings {
  readonly loss: LossName;
  /** Samples of a minibatch. */
  readonly batch: number;
  /** Whether each output is a function of its own, beside the loss and the margin. */
  readonly logits: boolean;
  readonly accuracy: number | "verdict";
  readonly audit: number | null;
  /** Of the pipeline's random directions. */
  readonly seed: number;
}

export interface ProbeRequest {
  readonly network: Network;
  readonly data: Dataset;
  readonly settings: ProbeSettings;
  readonly engines: Pick<EnginePair, "engine" | "host">;
  readonly signal: AbortSignal | null;
  /** What stands in the row of where the network comes from. */
  readonly place: Pick<SeriesRow, "seed" | "step" | "source" | "epoch" | "learningRate" | "batchLoss">;
  /** Of the training set and the held-out one, whatever there is of them. */
  readonly train: Evaluation;
  readonly held: Evaluation | null;
  readonly onSample: ((row: ProbeSampleRow) => void) | null;
}

/** f with a name, for a piece of the probe set. */
interface ProbeFunction {
  readonly name: string;
  readonly head: (piece: Dataset) => Head;
  readonly labelled: boolean;
  /** Which output it is, of those that one run measures together. */
  readonly output?: number;
}

/** The functions of a probe. A margin needs a class to be the margin of. */
export function probeFunctions({ loss, logits }: ProbeSettings, data: Dataset): ProbeFunction[] {
  const outputs = logits ? Array.from({ length: data.outputs }, (_, index) => index) : [];
  return [
    { name: "loss", head: (piece) => lossHead(loss, piece), labelled: data.labels !== null },
    ...(data.labels === null || data.outputs < 2
      ? []
      : [{ name: "margin", head: (): Head => ({ kind: "margin" }), labelled: true }]),
    ...outputs.map((index) => ({
      name: `logit:${String(index)}`,
      head: (): Head => ({ kind: "logit", index }),
      labelled: false,
      output: index,
    })),
  ];
}

/** The row of one step; null where the run was interrupted before it was whole. @throws DeviceError where the engine failed. */
export async function probe(given: ProbeRequest): Promise<SeriesRow | null> {
  const request = { ...given, engines: { ...given.engines, host: provingOnce(given.engines.host) } };
  const { network, data, settings, place, train, held, signal } = request;
  const list = probeFunctions(settings, data);
  const [loss] = list as [ProbeFunction, ...ProbeFunction[]];
  const functions: ProbedFunction[] = [];
  const rows: SampleRow[][] = [];
  let logits: Promise<SampleRow[] | null> | null = null;
  for (const [own, norm] of [...list.map((f) => [f, "spectral"] as const), [loss, "frobenius"] as const]) {
    const found =
      own.output === undefined
        ? await verified(request, own.head(data), own.labelled, norm)
        : outputOf(await (logits ??= verified(request, { kind: "each-logit" }, false, norm)), own.output);
    if (found === null || signal?.aborted === true) return null;
    for (const row of found)
      request.onSample?.({ seed: place.seed, step: place.step, function: own.name, norm, ...row });
    functions.push(summary(network, data, own, norm, found));
    if (own === loss) rows.push(found);
  }
  const whole = [...passes(network, data, loss.head, true)];
  const [spectral, frobenius] = rows as [SampleRow[], SampleRow[]];
  return {
    ...place,
    trainLoss: train.loss,
    trainAccuracy: train.accuracy,
    heldOutLoss: held?.loss ?? null,
    heldOutAccuracy: held?.accuracy ?? null,
    samples: data.samples,
    dirichletEnergy: (functions[0] as ProbedFunction).inputPenalty,
    geometricComplexity: geometricComplexity(network, data),
    gradientSquares: gradientSquares(network, settings.loss, data, whole, settings.batch),
    penaltyAlignment: penaltyAlignment(whole, data.samples),
    hessian: topEigenvalue(network, (v) => hessianProduct(whole, data.samples, v)),
    verdicts: sumOf(functions.map(({ verdicts }) => verdicts)),
    layers: layersOf(spectral, frobenius),
    functions,
  };
}

/** The host, which proves a weight matrix's norms once however many functions are probed: they are the same network's. */
function provingOnce(host: CpuEngine): CpuEngine {
  const proven = new Map<Float64Array, Promise<LayerPlan>>();
  return {
    ...host,
    planLayer(layer, gram) {
      const known = proven.get(layer.weight);
      if (known !== undefined) return known;
      const made = host.planLayer(layer, gram);
      proven.set(layer.weight, made);
      return made;
    },
  };
}

/** The rows of one output, numbered as the samples are. */
function outputOf(rows: readonly SampleRow[] | null, wanted: number): SampleRow[] | null {
  if (rows === null) return null;
  return rows.flatMap(({ output, sample, ...row }) =>
    output === wanted && sample !== undefined ? [{ ...row, index: sample }] : [],
  );
}

/** The verdict's rows of every sample, of each-logit of every output of it; null after an interruption. */
async function verified(
  { network, data, settings, engines, signal }: ProbeRequest,
  head: Head,
  labelled: boolean,
  norm: "spectral" | "frobenius",
): Promise<SampleRow[] | null> {
  const { width, inputs, labels } = data;
  const rows: SampleRow[] = [];
  const { failure } = await verify({
    ...{ network, norm, signal, head, seed: settings.seed },
    ...{ engine: engines.engine, host: engines.host, accuracy: settings.accuracy, audit: settings.audit },
    source: {
      ...{ samples: data.samples, width },
      read: (first, count) => ({
        inputs: inputs.slice(first * width, (first + count) * width),
        labels: labelled && labels !== null ? labels.slice(first, first + count) : null,
      }),
    },
    onRow: (row) => rows.push(row),
  });
  if (failure !== null) throw failure;
  return rows.length < data.samples * (head.kind === "each-logit" ? data.outputs : 1) ? null : rows;
}

function summary(
  network: Network,
  data: Dataset,
  { name, head }: ProbeFunction,
  norm: "spectral" | "frobenius",
  rows: readonly SampleRow[],
): ProbedFunction {
  const square = (x: number | null): number | null => (x === null ? null : x * x);
  const inputPenalty = meanOfRows(rows, (row) => square(row.inputGradientNorm));
  const parameterPenalty = meanOfRows(rows, (row) => square(row.parameterGradientNorm));
  return {
    ...{ function: name, norm, verdicts: counted(rows), inputPenalty, parameterPenalty },
    penaltyRatio: inputPenalty === null || parameterPenalty === null ? null : parameterPenalty / inputPenalty,
    coefficient: meanOfRows(rows, (row) => row.coefficient),
    ratio: meanOfRows(rows, (row) => row.ratio),
    topGradientNorm: topGradientNorm(network, data, head),
    layers: network.layers.map((_, i) => ({
      layer: i + 1,
      tightness: meanOfRows(rows, (row) => row.layers[i]?.tightness ?? null),
    })),
  };
}

function layersOf(spectral: readonly SampleRow[], frobenius: readonly SampleRow[]): ProbedLayer[] {
  const depth = spectral[0]?.layers.length ?? 0;
  return Array.from({ length: depth }, (_, i) => {
    const own = (rows: readonly SampleRow[], name: "hiddenNorm" | "weightNorm" | "jacobianNorm"): number | null =>
      meanOfRows(rows, (row) => row.layers[i]?.[name] ?? null);
    return {
      layer: i + 1,
      hiddenNorm: own(spectral, "hiddenNorm"),
      weightNorm: own(spectral, "weightNorm"),
      weightNormFrobenius: own(frobenius, "weightNorm"),
      jacobianNorm: own(spectral, "jacobianNorm"),
      jacobianNormFrobenius: own(frobenius, "jacobianNorm"),
    };
  });
}

/** The mean over the samples for which the number is defined and finite; null where it is of none. */
function meanOfRows(rows: readonly SampleRow[], of: (row: SampleRow) => number | null): number | null {
  let [sum, defined] = [0, 0];
  for (const row of rows) {
    const value = of(row);
    if (value === null || !Number.isFinite(value)) continue;
    sum += value;
    defined++;
  }
  return defined === 0 ? null : sum / defined;
}

function counted(rows: readonly SampleRow[]): VerdictCounts {
  return sumOf(rows.map(({ verdict }) => ({ ...none(), [verdict]: 1 })));
}

function none(): VerdictCounts {
  return Object.fromEntries(VERDICT_NAMES.map((name) => [name, 0])) as Record<keyof VerdictCounts, number>;
}

/** Counts added up. */
export function sumOf(list: readonly VerdictCounts[]): VerdictCounts {
  const total = { ...none() } as Record<keyof VerdictCounts, number>;
  for (const counts of list) for (const name of VERDICT_NAMES) total[name] += counts[name];
  return total;
}

/** About `count` steps from 0 to the last, evenly apart in their logarithms; or every k of them. */
export function probeSteps(steps: number, every: number | null, count = 20): number[] {
  const wanted =
    every === null
      ? Array.from({ length: count - 1 }, (_, i) => Math.round(steps ** (i / (count - 2))))
      : Array.from({ length: Math.ceil(steps / every) }, (_, i) => i * every);
  return [...new Set([0, ...wanted, steps])].filter((step) => step <= steps).sort((a, b) => a - b);
}
