/**
 * Reduces a witness while its verdict persists (greedy, to a case that no reduction makes smaller): the engine runs again at each step, so
 * that what comes out fails on this machine by itself.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import type { CaughtSample } from "../pipeline/catch.ts";
import type { SampleRow } from "../records/sample.ts";
import { ModelError } from "../network/errors.ts";
import { parameterCount } from "../network/network.ts";
import type { ShrinkCase } from "./reductions.ts";
import { REDUCTIONS } from "./reductions.ts";
import { judgeSample } from "./replay.ts";
import type { Witness, WitnessOrigin } from "./witness.ts";
import { makeWitness } from "./witness.ts";

export interface ShrinkRequest {
  readonly witness: Witness;
  /** What fails: with the planted fault, where one is switched on. */
  readonly engine: Engine;
  /** The clean f64 engine. */
  readonly host: CpuEngine;
  readonly adjustPlan: (plan: Plan) => Plan;
  readonly origin: WitnessOrigin;
  /** Runs of the engine at most. */
  readonly attempts: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (attempts: number, parameters: number) => void;
}

export interface ShrinkOutcome {
  /** The smallest case found; null where the witness does not fail here at all. */
  readonly witness: Witness | null;
  readonly attempts: number;
  /** Whether no reduction was left untried. */
  readonly finished: boolean;
}

export async function shrinkWitness(request: ShrinkRequest): Promise<ShrinkOutcome> {
  const { witness } = request;
  let attempts = 0;
  const run = async (candidate: ShrinkCase): Promise<Witness | null> => {
    attempts++;
    const caught: CaughtSample[] = [];
    const wants = (row: SampleRow): boolean => isSame(witness.row, row);
    const catches = { wants, take: (sample: CaughtSample) => void caught.push(sample) };
    const subject = { ...witness, ...candidate };
    try {
      await judgeSample(subject, request.engine, request.host, request.adjustPlan, { catch: catches });
    } catch (error) {
      // A candidate that is no network (a weight that rounded to infinity) is not smaller, it is none.
      if (error instanceof ModelError) return null;
      throw error;
    }
    const [found] = caught;
    return found === undefined ? null : makeWitness(found, request.origin);
  };

  let best = await run(witness);
  if (best === null) return { witness: null, attempts, finished: true };
  for (let improved = true; improved;) {
    improved = false;
    for (const reduction of REDUCTIONS) {
      let candidates = reduction(best);
      for (let next = candidates.next(); next.done !== true; next = candidates.next()) {
        if (attempts >= request.attempts || request.signal?.aborted === true) {
          return { witness: best, attempts, finished: false };
        }
        const smaller = await run(next.value);
        request.onProgress?.(attempts, parameters(best));
        if (smaller === null) continue;
        best = smaller;
        improved = true;
        candidates = reduction(best);
      }
    }
  }
  return { witness: best, attempts, finished: true };
}

/** The same verdict, and for a violation one of the checks that failed first. */
function isSame(before: SampleRow, row: SampleRow): boolean {
  if (row.verdict !== before.verdict) return false;
  const check = before.violations?.[0]?.check;
  return check === undefined || (row.violations ?? []).some((v) => v.check === check);
}

export function parameters({ network }: Pick<Witness, "network">): number {
  return parameterCount(network.layers);
}
