/**
 * The main job: one network, many inputs → verdicts, rows and a report.
 *
 * Batches stream through the engine, two in flight; their samples are judged and, where a verdict is open, settled in f64, in
 * index order, so that the report does not depend on the batch size.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import { inputIndex, outputsAnInput, wholeInputs } from "../engine/each-output.ts";
import type { Engine } from "../engine/engine.ts";
import { WGSL_F32 } from "../engine/engine.ts";
import { beyondF32, joinRounding } from "../engine/f32.ts";
import type { FaultName } from "../engine/faults.ts";
import type { NormMethod } from "../engine/krylov.ts";
import { withPlanFault } from "../engine/plan-faults.ts";
import type { Plan } from "../engine/plan.ts";
import { inPrecision, outlineLayer, preparePlan } from "../engine/plan.ts";
import { DeviceError, ModelError } from "../network/errors.ts";
import type { Head } from "../network/heads.ts";
import type { InputDistribution } from "../sampling/inputs.ts";
import { fillInputs } from "../sampling/inputs.ts";
import { inputWidth, type Network } from "../network/network.ts";
import { unlessAborted } from "./abort.ts";
import type { Report } from "../records/report.ts";
import type { RowBlock } from "../records/row-block.ts";
import type { SampleRow } from "../records/sample.ts";
import type { VerdictCounts } from "../records/shared.ts";
import type { Catch } from "./catch.ts";
import { hand } from "./catch.ts";
import type { Wishes } from "./climb.ts";
import type { SettledBlock } from "./block.ts";
import { outputLabels, withOutput } from "./each-output.ts";
import type { Flight, Held, Receive } from "./flights.ts";
import { flightsOf } from "./flights.ts";
import { asGiven, givenBatch, roundInputs } from "./given.ts";
import type { RunDescription } from "./make-report.ts";
import { makeReport } from "./make-report.ts";
import { rowBlock, sampleRow } from "./row.ts";
import { withInputFault, withStatisticsFault } from "./faults.ts";
import { createOriginCheck } from "./origin.ts";
import { createRecount } from "./recount.ts";
import type { SampleSource } from "./source.ts";
import { createStatistics } from "./statistics.ts";

export type { SampleSource } from "./source.ts";

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
  /** How each ‖J_t‖ is iterated for; Lanczos where left out. */
  readonly normMethod?: NormMethod;
  /** Width wanted of every proven interval of ‖J_t‖, relative to its lower end; none asked for where null. */
  readonly certify?: number | null;
  /** Share of samples, 0 to 1, whose every stored value is recomputed on the host; `DEFAULT_AUDIT` (drawn.ts) where null. */
  readonly audit?: number | null;
  /** A planted fault, of which the part in the host's numbers is switched on here; the engine has its own. */
  readonly plant?: FaultName | null;
  /** Changes the engine's plan once it is made: the norms that a witness was made with. */
  readonly adjustPlan?: (plan: Plan) => Plan;
  /** Samples to be handed over with all that their verdicts were made of. */
  readonly catch?: Catch | null;
  /** Index of the source's first sample in the run: the address of its random numbers, and its number in rows; 0 where left out. */
  readonly firstIndex?: number;
  readonly seed: number;
  /** Samples a batch; the engine's own choice where null. Changes nothing in the report but its timing. */
  readonly batchSize?: number | null;
  /** Stops after the batches in flight; the report then covers what is finished. */
  readonly signal?: AbortSignal | null;
  readonly onProgress?: ((progress: RunProgress) => void) | null;
  /** Once, before the first batch: what the run was made to do. */
  readonly onDecided?: ((decisions: Decisions) => void) | null;
  /** After each layer whose norms are proven, before the first batch. */
  readonly onPlan?: ((progress: { readonly done: number; readonly total: number }) => void) | null;
  /** Every row, in index order. */
  readonly onRow?: ((row: SampleRow) => void) | null;
  /** The same rows a block at a time, as columns that hold until it returns: a writer's way to many rows a second. */
  readonly onRows?: ((rows: RowBlock) => void) | null;
  /** Whether rows have `jacobianNormError`, which costs a little: yes where left out. */
  readonly errors?: boolean;
  /** Milliseconds, from any origin, for `timing`. */
  readonly clock?: (() => number) | null;
  /** What the report repeats of the run; everything left out has its default there. */
  readonly description?: Partial<RunDescription> | null;
}

