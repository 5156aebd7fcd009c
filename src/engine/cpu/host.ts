/**
 * The work of engine cpu, wherever it runs: in this thread, or in a worker thread that `serve` answers from.
 * Plans are sent once and kept by number; stored blocks stay where they were made until they are released.
 */
import type { Batch, Measurements, ProvenNorms, StoredSample, TracedSample, Wanted } from "../engine.ts";
import type { FaultName } from "../faults.ts";
import type { Layer } from "../../network/network.ts";
import type { LayerPlan, Plan } from "../plan.ts";
import { planLayer } from "../plan.ts";
import { borrowOf, createPool, NO_POOL } from "../memory.ts";
import type { StoredBlock } from "./measure.ts";
import { measureBlock, proveBlock, readStored, readTraced } from "./measure.ts";
import type { Operators } from "./operators.ts";
import { makeOperators } from "./operators.ts";
import type { RefineRequest, Refinement } from "./refine.ts";
import { refineSamples } from "./refine.ts";

export type HostRequest =
  | { readonly kind: "plan"; readonly planId: number; readonly plan: Plan; readonly fault: FaultName | undefined }
  | { readonly kind: "plan-layer"; readonly layer: Layer; readonly gram: boolean }
  | { readonly kind: "forget"; readonly planId: number }
  /** `isPart`: the measurements are joined with others', and not read once the block is released. */
  | {
      readonly kind: "measure";
      readonly planId: number;
      readonly blockId: number;
      readonly batch: Batch;
      readonly isPart: boolean;
    }
  | {
      readonly kind: "refine";
      readonly planId: number;
      readonly stored: readonly StoredSample[];
      readonly request: RefineRequest;
    }
  | { readonly kind: "stored" | "traced"; readonly blockId: number; readonly samples: readonly number[] }
  | {
      readonly kind: "prove";
      readonly planId: number;
      readonly blockId: number;
      readonly wanted: readonly (Wanted | null)[];
    }
  | { readonly kind: "release"; readonly blockId: number }
  | { readonly kind: "work"; readonly planId: number; readonly work: unknown };

export type HostAnswer =
  Measurements | (ProvenNorms | null)[] | StoredSample[] | TracedSample[] | Refinement | LayerPlan | Done | null;

/** A plan as it was sent. */
export interface HeldPlan {
  readonly plan: Plan;
  readonly fault: FaultName | undefined;
}

/** What a thread does for others than its engine, on a plan that it holds. */
export type Work = (held: HeldPlan, work: unknown) => Promise<Done>;

/** What work gave, and the memory of it that may be handed over instead of being copied. */
export interface Done {
  readonly result: unknown;
  readonly transfer: readonly ArrayBuffer[];
}

/** A plan with its operators, made when they are first needed. */
class Held implements HeldPlan {
  readonly plan: Plan;
  readonly fault: FaultName | undefined;
  private own: Operators | null = null;
  private sound: Operators | null = null;

  constructor(plan: Plan, fault: FaultName | undefined) {
    this.plan = plan;
    this.fault = fault;
  }

  get operators(): Operators {
    return (this.own ??= makeOperators(this.plan, this.fault));
  }

  get clean(): Operators {
    if (this.fault === undefined) return this.operators;
    return (this.sound ??= makeOperators(this.plan, undefined));
  }
}

/** A host of its own: plans and blocks by number. @param work what else it does; nothing where left out. */
export function createHost(work?: Work): (request: HostRequest) => HostAnswer | Promise<HostAnswer> {
  const plans = new Map<number, Held>();
  const heldPlan = (planId: number): Held => {
    const held = plans.get(planId);
    if (held === undefined) throw new RangeError(`plan ${String(planId)} is not here`);
    return held;
  };
  const blocks = new Map<number, StoredBlock>();
  const heldBlock = (blockId: number): StoredBlock => {
    const block = blocks.get(blockId);
    if (block === undefined) throw new RangeError(`block ${String(blockId)} was released`);
    return block;
  };
  const pool = createPool();
  return (request) => {
    switch (request.kind) {
      case "plan":
        plans.set(request.planId, new Held(request.plan, request.fault));
        return null;
      case "plan-layer":
        return planLayer(request.layer, request.gram);
      case "forget":
        plans.delete(request.planId);
        return null;
      case "work":
        if (work === undefined) throw new RangeError("this thread does no work but its engine's");
        return work(heldPlan(request.planId), request.work);
      case "measure": {
        const loan = borrowOf(request.isPart ? pool : NO_POOL);
        const { measurements, stored } = measureBlock(heldPlan(request.planId).operators, request.batch, loan.take);
        const release = (): void => {
          stored.release();
          loan.end();
        };
        blocks.set(request.blockId, { ...stored, release });
        return measurements;
      }
      case "refine":
        return refineSamples(heldPlan(request.planId).clean, request.stored, request.request);
      case "stored":
      case "traced": {
        const block = heldBlock(request.blockId);
        const { samples } = request;
        return request.kind === "traced"
          ? samples.map((sample) => readTraced(block, sample))
          : samples.map((sample) => readStored(block, sample));
      }
      case "prove":
        return proveBlock(heldPlan(request.planId).plan, heldBlock(request.blockId), request.wanted);
      case "release":
        blocks.get(request.blockId)?.release();
        blocks.delete(request.blockId);
        return null;
    }
  };
}

/** The weights are the caller's, who may change them after the run: the kernels keep copies by the array (product.ts). */
export function withOwnWeights(plan: Plan): Plan {
  const layers = plan.network.layers.map((layer) => ({ ...layer, weight: layer.weight.slice() }));
  return { ...plan, network: { ...plan.network, layers } };
}

/** What a worker thread sends back. */
export interface HostReply {
  readonly id: number;
  readonly answer?: HostAnswer;
  readonly error?: string;
}

/** Answers requests that arrive as {id, request}; `send` posts the reply, and hands over the memory named beside it. */
export function serve(
  send: (reply: HostReply, transfer: readonly ArrayBuffer[]) => void,
  work?: Work,
): (message: { id: number; request: HostRequest }) => void {
  const host = createHost(work);
  const answer = async (request: HostRequest): Promise<HostAnswer> => host(request);
  return ({ id, request }) => {
    answer(request).then(
      (found) => {
        send({ id, answer: found }, found !== null && "transfer" in found ? found.transfer : []);
      },
      (error: unknown) => {
        send({ id, error: error instanceof Error ? error.message : String(error) }, []);
      },
    );
  };
}
