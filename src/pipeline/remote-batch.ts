/** A batch that a device measured, settled on another thread: its measurements go there, and what is stored is asked for through a port. */
import type { MeasuredBatch, Measurements, StoredSample, TracedSample } from "../engine/engine.ts";

interface Question {
  readonly id: number;
  readonly kind: "stored" | "traced";
  readonly places: readonly number[];
}

interface Answer {
  readonly id: number;
  /** Null where the device failed. */
  readonly samples: readonly StoredSample[] | null;
}

/** The side of the thread that holds the batch. */
export interface Lender {
  /** To be handed to the other thread. */
  readonly port: MessagePort;
  /** What the device failed with, of which the other thread hears only that it did. */
  readonly failure: () => unknown;
  readonly close: () => void;
}

export function lend(measured: MeasuredBatch): Lender {
  const { port1, port2 } = new MessageChannel();
  let failure: unknown = null;
  const answer = async ({ id, kind, places }: Question): Promise<void> => {
    let samples: Answer["samples"] = null;
    try {
      samples = await measured[kind](places);
    } catch (error) {
      failure = error;
    }
    port1.postMessage({ id, samples } satisfies Answer);
  };
  port1.onmessage = ({ data }: MessageEvent<Question>) => void answer(data);
  return {
    port: port2,
    failure: () => failure,
    close: () => {
      port1.close();
    },
  };
}

/** The same batch on the other thread. Nothing of it is held there, so that there is nothing to release. */
export function borrow(measurements: Measurements, port: MessagePort): MeasuredBatch {
  const waiting = new Map<number, (samples: Answer["samples"]) => void>();
  let nextId = 1;
  port.onmessage = ({ data: { id, samples } }: MessageEvent<Answer>) => {
    waiting.get(id)?.(samples);
    waiting.delete(id);
  };
  const ask = async (kind: Question["kind"], places: readonly number[]): Promise<readonly StoredSample[]> => {
    const id = nextId++;
    const answered = new Promise<Answer["samples"]>((resolve) => waiting.set(id, resolve));
    port.postMessage({ id, kind, places } satisfies Question);
    const samples = await answered;
    if (samples === null) throw new Error("the device failed");
    return samples;
  };
  return {
    measurements,
    stored: async (places) => [...(await ask("stored", places))],
    traced: async (places) => [...((await ask("traced", places)) as readonly TracedSample[])],
    release: () => {
      port.close();
    },
  };
}
