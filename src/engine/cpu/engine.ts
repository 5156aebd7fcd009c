/**
 * Engine cpu: f64 on the host (the search for witnesses in f32), in blocks of samples over worker threads. Same bits on every machine, whatever the number of
 * threads: a sample's numbers depend on nothing but itself (product.ts, witness.ts).
 */
import { DeviceError } from "../../network/errors.ts";
import { withBatchFault } from "../batch-faults.ts";
import { outputsAnInput, sharing } from "../each-output.ts";
import type { Batch, Engine, MeasuredBatch, Measurements, ProvenNorms, StoredSample, TracedSample } from "../engine.ts";
import type { FaultName } from "../faults.ts";
import { batchWithin } from "../footprint.ts";
import type { Layer } from "../../network/network.ts";
import { borrowOf, createPool } from "../memory.ts";
import type { LayerPlan, Plan } from "../plan.ts";
import { planLayer, proofWork } from "../plan.ts";
import { turn } from "../turn.ts";
import type { Done, HostAnswer, HostReply, HostRequest } from "./host.ts";
import { createHost, withOwnWeights } from "./host.ts";
import { mergeMeasurements, proveInParts, splitBatch } from "./merge.ts";
import type { RefineRequest, Refinement } from "./refine.ts";

/** An engine that can also take stored samples up again (refine.ts); a planted fault never touches a refinement. */
export interface CpuEngine extends Engine {
  /** One call, one thread: `BLOCK` samples or so at once use the threads best. */
  refine(plan: Plan, stored: readonly StoredSample[], request: RefineRequest): Promise<Refinement>;
  /** Worker threads; 0: this engine computes in the calling thread. */
  readonly threads: number;
  /**
   * Work of others on one of its threads (host.ts), which get its plan and its fault.
   * @param size in samples. @param transfer what of the work is handed over instead of being copied. @throws DeviceError
   */
  work(plan: Plan, size: number, work: unknown, transfer?: readonly Transferable[]): Promise<unknown>;
  /** One layer of a plan (plan.ts), on a thread of its own where it is more than a few milliseconds of work. */
  planLayer(layer: Layer, gram: boolean): Promise<LayerPlan>;
}

/** A worker thread as this engine needs it: Node's, Deno's and the browser's fit. */
export interface HostThread {
  post(message: { id: number; request: HostRequest }, transfer: readonly Transferable[]): void;
  onReply(listener: (reply: HostReply) => void): void;
  /** Called when the thread dies. */
  onFailure(listener: (reason: string) => void): void;
  terminate(): void;
}

export interface CpuEngineOptions {
  /** Worker threads; 0 computes in the calling thread. */
  readonly threads: number;
  /** Starts one worker thread whose messages are answered by `serve` (host.ts). Needed where threads > 0. */
  readonly spawn?: () => HostThread;
  /** "node 20.20.2" and the like, for the description. */
  readonly runtime: string;
  readonly fault?: FaultName | undefined;
  /** Where it computes in a thread that has nothing else to do: no turns of the event loop between blocks. */
  readonly undisturbed?: boolean;
}

/** Samples a block: the unit of work of a thread. One that has no other to share with takes two at once, a tenth faster on small networks. */
export const BLOCK = 64;

interface Lane {
  readonly call: (request: HostRequest, transfer?: readonly Transferable[]) => Promise<HostAnswer>;
  /** The plans that it holds, the one that was used longest ago first, each with the number of calls that need it now. */
  readonly plans: Map<number, number>;
  readonly terminate: () => void;
  busy: number;
}