/** What a request comes to. */
export interface Decisions {
  /** The engine's. */
  readonly plan: Plan;
  /** Samples a batch, and batches under way at once. */
  readonly batch: number;
  readonly ahead: number;
  /** Share; null: the default. */
  readonly audit: number | null;
  /** Accuracy that the host's f64 iterates to; null: the engine's own iteration does. */
  readonly hostAccuracy: number | null;
  readonly certify: number | null;
}

/** After each batch. */
export interface RunProgress {
  readonly done: number;
  readonly total: number;
  readonly verdicts: VerdictCounts;
  /** The report of what is done so far; it sorts every number of the run, so ask for it now and then only. */
  readonly report: () => Report;
}

export interface VerifyOutcome {
  readonly report: Report;
  /** The weight or bias, in words, that the engine's f32 cannot hold, so that engine cpu measured all samples in f64; else null. */
  readonly handedOver: string | null;
  /** Set where the engine failed beyond recovery; the report then covers what was finished before. */
  readonly failure: DeviceError | null;
}

/**
 * @throws ModelError when the inputs' width is not the network's.
 */
export async function verify(request: VerifyRequest): Promise<VerifyOutcome> {
  const { network, engine, source } = request;
  const outputs = request.head.kind === "each-logit" ? outputsAnInput({ head: request.head, network }) : null;
  /** Samples that share an input. */
  const each = outputs ?? 1;
  const samples = source.samples * each;
  if (source.width !== inputWidth(network)) {
    throw new ModelError(
      `inputs: found ${String(source.width)} values a sample, expected ${String(inputWidth(network))}, the inputs of layer 1`,
    );
  }
  const clock = request.clock ?? ((): number => 0);
  const startedMs = clock();
  const handedOver = engine.description.precision === "f32" ? beyondF32(network) : null;
  if (handedOver !== null) return { ...(await verify({ ...request, engine: request.host })), handedOver };
  const plans = await makePlans(request);
  const { plan } = plans;
  const { precision } = plan;
  const audit = request.audit ?? null;
  const flights = flightsOf({
    ...{ engine, ...plans, audit, samples },
    ...{ batchSize: request.batchSize ?? null, isHeld: (request.catch ?? null) !== null },
  });
  const { certify, hostAccuracy } = plans.wishes;
  const asked = hostAccuracy ?? (plan.accuracy === "verdict" ? null : plan.accuracy);
  const counted = createStatistics(plan.layers.length, certify, asked, outputs);
  const statistics = withStatisticsFault(counted, request.plant);
  const recount = createRecount(plan.layers.length, outputs);
  const origin = createOriginCheck(network, plan, source, audit, inputIndex(plan, request.firstIndex ?? 0));
  const size = wholeInputs(request.batchSize ?? flights.size, each);
  request.onDecided?.({ plan, batch: size, ahead: flights.ahead, audit, hostAccuracy, certify });
  const firstIndex = request.firstIndex ?? 0;
  let rounding = plan.rounding;

  const drawn = flights.drawsInputs && outputs === null ? drawnInputs(source, firstIndex) : null;
  const begin = (first: number): Flight => {
    const count = Math.min(size, samples - first);
    const place = { first: firstIndex + first, samples: count };
    if (drawn !== null) {
      const batch = { ...place, inputs: new Float64Array(0), labels: null };
      return flights.begin({ batch, originals: new Map() }, drawn);
    }
    // The planted fault of a run that reads its rows one early.
    const [row, rows] = [first / each, count / each];
    const from = request.plant === "inputs-row-early" ? Math.max(0, row - 1) : row;
    const given = source.read(from, rows);
    const own = { ...given, inputs: withInputFault(given.inputs, request.plant) };
    origin.look(row, rows, own);
    const { inputs, originals, changed } = precision === "f32" ? roundInputs(own.inputs, rows) : asGiven(own.inputs);
    rounding = joinRounding(rounding, changed);
    const labels = outputs === null ? own.labels : outputLabels(count, each);
    return flights.begin(givenBatch({ ...place, inputs, labels, outputs: each }, originals), null);
  };
  let over = false;
  const receive: Receive = async (block, held) => {
    if (over) return;
    statistics.add(block);
    recount.add(block);
    origin.add(block.misread ?? []);
    await handOver(request, block, held, outputs);
  };
  const report = (): Report =>
    origin.held(
      recount.held(makeReport({ ...request, source: { samples } }, plan, statistics, rounding, clock() - startedMs)),
    );
  let failure: DeviceError | null = null;
  let next = 0;
  const queue: Flight[] = [];
  while (true) {
    while (queue.length < flights.ahead && next < samples && failure === null && request.signal?.aborted !== true) {
      queue.push(begin(next));
      next += size;
    }
    const flight = queue.shift();
    if (flight === undefined) break;
    const begun = await unlessAborted(flight.begun, request.signal, () => Promise.resolve(null));
    if (begun === null || failure !== null) {
      // What is under way may take minutes, and nobody waits for it any more.
      for (const { drop } of [flight, ...queue]) drop();
      break;
    }
    try {
      await unlessAborted(flight.finish(receive), request.signal, () => Promise.resolve());
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      failure = error;
    }
    const verdicts = statistics.verdicts();
    request.onProgress?.({ done: count(verdicts), total: samples, verdicts, report });
  }
  over = true;
  return { report: report(), failure, handedOver: null };
}

