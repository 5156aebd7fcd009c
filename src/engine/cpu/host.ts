/**
 * The work of engine cpu, wherever it runs: in this thread, or in a worker thread that `serve` answers from.
 * Plans are sent once and kept by number; stored blocks stay where they were made until they are released.
 */
import type { Batch, Measurements, StoredSample, TracedSample } from "../engine.ts";
import type { FaultName } from "../faults.ts";
import type { Layer } from "../../network/network.ts";
import type { LayerPlan, Plan } from "../plan.ts";
import { planLayer } from "../plan.ts";
import type { StoredBlock } from "./measure.ts";
import { measureBlock, readSample } from "./measure.ts";
import type { Operators } from "./operators.ts";
import { makeOperators } from "./operators.ts";
import type { RefineRequest, Refinement } from "./refine.ts";
import { refineSamples } from "./refine.ts";

export type HostRequest =
  | { readonly kind: "plan"; readonly planId: number; readonly plan: Plan; readonly fault: FaultName | undefined }
  | { readonly kind: "plan-layer"; readonly layer: Layer; readonly gram: boolean }
  | { readonly kind: "forget"; readonly planId: number }
  | { readonly kind: "measure"; readonly planId: number; readonly blockId: number; readonly batch: Batch }
  | {
      readonly kind: "refine";
      readonly planId: number;
      readonly stored: readonly StoredSample[];
      readonly request: RefineRequest;
    }
  | { readonly kind: "stored" | "traced"; readonly blockId: number; readonly samples: readonly number[] }
  | { readonly kind: "release"; readonly blockId: number };

export type HostAnswer = Measurements | StoredSample[] | TracedSample[] | Refinement | LayerPlan | null;

/** A host of its own: plans and blocks by number. */
export function createHost(): (request: HostRequest) => HostAnswer {
  const plans = new Map<number, { operators: Operators; clean: Operators }>();
  const blocks = new Map<number, StoredBlock>();
  return (request) => {
    switch (request.kind) {
      case "plan":
        plans.set(request.planId, {
          operators: makeOperators(request.plan, request.fault),
          clean: makeOperators(request.plan, undefined),
        });
        return null;
      case "plan-layer":
        return planLayer(request.layer, request.gram);
      case "forget":
        plans.delete(request.planId);
        return null;
      case "measure": {
        const known = plans.get(request.planId);
        if (known === undefined) throw new RangeError(`plan ${String(request.planId)} is not here`);
        const { measurements, stored } = measureBlock(known.operators, request.batch);
        blocks.set(request.blockId, stored);
        return measurements;
      }
      case "refine": {
        const known = plans.get(request.planId);
        if (known === undefined) throw new RangeError(`plan ${String(request.planId)} is not here`);
        return refineSamples(known.clean, request.stored, request.request);
      }
      case "stored":
      case "traced": {
        const block = blocks.get(request.blockId);
        if (block === undefined) throw new RangeError(`block ${String(request.blockId)} was released`);
        const { stored, traced } = block.program;
        return request.kind === "traced"
          ? request.samples.map((sample) => readSample<TracedSample>(block, traced, sample))
          : request.samples.map((sample) => readSample<StoredSample>(block, stored, sample));
      }
      case "release":
        blocks.delete(request.blockId);
        return null;
    }
  };
}

/** What a worker thread sends back. */
export interface HostReply {
  readonly id: number;
  readonly answer?: HostAnswer;
  readonly error?: string;
}

/** Answers requests that arrive as {id, request}; `send` posts the reply. */
export function serve(send: (reply: HostReply) => void): (message: { id: number; request: HostRequest }) => void {
  const host = createHost();
  return ({ id, request }) => {
    try {
      send({ id, answer: host(request) });
    } catch (error) {
      send({ id, error: error instanceof Error ? error.message : String(error) });
    }
  };
}
