/**
 * The main job: one network, many inputs → verdicts, rows and a report.
 *
 * Batches stream through the engine, two in flight; their samples are judged and, where a verdict is open, settled in f64, in
 * index order, so that the report does not depend on the batch size.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import type { Batch, Engine, MeasuredBatch } from "../engine/engine.ts";
import { WGSL_F32 } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { makePlan } from "../engine/plan.ts";
import { timesPowerOfTwo } from "../engine/powers.ts";
import { DeviceError, ModelError } from "../network/errors.ts";
import type { Head } from "../network/heads.ts";
import { inputWidth, type Network } from "../network/network.ts";
import type { Json, Report, SampleRow, VerdictCounts } from "./results.ts";
import { layerBounds } from "../verification/rounding.ts";
import type { Climb } from "./sample.ts";
import type { Catch, Receive } from "./settle.ts";
import { auditedOf, makeSettlement, settleBatch } from "./settle.ts";
import type { Statistics } from "./statistics.ts";
import { createStatistics } from "./statistics.ts";

/** Where the inputs come from, by index. */
export interface SampleSource {
  readonly samples: number;
  readonly width: number;
  /** Samples first … first + count − 1: count × width, row-major, and labels (−1 for none) where there are any. */
  read(first: number, count: number): { inputs: Float64Array; labels: Int32Array | null };
}

export interface VerifyRequest {
  readonly network: Network;
  readonly head: Head;
  readonly source: SampleSource;
  readonly engine: Engine;
  /** The clean engine of the host that settles what is open; the engine itself where that is cpu without a fault. */
  readonly host: CpuEngine;
  readonly norm: "spectral" | "frobenius";
  /** Relative error wanted of each Jacobian-norm estimate, or "verdict": iterate only where a verdict needs it. */
  readonly accuracy: number | "verdict";
  /** Width wanted of every proven interval of ‖J_t‖, relative to its lower end; none asked for where left out. */
  readonly certify?: number;
  /** Share of samples, 0 to 1, whose every stored value is recomputed on the host; `DEFAULT_AUDIT` where left out. */
  readonly audit?: number;
  /** Changes the engine's plan once it is made: a planted fault of the host's numbers, or the norms that a witness was made with. */
  readonly adjustPlan?: (plan: Plan) => Plan;
  /** Samples to be handed over with all that their verdicts were made of. */
  readonly catch?: Catch;
  /** Index of the source's first sample in the run: the address of its random numbers, and its number in rows; 0 where left out. */
  readonly firstIndex?: number;
  readonly seed: number;
  /** Samples a batch; the engine's own choice where left out. Changes nothing in the report but its timing. */
  readonly batchSize?: number;
  /** Stops after the batches in flight; the report then covers what is finished. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RunProgress) => void;
  /** Every row, in index order. */
  readonly onRow?: (row: SampleRow) => void;
  /** Milliseconds, from any origin, for `timing`. */
  readonly clock?: () => number;
  /** What the report repeats of the run; everything left out has its default there. */
  readonly description?: Partial<RunDescription>;
}

/** After each batch. */
export interface RunProgress {
  readonly done: number;
  readonly total: number;
  readonly verdicts: VerdictCounts;
  /** The report of what is done so far; it sorts every number of the run, so ask for it now and then only. */
  readonly report: () => Report;
}

/** What a report says of a run besides its measurements. */
export interface RunDescription {
  readonly tool: { readonly name: string; readonly version: string };
  readonly modelSource: string;
  /** What was taken for granted of the model's file, in lines. */
  readonly modelNotes?: readonly string[];
  readonly headName: string;
  readonly settings: { readonly [key: string]: Json };
  readonly modelSha256: string | null;
  readonly inputsSha256: string | null;
  readonly startedAt: string | null;
  readonly plant?: string;
}

export interface VerifyOutcome {
  readonly report: Report;
  /** Set where the engine failed beyond recovery; the report then covers what was finished before. */
  readonly failure: DeviceError | null;
}

/**
 * @throws ModelError when the inputs' width is not the network's.
 */
export async function verify(request: VerifyRequest): Promise<VerifyOutcome> {
  const { network, source, engine } = request;
  if (source.width !== inputWidth(network)) {
    throw new ModelError(
      `inputs: found ${String(source.width)} values a sample, expected ${String(inputWidth(network))}, the inputs of layer 1`,
    );
  }
  const clock = request.clock ?? ((): number => 0);
  const startedMs = clock();
  const { climb, certify } = makeClimb(request);
  const { plan } = climb;
  const { precision } = plan;
  const settlement = makeSettlement(climb, request.audit ?? DEFAULT_AUDIT, request.catch ?? null);
  const statistics = createStatistics(plan.layers.length, certify);
  const receive: Receive = (row, outcome) => {
    statistics.add(row, outcome);
    request.onRow?.(row);
  };
  const size = Math.max(1, request.batchSize ?? engine.batchSize(plan));
  const firstIndex = request.firstIndex ?? 0;
  let roundedInputs = 0;

  const start = (first: number): InFlight => {
    const count = Math.min(size, source.samples - first);
    const read = source.read(first, count);
    if (precision === "f32") roundedInputs += roundInputs(read.inputs);
    const batch: Batch = { first: firstIndex + first, samples: count, inputs: read.inputs, labels: read.labels };
    const trace = auditedOf(settlement, batch);
    return { batch, measured: settled(engine.measure(plan, batch, trace)) };
  };

  const report = (): Report => makeReport(request, plan, statistics, roundedInputs, clock() - startedMs);
  let failure: DeviceError | null = null;
  let next = 0;
  const queue: InFlight[] = [];
  while (true) {
    while (queue.length < 2 && next < source.samples && failure === null && request.signal?.aborted !== true) {
      queue.push(start(next));
      next += size;
    }
    const flight = queue.shift();
    if (flight === undefined) break;
    const result = await flight.measured;
    if ("error" in result) {
      if (!(result.error instanceof DeviceError)) throw result.error;
      failure ??= result.error;
      continue;
    }
    try {
      if (failure === null) await settleBatch(settlement, flight.batch, result.measured, receive);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      failure = error;
    } finally {
      result.measured.release();
    }
    const { samples, verdicts } = { samples: count(statistics.verdicts), verdicts: statistics.verdicts };
    request.onProgress?.({ done: samples, total: source.samples, verdicts, report });
  }
  return { report: report(), failure };
}

