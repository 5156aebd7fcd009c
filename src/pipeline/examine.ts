/** A measured batch to its finished block: settle, measure again in f64 what has to be, audit, and put those samples in their places. */
import type { Arithmetic, Batch, MeasuredBatch } from "../engine/engine.ts";
import { IEEE_F64 } from "../engine/engine.ts";
import { createPool } from "../engine/memory.ts";
import type { Plan } from "../engine/plan.ts";
import type { PlanBounds } from "../verification/plan-bounds.ts";
import { planBounds } from "../verification/plan-bounds.ts";
import { layerBounds } from "../verification/rounding.ts";
import type { Audits } from "./audits.ts";
import { createAuditor } from "./audits.ts";
import type { SettledBlock } from "./block.ts";
import { copySample } from "./block.ts";
import type { Wishes } from "./climb.ts";
import type { GivenBatch } from "./given.ts";
import type { Settled } from "./replays.ts";
import { replay } from "./replays.ts";
import type { Settlement } from "./settle.ts";
import { settle } from "./settle.ts";

/** A finished batch; `settled` holds what was measured wholly in f64 until it is released. */
export interface Examined {
  readonly block: SettledBlock;
  readonly settled: Settled;
  readonly audits: Audits;
}

export interface Examiner {
  /** Places in a batch that will be audited: an engine may read them back while it is at it. */
  readonly drawn: (batch: Batch) => readonly number[];
  readonly examine: (given: GivenBatch, measured: MeasuredBatch) => Promise<Examined>;
  /** Takes memory for the blocks to come: that of an earlier block (`memoryOf`), once nobody reads it. */
  readonly reuse: (memory: readonly ArrayBuffer[]) => void;
}

/** @param plan the engine's. @param hostPlan the same network's in f64. @param audit share of samples that are audited; null: the default. */
export function createExaminer(plan: Plan, hostPlan: Plan, wishes: Wishes, audit: number | null): Examiner {
  const layers = layerBounds(plan);
  const known = new Map<number, PlanBounds>();
  const boundsOf = (arithmetic: Arithmetic): PlanBounds => {
    const own = known.get(arithmetic.unitRoundoff) ?? planBounds(plan, layers, arithmetic);
    known.set(arithmetic.unitRoundoff, own);
    return own;
  };
  const hostBounds = planBounds(hostPlan, layers, IEEE_F64);
  const inF64: Settlement = { ...wishes, bounds: hostBounds, checksNorms: false };
  const asked = wishes.hostAccuracy ?? (plan.accuracy === "verdict" ? null : plan.accuracy);
  const auditor = createAuditor(plan, audit, asked);
  const pool = createPool();
  return {
    drawn: auditor.wanted,
    async examine(given, measured) {
      const { arithmetic } = measured.measurements;
      const settlement = { ...wishes, bounds: boundsOf(arithmetic), checksNorms: true };
      const draft = await settle(settlement, given, measured, pool);
      const replayed = await replay(inF64, hostPlan, given, draft);
      const settled = {
        ...replayed,
        release: (): void => {
          replayed.release();
          pool.give(draft.memory);
        },
      };
      try {
        const audits = await auditor.audit(given, measured, settled);
        const { block } = draft;
        for (const [at, whole] of settled.wholes) {
          if (!audits.guilty.has(at)) copySample(whole.draft.block, 0, block, at);
        }
        return { block, settled, audits };
      } catch (error) {
        settled.release();
        throw error;
      }
    },
    reuse(memory) {
      for (const buffer of memory) pool.give(buffer);
    },
  };
}
