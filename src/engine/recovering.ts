/**
 * An engine that outlives its device. A device that is lost, hangs, refuses memory or throws is opened anew, and the batch that was on it is
 * measured again, so that whoever asked gets one answer for each batch, as if nothing had happened: an engine's numbers depend on plan and
 * sample alone (engine.ts). From the second failure on the batch goes in parts, in case it was too large.
 *
 * Limits: the new engine has to be the same one by description, since numbers of two adapters do not belong into one report; and a
 * device that fails MOST times with no batch finished between is given up.
 */
import { DeviceError } from "../network/errors.ts";
import { mergeMeasurements } from "./cpu/merge.ts";
import { partOf, sharing, wholeInputs } from "./each-output.ts";
import type { Batch, Engine, MeasuredBatch, StoredSample } from "./engine.ts";
import type { Plan } from "./plan.ts";

const MOST = 3;

export interface Recovery {
  /** Called after each failure that is met by opening a new engine. */
  readonly onRecovery?: (failure: DeviceError) => void;
  /** Ends a wait that shows no progress for `ms`; none where left out. */
  readonly watchdog?: Watchdog;
}

export interface Watchdog {
  readonly ms: number;
  /** Calls back after so many milliseconds; returns what takes that back. */
  readonly timer: (callback: () => void, ms: number) => () => void;
}

/**
 * @param open opens a new engine on a new device; it may wait and try again.
 * @throws DeviceError as `open` does.
 */
export async function createRecoveringEngine(open: () => Promise<Engine>, recovery: Recovery = {}): Promise<Engine> {
  let current = watched(await open(), recovery.watchdog);
  let failures = 0;
  let replacing: Promise<void> | null = null;
  const { description } = current.engine;

  const replace = async (failed: Watched, error: DeviceError): Promise<void> => {
    if (++failures > MOST) throw error;
    failed.engine.dispose();
    const next = await open();
    const names = [description, next.description].map(({ adapter, runtime }) => `${adapter}, ${runtime}`);
    if (names[0] !== names[1]) {
      next.dispose();
      throw new DeviceError(
        `${error.message}; found the adapter ${String(names[1])}, expected ${String(names[0])} again`,
      );
    }
    current = watched(next, recovery.watchdog);
    recovery.onRecovery?.(error);
  };
  /** Waits for the engine that takes the failed one's place. Batches in flight fail together: the first to notice replaces it for all. */
  const renewed = async (failed: Watched, error: unknown): Promise<void> => {
    if (!(error instanceof DeviceError)) throw error;
    if (failed !== current) return;
    replacing ??= replace(failed, error).finally(() => (replacing = null));
    await replacing;
  };

  const measure = async (plan: Plan, batch: Batch, trace?: readonly number[]): Promise<MeasuredBatch> => {
    for (;;) {
      const own = current;
      const share = Math.ceil(batch.samples * 2 ** -Math.max(0, failures - 1));
      const size = wholeInputs(share, sharing(batch));
      try {
        return await measureInParts(own, plan, batch, trace, size);
      } catch (error) {
        await renewed(own, error);
      }
    }
  };

  return {
    description,
    batchSize: (plan) => current.engine.batchSize(plan),
    async measure(plan, batch, trace) {
      let held = await measure(plan, batch, trace);
      failures = 0;
      let renewing: Promise<void> | null = null;
      const read = async <T>(ask: (measured: MeasuredBatch) => Promise<T>): Promise<T> => {
        for (;;) {
          const own = held;
          const from = current;
          try {
            return await from.race(() => ask(own));
          } catch (error) {
            if (!(error instanceof DeviceError)) throw error;
            // One measurement for all that is read of the batch: two batches at once is all that an engine takes.
            if (own === held) {
              renewing ??= renewed(from, error)
                .then(() => measure(plan, batch, trace))
                .then((measured) => {
                  own.release();
                  held = measured;
                })
                .finally(() => (renewing = null));
              await renewing;
            }
          }
        }
      };
      return {
        measurements: held.measurements,
        stored: (samples) => read((measured) => measured.stored(samples)),
        traced: (samples) => read((measured) => measured.traced(samples)),
        release: () => {
          held.release();
        },
      };
    },
    dispose: () => {
      current.engine.dispose();
    },
  };
}