/** Plans, bounds, and how far a sample has to climb. */
function makeClimb(request: VerifyRequest): { climb: Climb; certify: number | null } {
  const { network, head, norm, accuracy, seed, engine } = request;
  const { precision } = engine.description;
  const certify = request.certify ?? null;
  const beyond = precision === "f32" && accuracy !== "verdict" && accuracy < reachedInF32(network);
  const settings = { head, norm, seed, accuracy: beyond ? "verdict" : accuracy } as const;
  const clean = makePlan(network, { ...settings, precision });
  const plan = request.adjustPlan?.(clean) ?? clean;
  const hostPlan = precision === "f64" ? clean : makePlan(clean.network, { ...settings, precision: "f64" });
  const hostAccuracy = beyond ? accuracy : null;
  return { climb: { plan, layers: layerBounds(plan), host: request.host, hostPlan, hostAccuracy, certify }, certify };
}

/** What rounding leaves of an estimate of ‖J_t‖ in f32: u for each of the Σ n_t sums on the way, adding up as a random walk does. */
function reachedInF32(network: Network): number {
  return WGSL_F32.unitRoundoff * Math.sqrt(network.layers.reduce((sum, layer) => sum + layer.inputs, 0));
}

/** Share of samples audited unless something else is asked for. */
export const DEFAULT_AUDIT = 0.01;

interface InFlight {
  readonly batch: Batch;
  readonly measured: Promise<{ measured: MeasuredBatch } | { error: unknown }>;
}

/** A promise that never rejects, so that a failure waits until its batch is reached. */
function settled(measured: Promise<MeasuredBatch>): InFlight["measured"] {
  return measured.then(
    (value) => ({ measured: value }),
    (error: unknown) => ({ error }),
  );
}

/** Rounds inputs to f32 in place; returns how many values changed. */
function roundInputs(inputs: Float64Array): number {
  let changed = 0;
  for (let i = 0; i < inputs.length; i++) {
    const v = inputs[i] as number;
    const rounded = Math.fround(v);
    if (rounded !== v && !Number.isNaN(v)) changed++;
    inputs[i] = rounded;
  }
  return changed;
}

function count(verdicts: VerdictCounts): number {
  return verdicts.holds + verdicts.tight + verdicts.violated + verdicts.unresolved + verdicts.invalid;
}

/** A run of the library, which nobody described. */
const UNDESCRIBED = {
  tool: { name: "gradient-penalty-verifier", version: "library" },
  modelSource: "network",
  settings: {},
  modelSha256: null,
  inputsSha256: null,
  startedAt: null,
} as const;

function makeReport(
  request: VerifyRequest,
  plan: Plan,
  statistics: Statistics,
  roundedInputs: number,
  elapsedMs: number,
): Report {
  const { engine, source } = request;
  const description: RunDescription = { ...UNDESCRIBED, headName: request.head.kind, ...request.description };
  const { samples, ...result } = statistics.result();
  return {
    schema: "gradient-penalty-report/1",
    tool: description.tool,
    engine: engine.description,
    run: {
      settings: description.settings,
      seed: request.seed,
      modelSha256: description.modelSha256,
      inputsSha256: description.inputsSha256,
      roundedValues: plan.roundedValues + roundedInputs,
      ...(description.plant === undefined ? {} : { plant: description.plant }),
    },
    model: {
      source: description.modelSource,
      ...(description.modelNotes === undefined || description.modelNotes.length === 0
        ? {}
        : { notes: description.modelNotes }),
      layers: plan.layers.map((_, i) => modelLayer(plan, i)),
    },
    head: description.headName,
    norm: plan.norm,
    samples,
    ...result,
    timing: {
      elapsedMs,
      samplesPerSecond: elapsedMs > 0 ? (1000 * samples) / elapsedMs : null,
      startedAt: description.startedAt,
      interrupted: samples < source.samples,
      requested: source.samples,
      details: {},
    },
  };
}

function modelLayer(plan: Plan, i: number): Report["model"]["layers"][number] {
  const shape = plan.network.layers[i] as Network["layers"][number];
  const planned = plan.layers[i] as Plan["layers"][number];
  const norm = plan.norm === "spectral" ? planned.spectralNorm : planned.frobeniusNorm;
  return {
    layer: i + 1,
    inputs: shape.inputs,
    outputs: shape.outputs,
    activation: shape.activation,
    ...(shape.tensor === undefined ? {} : { tensor: shape.tensor }),
    weightNorm: {
      lower: timesPowerOfTwo(norm.lower, planned.scaleExponent),
      upper: timesPowerOfTwo(norm.upper, planned.scaleExponent),
    },
  };
}
