/**
 * Samples that the engine's precision cannot hold are measured again wholly in f64, each settled as a block of its own that takes the sample's
 * place: those whose input or numbers go beyond its range, and those whose numbers are too small. A report of them is not compared with the
 * engine's.
 */
import type { MeasuredBatch } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { CODE } from "../verification/verdict.ts";
import { RUNGS } from "./block.ts";
import type { Draft } from "./draft.ts";
import type { GivenBatch } from "./given.ts";
import { ownBatch } from "./given.ts";
import type { Settlement } from "./settle.ts";
import { settle } from "./settle.ts";
import { blame } from "./words.ts";

/** A settled block, and what of it is still held for those who look closer. */
export interface Settled {
  readonly draft: Draft;
  /** Samples that were measured wholly in f64, by their places: held until `release`. */
  readonly wholes: ReadonlyMap<number, Whole>;
  readonly release: () => void;
}

export interface Whole {
  readonly draft: Draft;
  readonly measured: MeasuredBatch;
  /** Whether the engine's own numbers of the sample, which gave way, are judged in the block's draft. */
  readonly isEngineJudged: boolean;
}

/** @param settlement of f64. @param plan the network's in f64. */
export async function replay(settlement: Settlement, plan: Plan, given: GivenBatch, draft: Draft): Promise<Settled> {
  const wholes = new Map<number, Whole>();
  const release = (): void => {
    for (const whole of wholes.values()) whole.measured.release();
  };
  try {
    await Promise.all(
      beyondReach(draft, given).map(async (at) => {
        const whole = await measureWholly(settlement, plan, given, at, draft.isOut[at] !== 1);
        // What f64 cannot hold either is told of the engine's own numbers.
        if (draft.risks.has(at) && whole.draft.block.verdict[0] === CODE.invalid) whole.measured.release();
        else wholes.set(at, whole);
      }),
    );
  } catch (error) {
    release();
    throw error;
  }
  for (const [at, fault] of draft.lengthFaults) {
    const whole = wholes.get(at);
    if (whole !== undefined) blame(whole.draft.block, 0, fault);
  }
  return { draft, wholes, release };
}

/** Places of the samples that f64 may hold where the engine's precision does not. */
function beyondReach({ block, inF64, risks, small }: Draft, { originals }: GivenBatch): number[] {
  if (inF64) return [...originals.keys()];
  // The checks of a small one passed, so that the engine is not to blame for what is small.
  const passed = [...small.keys()].filter((at) => block.verdict[at] !== CODE.violated);
  return [...new Set([...originals.keys(), ...risks.keys(), ...passed])].sort((a, b) => a - b);
}

/** One sample measured and settled wholly in f64: what that measurement stored is the exact data, the engine's is no more looked at. */
async function measureWholly(
  settlement: Settlement,
  plan: Plan,
  given: GivenBatch,
  at: number,
  isEngineJudged: boolean,
): Promise<Whole> {
  const batch = ownBatch(given, at);
  const measured = await settlement.host.measure(plan, batch, [0]);
  try {
    const draft = await settle(settlement, { batch, originals: new Map() }, measured);
    // An invalid one has climbed nowhere, but it has been replayed.
    draft.block.rung[0] = RUNGS.indexOf("replayed");
    return { draft, measured, isEngineJudged };
  } catch (error) {
    measured.release();
    throw error;
  }
}
