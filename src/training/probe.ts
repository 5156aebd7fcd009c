/**
 * The probe: what a network is like at one step of its training, on a fixed set. Verdicts and the quantities of the inequality come of
 * the same pipeline as `gpv verify`, one run a function f; the rest is of the loss's own passes (evaluate.ts, curvature.ts).
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import type { EnginePair } from "../engine/pair.ts";
import type { LayerPlan } from "../engine/plan.ts";
import type { Head } from "../network/heads.ts";
import { labelUse } from "../network/heads.ts";
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
import type { Pass } from "./program.ts";
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

/** One f of a probe with its rows, a sample each. */
interface Probed {
  readonly name: string;
  readonly head: Head;
  readonly norm: "spectral" | "frobenius";
  readonly rows: readonly SampleRow[];
}

/**
 * The loss, the margin and every output, then the loss in the Frobenius norm; null after an interruption. A margin needs a class to be the
 * margin of. Of the outputs ‖h_t‖ and ‖J_t‖ are measured once, in one run of the head each-logit.
 */
async function probedFunctions(request: ProbeRequest): Promise<Probed[] | null> {
  const { data, settings } = request;
  const { outputs, labels } = data;
  const loss = lossHead(settings.loss, data);
  const list: Probed[] = [];
  const add = async (name: string, head: Head, norm: Probed["norm"] = "spectral"): Promise<boolean> => {
    const rows = await verified(request, head, norm);
    if (rows !== null) list.push({ name, head, norm, rows });
    return rows !== null;
  };
  if (!(await add("loss", loss))) return null;
  if (labels !== null && outputs > 1 && !(await add("margin", { kind: "margin" }))) return null;
  if (settings.logits) {
    const rows = await verified(request, { kind: "each-logit" }, "spectral");
    if (rows === null) return null;
    for (let index = 0; index < outputs; index++) {
      const own = rows.filter(({ output }) => output === index).map(asSample);
      list.push({ name: `logit:${String(index)}`, head: { kind: "logit", index }, norm: "spectral", rows: own });
    }
  }
  return (await add("loss", loss, "frobenius")) ? list : null;
}

/** A row of each-logit as the row of its sample. */
function asSample(row: SampleRow): SampleRow {
  const own = { ...row, index: row.sample ?? row.index };
  delete own.sample;
  delete own.output;
  return own;
}

/** The row of one step; null where the run was interrupted before it was whole. @throws DeviceError where the engine failed. */
export async function probe(given: ProbeRequest): Promise<SeriesRow | null> {
  const request = { ...given, engines: { ...given.engines, host: provingOnce(given.engines.host) } };
  const { network, data, settings, place, train, held, signal, onSample } = request;
  const list = await probedFunctions(request);
  if (list === null || signal?.aborted === true) return null;
  const { seed, step } = place;
  for (const { name, norm, rows } of list) {
    for (const row of rows) onSample?.({ seed, step, function: name, norm, ...row });
  }
  const whole = [...passes(network, data, (piece) => lossHead(settings.loss, piece), true)];
  const functions = list.map((own) => summary(network, data, own, whole));
  const [spectral, frobenius] = [list[0], list.at(-1)] as [Probed, Probed];
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
    layers: layersOf(spectral.rows, frobenius.rows),
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

/** The rows of every sample, or of each-logit of every sample's outputs; null after an interruption. */
async function verified(
  { network, data, settings, engines, signal }: ProbeRequest,
  head: Head,
  norm: Probed["norm"],
): Promise<SampleRow[] | null> {
  const { width, inputs, samples } = data;
  const labels = labelUse(head) === "none" ? null : data.labels;
  const rows: SampleRow[] = [];
  const { failure } = await verify({
    ...{ network, norm, signal, head, seed: settings.seed },
    ...{ engine: engines.engine, host: engines.host, accuracy: settings.accuracy, audit: settings.audit },
    source: {
      ...{ samples, width },
      read: (first, count) => ({
        inputs: inputs.slice(first * width, (first + count) * width),
        labels: labels?.slice(first, first + count) ?? null,
      }),
    },
    onRow: (row) => rows.push(row),
  });
  if (failure !== null) throw failure;
  return rows.length < samples * (head.kind === "each-logit" ? data.outputs : 1) ? null : rows;
}

/** @param whole passes over the set, whatever f they are of. */
function summary(
  network: Network,
  data: Dataset,
  { name, head, norm, rows }: Probed,
  whole: readonly Pass[],
): ProbedFunction {
  const square = (x: number | null): number | null => (x === null ? null : x * x);
  const inputPenalty = meanOfRows(rows, (row) => square(row.inputGradientNorm));
  const parameterPenalty = meanOfRows(rows, (row) => square(row.parameterGradientNorm));
  return {
    ...{ function: name, norm, verdicts: counted(rows), inputPenalty, parameterPenalty },
    penaltyRatio: inputPenalty === null || parameterPenalty === null ? null : parameterPenalty / inputPenalty,
    coefficient: meanOfRows(rows, (row) => row.coefficient),
    ratio: meanOfRows(rows, (row) => row.ratio),
    topGradientNorm: topGradientNorm(whole, data, head),
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
