/**
 * The search for the tightest case: samples → starts → climbs → ends, verified.
 *
 * Samples and ends both go through `verify`, so that every ratio in the report, each verdict and bracket is the pipeline's own; the search
 * between them (climb.ts) is f64 on the host and a function of the seed alone. Where weights move, each start has a network of its own.
 */
import type { CaughtSample } from "../../pipeline/catch.ts";
import type { Report } from "../../records/report.ts";
import type { SampleRow } from "../../records/sample.ts";
import type { Quantiles, VerdictCounts } from "../../records/shared.ts";
import type { SampleSource, VerifyOutcome, VerifyRequest } from "../../pipeline/verify.ts";
import { verify } from "../../pipeline/verify.ts";
import { isPiecewiseLinear } from "../../network/curvature.ts";
import type { DeviceError } from "../../network/errors.ts";
import type { Network } from "../../network/network.ts";
import { squaredNorm } from "./algebra.ts";
import type { Standing } from "./climb.ts";
import { search } from "./climb.ts";
import type { Point } from "./objective.ts";
import { makeObjective } from "./objective.ts";
import type { InputRegion } from "./region.ts";
import { makeRegion } from "./region.ts";
import type { TightenReport } from "../../records/report.ts";
import type { Search, SearchStart, Tightest } from "../../records/search.ts";
import type { Centre, Sampled, Start } from "./starts.ts";
import { chooseStarts, headOfEnds, largestNorm, readStart, withinRegion } from "./starts.ts";

/** As for `verify`; `source` holds the samples that starts are chosen from, `signal` ends the search with the best so far. */
export interface TightenRequest extends Omit<VerifyRequest, "onProgress" | "adjustPlan" | "plant" | "firstIndex"> {
  readonly centre: Centre;
  /** The largest norm of a sample where null. */
  readonly radius: number | null;
  readonly box: InputRegion["box"];
  /** Largest ‖W_t − W_t⁰‖_F/‖W_t⁰‖_F, up to 2; null: weights stand still. */
  readonly weightRadius: number | null;
  readonly starts: number;
  readonly steps: number;
  /** Resolves when whatever waits for this thread has had its turn. */
  readonly pause: () => Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
  /** Gets the tightest case with all that its verdict was made of. */
  readonly onTightest?: (caught: CaughtSample) => Promise<void> | void;
}

export type Progress =
  | { readonly kind: "sampling"; readonly done: number; readonly total: number }
  /** `best`: the largest ratio so far, by the search's own arithmetic. */
  | { readonly kind: "searching"; readonly done: number; readonly total: number; readonly best: number };

export interface TightenOutcome {
  /** Null where no sample could be started from. */
  readonly report: TightenReport | null;
  /** Of the samples and of every end, whichever network the report is of. */
  readonly verdicts: VerdictCounts;
  readonly failure: DeviceError | null;
  /** The network of the report: with the tightest case's weights where they moved. */
  readonly network: Network;
}

interface End {
  readonly start: Start;
  readonly standing: Standing;
}

