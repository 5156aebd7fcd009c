/**
 * Runs the open units of a sweep, two at a time, and commits each to the ledger when it is whole. What fails is tried again: a device that
 * was lost, refused memory or hangs is opened anew, with smaller batches from the second time on; after three failures
 * with no unit finished in between the sweep ends with what the ledger has.
 */
import type { FaultName } from "../engine/faults.ts";
import type { CpuEngine } from "../engine/cpu/engine.ts";
import type { Engine } from "../engine/engine.ts";
import type { SampleRow } from "../records/sample.ts";
import type { Catch } from "../pipeline/catch.ts";
import { verify } from "../pipeline/verify.ts";
import { DeviceError } from "../network/errors.ts";
import type { Network } from "../network/network.ts";
import type { CaseRequest } from "./case.ts";
import { caseRequest } from "./case.ts";
import type { Ledger, Shard, SweepSettings } from "./ledger.ts";
import type { Tally } from "./tally.ts";
import { createCollector, mergeTally } from "./tally.ts";
import type { Segment, Units } from "./units.ts";

/** The engines of a sweep, opened anew after a failure. */
export interface SweepEngines {
  readonly engine: Engine;
  /** The clean f64 engine that settles what is open. */
  readonly host: CpuEngine;
  readonly dispose: () => void;
}

export interface SweepProgress {
  /** Units of this shard. */
  readonly unitsDone: number;
  readonly units: number;
  readonly samples: number;
}

export interface SweepRequest {
  readonly units: Units;
  readonly settings: SweepSettings;
  readonly shard: Shard;
  readonly ledger: Ledger;
  readonly open: () => Promise<SweepEngines>;
  readonly clock: () => number;
  /** Calls back after so many milliseconds; returns what takes that back. */
  readonly timer: (callback: () => void, ms: number) => () => void;
  /** A unit that shows no progress for so long counts as hung. */
  readonly watchdogMs: number;
  /** Units in flight are dropped then; the finished ones are kept. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SweepProgress) => void;
  /** A failure that was met, and what is done about it. */
  readonly onFailure?: (message: string) => void;
  /** Samples to be handed over whole. */
  readonly catch?: (segment: Segment, request: CaseRequest) => Catch;
  /** The rows of a unit, once it is whole and before it is committed; the same unit may come again after a failure. */
  readonly onUnit?: (unit: number, rows: readonly UnitRow[]) => void;
}

/** A row with its place in the sweep. */
export interface UnitRow {
  readonly segment: Segment;
  readonly row: SampleRow;
}

export interface SweepOutcome {
  /** Whether every unit of the shard is finished. */
  readonly complete: boolean;
  /** What ended the sweep before that, where it was no interruption. */
  readonly failure: DeviceError | null;
  /** Samples of the units that this run finished. */
  readonly samples: number;
}

/** Units under way at once. */
export const UNITS_IN_FLIGHT = 2;
const MOST_FAILURES = 3;

/** Units of a shard: number − 1, number − 1 + count, … */
export function shardUnits(units: Units, { number, count }: Shard): number {
  return Math.max(0, Math.ceil((units.count - (number - 1)) / count));
}

export async function runSweep(request: SweepRequest): Promise<SweepOutcome> {
  const { units, shard, ledger, signal } = request;
  const finished = new Set(ledger.finished());
  const total = shardUnits(units, shard);
  let next = shard.number - 1;
  const retry: number[] = [];
  const take = (): number | null => {
    const again = retry.shift();
    if (again !== undefined) return again;
    while (next < units.count) {
      const unit = next;
      next += shard.count;
      if (!finished.has(unit)) return unit;
    }
    return null;
  };
  let samples = 0;
  let failures = 0;
  const report = (): void => {
    request.onProgress?.({ unitsDone: finished.size, units: total, samples });
  };
  report();

  /** Works through open units with one set of engines until they fail; null: nothing is left, or an interruption. */
  const shift = async (engines: SweepEngines, share: number): Promise<Failure | null> => {
    const state: { failure: Failure | null } = { failure: null };
    const fail = (unit: number, error: unknown, by: Failure["by"]): void => {
      retry.push(unit);
      if (!(error instanceof DeviceError)) throw error;
      state.failure ??= { by, error };
      // Whatever the other lane waits for ends with the engines.
      engines.dispose();
    };
    const lane = async (): Promise<void> => {
      while (state.failure === null && signal?.aborted !== true) {
        const unit = take();
        if (unit === null) return;
        const startedMs = request.clock();
        let done: DoneUnit | null;
        try {
          done = await runUnit(request, engines, unit, share);
        } catch (error) {
          fail(unit, error, "engine");
          return;
        }
        if (done === null) return;
        try {
          request.onUnit?.(unit, done.rows);
          ledger.commit({ unit, elapsedMs: request.clock() - startedMs, tallies: done.tallies });
        } catch (error) {
          fail(unit, error, "ledger");
          return;
        }
        finished.add(unit);
        samples += done.samples;
        failures = 0;
        report();
      }
    };
    await Promise.all(Array.from({ length: UNITS_IN_FLIGHT }, lane));
    return state.failure;
  };

  while (finished.size < total && signal?.aborted !== true) {
    const engines = await request.open();
    let failure: Failure | null;
    try {
      failure = await shift(engines, 2 ** -Math.max(0, failures - 1));
    } finally {
      engines.dispose();
    }
    if (failure === null) break;
    failures++;
    // What the ledger refuses once, it refuses again.
    if (failures >= MOST_FAILURES || failure.by === "ledger") {
      return { complete: false, failure: failure.error, samples };
    }
    request.onFailure?.(`${failure.error.message}; opening the engine again`);
  }
  return { complete: finished.size >= total, failure: null, samples };
}