export function createCpuEngine(options: CpuEngineOptions): CpuEngine {
  const { spawn } = options;
  const lanes: Lane[] =
    options.threads > 0 && spawn !== undefined
      ? Array.from({ length: options.threads }, () => threadLane(spawn()))
      : [ownLane(options.undisturbed === true)];
  const most = lanes.length === 1 ? 2 * BLOCK : BLOCK;
  const pool = createPool();
  const planIds = new WeakMap<Plan, number>();
  let nextId = 1;

  /** A call that needs a plan: sent first where the lane has not got it, and not forgotten before the call is answered. */
  const withPlan = async <T>(lane: Lane, plan: Plan, call: (planId: number) => Promise<T>): Promise<T> => {
    let planId = planIds.get(plan);
    if (planId === undefined) {
      planId = nextId++;
      planIds.set(plan, planId);
    }
    const uses = lane.plans.get(planId);
    lane.plans.delete(planId);
    lane.plans.set(planId, (uses ?? 0) + 1);
    try {
      if (uses === undefined) {
        forgetOld(lane);
        // What others ask of this plan meanwhile arrives after it.
        await lane.call({ kind: "plan", planId, plan, fault: options.fault });
      }
      return await call(planId);
    } finally {
      lane.plans.set(planId, (lane.plans.get(planId) ?? 1) - 1);
    }
  };

  const leastBusy = (): Lane => lanes.reduce((a, b) => (b.busy < a.busy ? b : a));
  const measureOn = async (
    lane: Lane,
    plan: Plan,
    batch: Batch,
    isPart: boolean,
  ): Promise<{ blockId: number; measurements: Measurements }> => {
    lane.busy += batch.samples;
    try {
      const blockId = nextId++;
      const measurements = await withPlan(lane, plan, (planId) =>
        lane.call({ kind: "measure", planId, blockId, batch, isPart }),
      );
      return { blockId, measurements: measurements as Measurements };
    } finally {
      lane.busy -= batch.samples;
    }
  };

  const engine: CpuEngine = {
    description: { kind: "cpu", precision: "f64", adapter: "host", runtime: options.runtime, hardware: false },
    batchSize(plan) {
      const outputs = outputsAnInput(plan);
      if (outputs > 1) return outputs * inputsABlock(outputs) * lanes.length;
      return batchWithin(BLOCK * (lanes.length === 1 ? 8 : 4 * lanes.length), plan.network);
    },
    async measure(plan, batch) {
      const outputs = sharing(batch);
      const part = outputs > 1 ? outputs * inputsABlock(outputs) : most;
      const parts = splitBatch(batch, part);
      const blocks = await Promise.all(
        parts.map(async (own) => {
          const lane = leastBusy();
          return { lane, ...(await measureOn(lane, plan, own, parts.length > 1)) };
        }),
      );
      // One call a block, whatever the order in which its samples were asked for.
      const read = async <T extends StoredSample>(
        kind: "stored" | "traced",
        samples: readonly number[],
      ): Promise<T[]> => {
        const places = new Map<number, number[]>();
        for (const sample of samples) {
          const number = Math.floor(sample / part);
          if (blocks[number] === undefined) {
            throw new RangeError(`sample ${String(sample)} of a batch of ${String(batch.samples)}`);
          }
          places.set(number, [...(places.get(number) ?? []), sample]);
        }
        const found = new Map<number, T>();
        await Promise.all(
          [...places].map(async ([number, own]) => {
            const { lane, blockId } = blocks[number] as (typeof blocks)[number];
            const answer = await lane.call({ kind, blockId, samples: own.map((sample) => sample % part) });
            own.forEach((sample, i) => found.set(sample, (answer as T[])[i] as T));
          }),
        );
        return samples.map((sample) => found.get(sample) as T);
      };
      const prove: MeasuredBatch["prove"] = (own, wanted) =>
        proveInParts(wanted, part, blocks, async ({ lane, blockId }, share) => {
          const call = (planId: number) => lane.call({ kind: "prove", planId, blockId, wanted: share });
          return (await withPlan(lane, own, call)) as (ProvenNorms | null)[];
        });
      const loan = borrowOf(pool);
      const measurements = mergeMeasurements(
        blocks.map((b) => b.measurements),
        loan.take,
      );
      return {
        measurements,
        stored: (samples) => read<StoredSample>("stored", samples),
        traced: (samples) => read<TracedSample>("traced", samples),
        ...(outputs > 1 ? {} : { prove }),
        release() {
          loan.end();
          for (const { lane, blockId } of blocks) void lane.call({ kind: "release", blockId }).catch(() => undefined);
        },
      };
    },
    async refine(plan, stored, request) {
      const lane = leastBusy();
      lane.busy += stored.length;
      try {
        const refinement = await withPlan(lane, plan, (planId) =>
          lane.call({ kind: "refine", planId, stored, request }),
        );
        return refinement as Refinement;
      } finally {
        lane.busy -= stored.length;
      }
    },
    threads: spawn === undefined ? 0 : options.threads,
    async work(plan, size, work, transfer = []) {
      const lane = leastBusy();
      lane.busy += size;
      try {
        const done = await withPlan(lane, plan, (planId) => lane.call({ kind: "work", planId, work }, transfer));
        return (done as Done).result;
      } finally {
        lane.busy -= size;
      }
    },
    async planLayer(layer, gram) {
      if (proofWork(layer) < SMALL_PROOF) return planLayer(layer, gram);
      const lane = leastBusy();
      lane.busy += BLOCK;
      try {
        return (await lane.call({ kind: "plan-layer", layer, gram })) as LayerPlan;
      } finally {
        lane.busy -= BLOCK;
      }
    },
    dispose() {
      for (const lane of lanes) lane.terminate();
    },
  };
  return withBatchFault(engine, options.fault);
}