/** @throws ModelError, UsageError as verify and withinRegion do. */
export async function tighten(request: TightenRequest): Promise<TightenOutcome> {
  const startedMs = request.clock?.() ?? 0;
  const radius = request.radius ?? largestNorm(request.source);
  const region = { radius, box: request.box };
  const source = withinRegion(request.source, region, request.centre);
  const rows: Sampled[] = [];
  const sampled = await verify({
    ...pipeline(request),
    catch: request.catch ?? null,
    signal: request.signal ?? null,
    source,
    onProgress: ({ done, total }) => request.onProgress?.({ kind: "sampling", done, total }),
    onRow: ({ index, ratio, verdict }) => rows.push({ index, ratio, verdict }),
  });
  const failed = { report: null, verdicts: sampled.report.verdicts, network: request.network };
  const chosen = chooseStarts(rows, request.starts);
  if (sampled.failure !== null || chosen.length === 0) return { ...failed, failure: sampled.failure };

  const ends = await climbAll(
    request,
    region,
    chosen.map(({ index }) => readStart(source, index)),
  );
  const verified = await verifyEnds(request, ends);
  const { failure } = verified;
  if (failure !== null || verified.rows.length < ends.length) return { ...failed, failure };
  const best = tightestOf(verified.rows);
  const { report, network } = verified.of(best ?? 0);
  if (best !== null) await catchTightest(request, ends, best);
  const starts = ends.map((end, k): SearchStart => {
    const row = verified.rows[k] as SampleRow;
    return {
      index: end.start.index,
      startRatio: chosen[k]?.ratio ?? null,
      endRatio: row.ratio,
      verdict: row.verdict,
      inputMoved: distance(end.standing.best.x, end.start.x),
      weightsMoved: request.weightRadius === null ? null : weightsMoved(request.network, end.standing.best),
      evaluations: end.standing.evaluations,
    };
  });
  const { box, centre, weightRadius, steps } = request;
  const record: Search = {
    ...{ region: { centre, radius, box }, weightRadius, steps, starts },
    sampled: pick(sampled.report),
    tightest: best === null ? null : tightestCase(verified.rows[best] as SampleRow, ends[best] as End),
  };
  const elapsedMs = (request.clock?.() ?? 0) - startedMs;
  const timing = {
    ...report.timing,
    elapsedMs,
    samplesPerSecond: null,
    interrupted: request.signal?.aborted ?? false,
    requested: chosen.length,
  };
  const verdicts = sampled.report.verdicts;
  const all = Object.fromEntries(
    Object.entries(verdicts).map(([name, n]) => [name, n + starts.filter((s) => s.verdict === name).length]),
  ) as unknown as VerdictCounts;
  return { report: { ...report, timing, search: record }, verdicts: all, failure: null, network };
}

/** What every run of the pipeline is asked alike. */
function pipeline(request: TightenRequest): Omit<VerifyRequest, "source"> {
  const {
    network,
    head,
    engine,
    host,
    norm,
    accuracy,
    seed,
    normMethod = "lanczos",
    certify = null,
    audit = null,
    description = null,
  } = request;
  return { network, head, engine, host, norm, accuracy, normMethod, seed, certify, audit, description };
}

/** Climbs from each start in turn; an interruption leaves the ends reached so far, of the start under way among them. */
async function climbAll(request: TightenRequest, region: InputRegion, starts: readonly Start[]): Promise<End[]> {
  const { network, head, norm, steps, seed, weightRadius, signal, pause, onProgress } = request;
  const moving = weightRadius !== null;
  const weights = network.layers.map((layer) => layer.weight);
  const kinked = network.layers.some((layer) => isPiecewiseLinear(layer.activation));
  const ends: End[] = [];
  let best = 0;
  for (const start of starts) {
    if (signal?.aborted === true && ends.length > 0) break;
    const { x, label, index } = start;
    const objective = makeObjective({ network, head, norm, label, sample: index, moving });
    const centre = request.centre === "origin" ? new Float64Array(x.length) : x;
    const own = makeRegion(region, centre, moving ? weights : null, weightRadius ?? 0);
    const standing: Standing = { best: { x, weights }, value: -Infinity, evaluations: 0 };
    ends.push({ start, standing });
    const work = search({ objective, region: own, start: standing.best, kinked, steps, seed, index }, standing);
    while (work.next().done !== true) {
      await pause();
      best = Math.max(best, Math.exp(standing.value));
      onProgress?.({ kind: "searching", done: ends.length - 1, total: starts.length, best });
      if (signal?.aborted === true) break;
    }
  }
  return ends;
}

interface VerifiedEnds {
  readonly rows: readonly SampleRow[];
  readonly failure: DeviceError | null;
  /** The report that has end k, and its network. */
  readonly of: (k: number) => { report: Report; network: Network };
}