interface Failure {
  readonly by: "engine" | "ledger";
  readonly error: DeviceError;
}

interface DoneUnit {
  readonly tallies: ReadonlyMap<number, Tally>;
  readonly samples: number;
  readonly rows: readonly UnitRow[];
}

/** All samples of a unit; null where it was interrupted. @throws DeviceError */
async function runUnit(
  request: SweepRequest,
  { engine, host }: SweepEngines,
  unit: number,
  share: number,
): Promise<DoneUnit | null> {
  const { settings, signal } = request;
  const tallies = new Map<number, Tally>();
  const rows: UnitRow[] = [];
  let samples = 0;
  for (const segment of request.units.at(unit)) {
    const { cell, network } = segment;
    const own = caseRequest(cell, settings.seed, network, segment.first, segment.samples);
    const collector = createCollector(cell.depth, segment);
    const watch = watchdog(request, unit);
    const batchSize = share < 1 ? Math.max(1, Math.floor(segment.samples * share)) : null;
    const outcome = await watch.race(
      verify({
        ...own,
        engine,
        host,
        accuracy: settings.accuracy,
        audit: settings.audit,
        normMethod: settings.normMethod,
        certify: settings.certify,
        errors: request.onUnit !== undefined,
        plant: settings.plant as FaultName | null,
        catch: request.catch?.(segment, own) ?? null,
        signal: signal ?? null,
        batchSize,
        onProgress: watch.alive,
        onRow: (row) => {
          collector.add(row);
          if (request.onUnit !== undefined) rows.push({ segment, row });
        },
      }),
    );
    if (outcome.failure !== null) throw outcome.failure;
    if (outcome.report.samples < segment.samples) return null;
    // The weights' own rounding counts once a network, however many units share it.
    const repeated = segment.first > 0 && engine.description.precision === "f32" ? roundedWeights(own.network) : 0;
    const tally = collector.finish(outcome.report, outcome.report.run.roundedValues - repeated);
    const known = tallies.get(cell.architecture);
    if (known === undefined) tallies.set(cell.architecture, tally);
    else mergeTally(known, tally);
    samples += segment.samples;
  }
  return { tallies, samples, rows };
}

function roundedWeights(network: Network): number {
  const changed = (values: Float64Array): number => values.reduce((sum, x) => sum + (Math.fround(x) === x ? 0 : 1), 0);
  return network.layers.reduce((sum, layer) => sum + changed(layer.weight) + changed(layer.bias), 0);
}

/** Turns a promise that never settles into a failure. */
function watchdog({ timer, watchdogMs }: SweepRequest, unit: number) {
  let cancel = (): void => undefined;
  let expire: (error: DeviceError) => void = () => undefined;
  const expired = new Promise<never>((_, reject) => {
    expire = reject;
  });
  expired.catch(() => undefined);
  const alive = (): void => {
    cancel();
    cancel = timer(() => {
      const seconds = String(Math.round(watchdogMs / 1000));
      expire(new DeviceError(`unit ${String(unit)}: no batch came back within ${seconds} s`));
    }, watchdogMs);
  };
  alive();
  return {
    alive,
    race: async <T>(work: Promise<T>): Promise<T> => {
      // Once it hangs nobody waits for it any more: its own failure, when the engine ends, must not go unhandled.
      work.catch(() => undefined);
      try {
        return await Promise.race([work, expired]);
      } finally {
        cancel();
      }
    },
  };
}