/** How threads draw the inputs. @throws RangeError where that is not what the source reads: one changed copy of it was forgotten. */
function drawnInputs(source: SampleSource, firstIndex: number): InputDistribution | null {
  const own = source.drawn ?? null;
  if (own === null || source.samples === 0) return null;
  const found = source.read(0, 1).inputs;
  if (fillInputs(own, firstIndex, 1, source.width).every((x, i) => Object.is(x, found[i]))) return own;
  throw new RangeError("the source reads other inputs than it says to draw");
}

/** Rows and caught samples, for those who asked for any, in index order. */
async function handOver(
  { onRow, onRows, catch: catches }: VerifyRequest,
  block: SettledBlock,
  held: Held | null,
  outputs: number | null,
): Promise<void> {
  const label = (row: SampleRow): SampleRow => (outputs === null ? row : withOutput(row, outputs));
  if (onRows !== null && onRows !== undefined) {
    const rows = rowBlock(block);
    const plain = outputs === null ? rows.plain : new Uint8Array(block.samples);
    onRows({ ...rows, plain, row: (at) => label(rows.row(at)) });
  }
  if ((onRow ?? catches ?? null) === null) return;
  for (let at = 0; at < block.samples; at++) {
    const row = label(sampleRow(block, at));
    onRow?.(row);
    if (held !== null && catches?.wants(row) === true) await hand(catches, row, at, held);
  }
}

/** Plans, and what is asked of f64. An interruption leaves the norms unproven: no sample is measured with them then. */
async function makePlans(
  request: VerifyRequest,
): Promise<{ plan: Plan; hostPlan: Plan; isClean: boolean; wishes: Wishes }> {
  const { network, head, norm, accuracy, seed, engine, host } = request;
  const { precision } = engine.description;
  const beyond = precision === "f32" && accuracy !== "verdict" && accuracy < reachedInF32(network);
  const errors = request.errors !== false && (request.onRow ?? request.onRows ?? request.catch ?? null) !== null;
  const method = request.normMethod ?? "lanczos";
  const settings = { head, norm, seed, method, errors, accuracy: beyond ? "verdict" : accuracy } as const;
  const total = network.layers.length;
  const proven = preparePlan(
    network,
    { ...settings, precision },
    (layer, gram) => host.planLayer(layer, gram),
    (done) => request.onPlan?.({ done, total }),
  );
  const interrupted = (): Promise<Plan> =>
    preparePlan(network, { ...settings, precision }, (layer) => Promise.resolve(outlineLayer(layer)));
  const clean = await unlessAborted(proven, request.signal, interrupted);
  const plan = withPlanFault(request.adjustPlan?.(clean) ?? clean, request.plant);
  const hostPlan = precision === "f64" ? clean : inPrecision(clean, "f64");
  const wishes = { host, hostAccuracy: beyond ? accuracy : null, certify: request.certify ?? null };
  return { plan, hostPlan, isClean: plan === clean, wishes };
}

/** What rounding leaves of an estimate of ‖J_t‖ in f32: u for each of the Σ n_t sums on the way, adding up as a random walk does. */
function reachedInF32(network: Network): number {
  return WGSL_F32.unitRoundoff * Math.sqrt(network.layers.reduce((sum, layer) => sum + layer.inputs, 0));
}

function count(verdicts: VerdictCounts): number {
  return verdicts.holds + verdicts.tight + verdicts.violated + verdicts.unresolved + verdicts.invalid;
}