/** The ends as samples after those of the source: one run for all, or one for each where each has its own weights. */
async function verifyEnds(request: TightenRequest, ends: readonly End[]): Promise<VerifiedEnds> {
  const rows: SampleRow[] = [];
  const groups = request.weightRadius === null ? [ends] : ends.map((end) => [end]);
  const outcomes: VerifyOutcome[] = [];
  let place = 0;
  for (const group of groups) {
    const outcome = await verify({
      ...requestOfEnds(request, ends, group, place),
      catch: request.catch ?? null,
      onRow: (row) => {
        rows.push(row);
        request.onRow?.(row);
      },
    });
    outcomes.push(outcome);
    place += group.length;
    if (outcome.failure !== null) break;
  }
  return {
    rows,
    failure: outcomes.find((outcome) => outcome.failure !== null)?.failure ?? null,
    of: (k) => ({
      report: (outcomes[request.weightRadius === null ? 0 : k] as VerifyOutcome).report,
      network: networkOf(request, ends[k] as End),
    }),
  };
}

/** @param place of the group's first end among all. */
function requestOfEnds(
  request: TightenRequest,
  ends: readonly End[],
  group: readonly End[],
  place: number,
): VerifyRequest {
  const width = request.source.width;
  const labelled = group.some((end) => end.start.label >= 0);
  const source: SampleSource = {
    samples: group.length,
    width,
    read: (first, count) => {
      const inputs = new Float64Array(count * width);
      const own = group.slice(first, first + count);
      own.forEach(({ standing }, i) => {
        inputs.set(standing.best.x, i * width);
      });
      return { inputs, labels: labelled ? Int32Array.from(own, (end) => end.start.label) : null };
    },
  };
  const head = headOfEnds(
    request.head,
    ends.map((end) => end.start.index),
  );
  const network = networkOf(request, group[0] as End);
  return { ...pipeline(request), network, head, source, firstIndex: request.source.samples + place };
}

function networkOf({ network, weightRadius }: TightenRequest, { standing }: End): Network {
  if (weightRadius === null) return network;
  return { layers: network.layers.map((layer, i) => ({ ...layer, weight: standing.best.weights[i] as Float64Array })) };
}

/** The end of the largest ratio, the first of equal ones; null where none has a ratio. */
function tightestOf(rows: readonly SampleRow[]): number | null {
  let best: number | null = null;
  rows.forEach(({ ratio }, k) => {
    if (ratio !== null && Number.isFinite(ratio) && (best === null || ratio > (rows[best]?.ratio ?? 0))) best = k;
  });
  return best;
}

/** The tightest case once more, alone and under its own number, so that it can be handed over whole. */
async function catchTightest(request: TightenRequest, ends: readonly End[], k: number): Promise<void> {
  const { onTightest } = request;
  if (onTightest === undefined) return;
  await verify({
    ...requestOfEnds(request, ends, [ends[k] as End], k),
    catch: { wants: () => true, take: onTightest },
  });
}

function tightestCase(row: SampleRow, { start }: End): Tightest {
  const right = row.rhs ?? NaN;
  const layers = row.layers.map((layer) => {
    const weight = (layer.biasGradientNorm ?? 0) ** 2 + (layer.weightGradientNorm ?? NaN) ** 2;
    const { tightness, alignmentWeight, alignmentJacobian } = layer;
    return { layer: layer.layer, share: weight / right, tightness, alignmentWeight, alignmentJacobian };
  });
  const losses = row.layers.flatMap(({ layer, slackWeight, slackJacobian }) => [
    { layer, side: "weight" as const, lost: slackWeight ?? 0 },
    { layer, side: "jacobian" as const, lost: slackJacobian ?? 0 },
  ]);
  const limiting = losses.reduce<(typeof losses)[number] | null>(
    (worst, loss) => (loss.lost > (worst?.lost ?? 0) ? loss : worst),
    null,
  );
  return { start: start.index, sample: row.index, verdict: row.verdict, ratio: row.ratio, limiting, layers };
}

function pick({ samples, verdicts, ratio }: Report): { samples: number; verdicts: VerdictCounts; ratio: Quantiles } {
  return { samples, verdicts, ratio };
}

function distance(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(squaredNorm(a.map((v, i) => v - (b[i] as number))));
}

function weightsMoved(network: Network, { weights }: Point): number {
  return network.layers.reduce((largest, { weight }, i) => {
    const size = Math.sqrt(squaredNorm(weight));
    const moved = distance(weights[i] as Float64Array, weight);
    return Math.max(largest, size > 0 ? moved / size : 0);
  }, 0);
}
