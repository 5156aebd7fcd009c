/**
 * Batches on their way, begun ahead of need and finished in index order. On an engine: measured there, settled in this thread. On the threads
 * of engine cpu: begun and finished there (thread.ts).
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import { BLOCK } from "../engine/cpu/engine.ts";
import type { Engine, MeasuredBatch } from "../engine/engine.ts";
import { batchWithin } from "../engine/footprint.ts";
import type { Plan } from "../engine/plan.ts";
import type { InputDistribution } from "../sampling/inputs.ts";
import type { SettledBlock } from "./block.ts";
import type { Examined, Examiner } from "./examine.ts";
import type { GivenBatch } from "./given.ts";
import type { BatchWork } from "./thread.ts";

/** A batch that has been begun. */
export interface Flight {
  /** Never rejects: a failure waits until its batch is reached. */
  readonly begun: Promise<{ readonly error: unknown } | { readonly error?: undefined }>;
  /** What `begun` leaves to be done, and then `receive`; nothing stays held. */
  readonly finish: (receive: Receive) => Promise<void>;
  /** Instead of `finish`, where nobody waits for the batch any more. */
  readonly drop: () => void;
}

/** @param held what is still there to be looked at closer; null where the batch was finished elsewhere. */
export type Receive = (block: SettledBlock, held: Held | null) => Promise<void> | void;

export interface Held {
  readonly given: GivenBatch;
  readonly measured: MeasuredBatch;
  readonly examined: Examined;
}

/** How a run's batches are begun. */
export interface Flights {
  /** Samples a batch. */
  readonly size: number;
  /** Batches that are begun before the first of them is finished. */
  readonly ahead: number;
  /** How inputs are to be drawn where they are made: then those of `given` may be empty. */
  readonly begin: (given: GivenBatch, drawn: InputDistribution | null) => Flight;
  readonly drawsInputs: boolean;
}

type Begun<T> = { readonly value: T; readonly error?: undefined } | { readonly error: unknown };

function settled<T>(work: Promise<T>): Promise<Begun<T>> {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** Two batches in flight: the next is measured while one is settled. */
export function engineFlights(engine: Engine, plan: Plan, examiner: Examiner): Flights {
  return {
    size: engine.batchSize(plan),
    ahead: 2,
    drawsInputs: false,
    begin(given) {
      const begun = settled(engine.measure(plan, given.batch, examiner.drawn(given.batch)));
      return {
        begun,
        async finish(receive) {
          const found = await begun;
          if (!("value" in found)) throw found.error;
          const measured = found.value;
          try {
            const examined = await examiner.examine(given, measured);
            try {
              await receive(examined.block, { given, measured, examined });
            } finally {
              examined.settled.release();
            }
          } finally {
            measured.release();
          }
        },
        drop: () => void begun.then((found) => "value" in found && found.value.release()),
      };
    },
  };
}

/** Multiplications of a batch that keep a thread busy for some milliseconds, so that a message costs nothing beside them. */
const WORK_A_BATCH = 2 ** 23;
const MOST = 1024;

/** Two batches a thread, so that none waits for this one. @param samples of the run: a small one is divided among all threads. */
export function threadFlights(
  engine: CpuEngine,
  plan: Plan,
  samples: number,
  asked: Pick<BatchWork, "audit" | "certify">,
): Flights {
  const weights = plan.layers.reduce((sum, layer) => sum + layer.scaledWeight.length, 0);
  const fits = Math.min(MOST, WORK_A_BATCH / weights, samples / (2 * engine.threads));
  return {
    size: batchWithin(BLOCK * Math.max(1, Math.ceil(fits / BLOCK)), plan.network),
    ahead: 2 * engine.threads,
    drawsInputs: true,
    begin(given, drawn) {
      const work: BatchWork = { ...asked, given, drawn };
      const begun = settled(engine.work(plan, given.batch.samples, work) as Promise<SettledBlock>);
      return {
        begun,
        async finish(receive) {
          const found = await begun;
          if (!("value" in found)) throw found.error;
          await receive(found.value, null);
        },
        drop: () => undefined,
      };
    },
  };
}

/** Whether a run can go to the threads of its engine: they settle against the plan that they measure with. */
export function hasThreads(engine: Engine, plan: Plan, hostPlan: Plan): engine is CpuEngine {
  return "work" in engine && (engine as CpuEngine).threads > 0 && plan === hostPlan;
}
