/** A measured block settled: from measurements to brackets, verdicts and reported numbers, one step after another, each over all samples. */
import type { MeasuredBatch } from "../engine/engine.ts";
import { NO_POOL } from "../engine/memory.ts";
import type { PlanBounds } from "../verification/plan-bounds.ts";
import { checkSamples } from "./checks.ts";
import type { Wishes } from "./climb.ts";
import { climb } from "./climb.ts";
import type { Draft } from "./draft.ts";
import { createDraft } from "./draft.ts";
import type { GivenBatch } from "./given.ts";
import { fillNumbers } from "./numbers.ts";
import { checkRange } from "./range.ts";
import { putInWords } from "./words.ts";

/** By which bounds a block is settled, and what is asked of f64. */
export interface Settlement extends Wishes {
  /** In the arithmetic of the measurements. */
  readonly bounds: PlanBounds;
  /** Whether every sample's norms are held against what they must be (verification/lengths.ts). */
  readonly checksNorms: boolean;
}

/** A sample that the engine's precision cannot hold, or whose numbers are too small for it, is left to `replays.ts`. @param pool where memory comes from. */
export async function settle(
  settlement: Settlement,
  given: GivenBatch,
  measured: MeasuredBatch,
  pool = NO_POOL,
): Promise<Draft> {
  const draft = createDraft(settlement.bounds, given.batch.first, measured, pool);
  await checkRange(draft, given);
  checkSamples(draft, given, settlement.checksNorms);
  await climb(draft, settlement);
  putInWords(draft);
  fillNumbers(draft);
  return draft;
}