/** An engine whose calls end: by an answer, by a DeviceError, or, where none of them shows progress, by the watchdog. */
interface Watched {
  readonly engine: Engine;
  readonly race: <T>(work: () => Promise<T>) => Promise<T>;
}

function watched(engine: Engine, watchdog: Watchdog | undefined): Watched {
  let expire: (error: DeviceError) => void = () => undefined;
  const expired = new Promise<never>((_, reject) => {
    expire = reject;
  });
  expired.catch(() => undefined);
  let cancel = (): void => undefined;
  let waiting = 0;
  /** From now on again, while anything is waited for. */
  const progress = (change: 1 | -1): void => {
    waiting += change;
    cancel();
    if (watchdog === undefined || waiting === 0) return;
    const { ms, timer } = watchdog;
    cancel = timer(() => {
      const { kind, adapter } = engine.description;
      expire(new DeviceError(`${kind}: ${adapter} gave no answer within ${String(Math.round(ms / 1000))} s`));
    }, ms);
  };
  return {
    engine,
    race: async (work) => {
      progress(1);
      // A call that throws at once is one that fails.
      const answer = Promise.resolve().then(work);
      // Nobody waits any more for what comes after the watchdog.
      answer.catch(() => undefined);
      try {
        return await Promise.race([answer, expired]);
      } catch (error) {
        throw asDeviceError(error, engine);
      } finally {
        progress(-1);
      }
    },
  };
}

/** What createBuffer and submit throw of themselves is the device's failure as well; its own words stay. */
function asDeviceError(error: unknown, { description }: Engine): unknown {
  if (error instanceof DeviceError || description.kind !== "webgpu" || !(error instanceof Error)) return error;
  return new DeviceError(`webgpu: ${error.name}: ${error.message}`, { cause: error });
}

/** The batch in consecutive parts of at most `size` samples, as one. */
async function measureInParts(
  own: Watched,
  plan: Plan,
  batch: Batch,
  trace: readonly number[] | undefined,
  size: number,
): Promise<MeasuredBatch> {
  if (size >= batch.samples) return own.race(() => own.engine.measure(plan, batch, trace));
  const parts: MeasuredBatch[] = [];
  const release = (): void => {
    for (const part of parts) part.release();
  };
  try {
    for (let from = 0; from < batch.samples; from += size) {
      const to = Math.min(batch.samples, from + size);
      const part = partOf(batch, from, to);
      // No trace is asked for in advance: at most two measured batches may be held, and a part gives its memory back before the next.
      const measured = await own.race(() => own.engine.measure(plan, part));
      parts.push(await heldOnHost(own, measured, part.samples));
    }
  } catch (error) {
    release();
    throw error;
  }
  const read = async <T extends StoredSample>(
    samples: readonly number[],
    ask: (part: MeasuredBatch, own: readonly number[]) => Promise<T[]>,
  ): Promise<T[]> => {
    const result: T[] = [];
    for (const sample of samples) {
      const part = parts[Math.floor(sample / size)] as MeasuredBatch;
      result.push(...(await ask(part, [sample % size])));
    }
    return result;
  };
  return {
    measurements: mergeMeasurements(parts.map((part) => part.measurements)),
    stored: (samples) => read(samples, (part, own) => part.stored(own)),
    traced: (samples) => read(samples, (part, own) => part.traced(own)),
    release,
  };
}

/** A measured part with everything that it stored read back, so that the engine's memory of it is free. */
async function heldOnHost(own: Watched, measured: MeasuredBatch, samples: number): Promise<MeasuredBatch> {
  try {
    const all = Array.from({ length: samples }, (_, i) => i);
    const traced = await own.race(() => measured.traced(all));
    const pick = (wanted: readonly number[]) =>
      Promise.resolve(wanted.map((i) => traced[i] as (typeof traced)[number]));
    return { measurements: measured.measurements, stored: pick, traced: pick, release: () => undefined };
  } finally {
    measured.release();
  }
}
