/**
 * An engine that outlives its device. Where a device is lost, the batch that was on it is measured again on a new one, so that whoever
 * asked gets one answer for each batch, as if nothing had happened: an engine's numbers depend on plan and sample alone (engine.ts).
 *
 * Limits: the new engine has to be the same one by description, since numbers of two adapters do not belong into one report; and a
 * device that is lost MOST times with no batch finished between is given up.
 */
import { DeviceError, DeviceLostError } from "../network/errors.ts";
import type { Batch, Engine, MeasuredBatch } from "./engine.ts";
import type { Plan } from "./plan.ts";

const MOST = 3;

/**
 * @param open opens a new engine on a new device; it may wait and try again.
 * @param onRecovery is called after each recovery.
 * @throws DeviceError as `open` does.
 */
export async function createRecoveringEngine(
  open: () => Promise<Engine>,
  onRecovery: () => void = () => undefined,
): Promise<Engine> {
  let current = await open();
  let losses = 0;
  let replacing: Promise<void> | null = null;
  const { description } = current;

  const replace = async (lost: Engine, error: DeviceLostError): Promise<void> => {
    if (++losses > MOST) throw error;
    lost.dispose();
    const next = await open();
    const names = [description, next.description].map(({ adapter, runtime }) => `${adapter}, ${runtime}`);
    if (names[0] !== names[1]) {
      next.dispose();
      throw new DeviceError(
        `${error.message}; found the adapter ${String(names[1])}, expected ${String(names[0])} again`,
      );
    }
    current = next;
    onRecovery();
  };
  /** `work` on the engine that is current, and again on the next one where that is lost. */
  const onCurrent = async <T>(work: (engine: Engine) => Promise<T>): Promise<T> => {
    for (;;) {
      const own = current;
      try {
        return await work(own);
      } catch (error) {
        if (!(error instanceof DeviceLostError)) throw error;
        // Batches in flight are lost together: the first to notice replaces the engine for all.
        if (own === current) {
          replacing ??= replace(own, error).finally(() => (replacing = null));
          await replacing;
        }
      }
    }
  };

  const measure = async (plan: Plan, batch: Batch, trace?: readonly number[]): Promise<MeasuredBatch> => {
    const measureAgain = (): Promise<MeasuredBatch> => onCurrent((engine) => engine.measure(plan, batch, trace));
    let held = await measureAgain();
    losses = 0;
    let renewing: Promise<void> | null = null;
    const read = async <T>(ask: (measured: MeasuredBatch) => Promise<T>): Promise<T> => {
      for (;;) {
        const own = held;
        try {
          return await ask(own);
        } catch (error) {
          if (!(error instanceof DeviceLostError)) throw error;
          // One measurement for all that is read of the batch: two batches at once is all that an engine takes.
          if (own === held) {
            renewing ??= measureAgain()
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
  };
  return {
    description,
    batchSize: (plan) => current.batchSize(plan),
    measure,
    dispose: () => {
      current.dispose();
    },
  };
}
