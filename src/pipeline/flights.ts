/**
 * Batches on their way, begun ahead of need and finished in index order. On an engine: measured there, settled in this thread, or on one of
 * the host's. On the threads of engine cpu: begun and finished there (thread.ts).
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import { BLOCK } from "../engine/cpu/engine.ts";
import type { Engine, MeasuredBatch } from "../engine/engine.ts";
import { batchWithin } from "../engine/footprint.ts";
import type { Plan } from "../engine/plan.ts";
import type { InputDistribution } from "../sampling/inputs.ts";
import type { SettledBlock } from "./block.ts";
import { memoryOf } from "./block.ts";
import type { Wishes } from "./climb.ts";
import type { Examined, Examiner } from "./examine.ts";
import { createExaminer } from "./examine.ts";
import type { GivenBatch } from "./given.ts";
import { lend } from "./remote-batch.ts";
import type { Asked, BatchWork } from "./thread.ts";

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

/** What a run is made of, as far as its batches are concerned. */
export interface Fleet {
  readonly engine: Engine;
  readonly plan: Plan;
  /** The same network's in f64. */
  readonly hostPlan: Plan;
  readonly wishes: Wishes;
  /** Whether the plan is as it was proven, so that another thread can make the host's from it. */
  readonly isClean: boolean;
  /** Share of samples; null: the default. */
  readonly audit: number | null;
  readonly samples: number;
  /** Samples a batch that were asked for; null: the engine's choice. */
  readonly batchSize: number | null;
  /** Whether finished samples are looked at closer, so that their batches are held here. */
  readonly isHeld: boolean;
}

export function flightsOf(fleet: Fleet): Flights {
  const { engine, plan, hostPlan, wishes, isClean, audit, samples, batchSize, isHeld } = fleet;
  const { host, hostAccuracy, certify } = wishes;
  const asked: Asked = { audit, hostAccuracy, certify };
  if (isClean && !isHeld && plan.precision === "f64" && hasThreads(engine))
    return threadFlights(engine, plan, samples, asked);
  const examiner = createExaminer(plan, hostPlan, wishes, audit);
  // While a single batch is settled there is nothing to feed the device with.
  const isLong = samples > (batchSize ?? engine.batchSize(plan));
  if (isClean && !isHeld && plan.precision === "f32" && isLong && host.threads > 0) {
    return deviceFlights(engine, host, plan, examiner, asked);
  }
  return engineFlights(engine, plan, examiner);
}

function hasThreads(engine: Engine): engine is CpuEngine {
  return "work" in engine && (engine as CpuEngine).threads > 0;
}

type Begun<T> = { readonly value: T; readonly error?: undefined } | { readonly error: unknown };

function settled<T>(work: Promise<T>): Promise<Begun<T>> {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** Two batches in flight: the next is measured while one is settled. */
function engineFlights(engine: Engine, plan: Plan, examiner: Examiner): Flights {
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
              examiner.reuse(memoryOf(examined.block));
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

/**
 * Multiplications of a batch's products, one of each layer: so many that neither a message nor the audit of its first and its last sample costs
 * much beside them, and that it takes a fraction of a second.
 */
const WORK_A_BATCH = 2 ** 27;
const MOST = 2048;

/** Two batches a thread, so that none waits for this one. @param samples of the run: a small one is divided among all threads. */
function threadFlights(engine: CpuEngine, plan: Plan, samples: number, asked: Asked): Flights {
  const spares = createSpares();
  const weights = plan.layers.reduce((sum, layer) => sum + layer.scaledWeight.length, 0);
  const fits = Math.min(MOST, WORK_A_BATCH / weights, samples / (2 * engine.threads));
  return {
    size: batchWithin(BLOCK * Math.max(1, Math.ceil(fits / BLOCK)), plan.network),
    ahead: 2 * engine.threads,
    drawsInputs: true,
    begin(given, drawn) {
      const spare = spares.take();
      const work: BatchWork = { ...asked, given, drawn, measured: null, spare };
      return aloft(engine.work(plan, given.batch.samples, work, spare) as Promise<SettledBlock>, spares);
    },
  };
}

/** Batches that a device measures, two at once, and a thread of the host settles meanwhile. */
function deviceFlights(engine: Engine, host: CpuEngine, plan: Plan, examiner: Examiner, asked: Asked): Flights {
  const spares = createSpares();
  const fly = async (given: GivenBatch): Promise<SettledBlock> => {
    const measured = await engine.measure(plan, given.batch, examiner.drawn(given.batch));
    const { port, failure, close } = lend(measured);
    try {
      const own = { measurements: measured.measurements, port };
      const spare = spares.take();
      const work: BatchWork = { ...asked, given, drawn: null, measured: own, spare };
      return (await host.work(plan, given.batch.samples, work, [port, ...spare])) as SettledBlock;
    } catch (error) {
      // Of the device's own failure the thread knows only that there was one.
      throw failure() ?? error;
    } finally {
      close();
      measured.release();
    }
  };
  return {
    size: engine.batchSize(plan),
    ahead: 2 + host.threads,
    drawsInputs: false,
    begin: (given) => aloft(fly(given), spares),
  };
}

/** Memory of blocks that have been received, on its way back to where blocks are made. */
interface Spares {
  readonly take: () => ArrayBuffer[];
  readonly add: (block: SettledBlock) => void;
}

function createSpares(): Spares {
  const blocks: ArrayBuffer[][] = [];
  return { take: () => blocks.pop() ?? [], add: (block) => void blocks.push(memoryOf(block)) };
}

/** A batch that others finish. */
function aloft(work: Promise<SettledBlock>, spares: Spares): Flight {
  const begun = settled(work);
  return {
    begun,
    async finish(receive) {
      const found = await begun;
      if (!("value" in found)) throw found.error;
      await receive(found.value, null);
      spares.add(found.value);
    },
    drop: () => undefined,
  };
}