/** Multiplications of a proof that the calling thread makes itself: about 10 ms. */
const SMALL_PROOF = 2e7;

/** Plans that a lane holds beside those in use: a run has one or two at a time, a sweep a few. */
const KEPT_PLANS = 8;

/** Older plans only hold memory. */
function forgetOld(lane: Lane): void {
  let spare = lane.plans.size - KEPT_PLANS;
  for (const [planId, uses] of lane.plans) {
    if (spare <= 0) return;
    if (uses > 0) continue;
    spare--;
    lane.plans.delete(planId);
    void lane.call({ kind: "forget", planId }).catch(() => undefined);
  }
}

/** Samples of a block whose inputs have several outputs each: what is stored of them is the samples', not the inputs'. */
const SHARING_BLOCK = 16 * BLOCK;
const REFINEMENTS_A_TURN = 8;

/** Inputs of a block, where each is so many samples. */
function inputsABlock(outputs: number): number {
  return Math.max(1, Math.min(BLOCK, Math.floor(SHARING_BLOCK / outputs)));
}

function ownLane(undisturbed: boolean): Lane {
  const host = createHost();
  let refinements = 0;
  /** A turn of the event loop a block, and now and then a refinement, so that progress and interruption are heard; a turn takes 1 ms. */
  const takesTurn = (request: HostRequest): boolean =>
    request.kind === "measure" ||
    request.kind === "plan-layer" ||
    (request.kind === "refine" && ++refinements % REFINEMENTS_A_TURN === 0);
  return {
    call: async (request) => {
      if (!undisturbed && takesTurn(request)) await turn();
      return host(request.kind === "plan" ? { ...request, plan: withOwnWeights(request.plan) } : request);
    },
    plans: new Map(),
    terminate: () => undefined,
    busy: 0,
  };
}

function threadLane(thread: HostThread): Lane {
  const waiting = new Map<number, { resolve: (answer: HostAnswer) => void; reject: (error: Error) => void }>();
  let nextCall = 1;
  let failure: string | null = null;
  thread.onReply((reply) => {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.error !== undefined) call?.reject(new DeviceError(`engine cpu: ${reply.error}`));
    else call?.resolve(reply.answer ?? null);
  });
  thread.onFailure((reason) => {
    failure = reason;
    for (const call of waiting.values()) call.reject(new DeviceError(`engine cpu: a worker thread ended: ${reason}`));
    waiting.clear();
  });
  return {
    call: (request, transfer = []) =>
      new Promise((resolve, reject) => {
        if (failure !== null) {
          reject(new DeviceError(`engine cpu: a worker thread ended: ${failure}`));
          return;
        }
        const id = nextCall++;
        waiting.set(id, { resolve, reject });
        thread.post({ id, request }, transfer);
      }),
    plans: new Map(),
    terminate: () => {
      thread.terminate();
    },
    busy: 0,
  };
}
