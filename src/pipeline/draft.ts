/** A block while it is settled: its columns, what only settling needs, and notes on the few samples that are not like the others. */
import type { MeasuredBatch, Measurements, StoredSample } from "../engine/engine.ts";
import { IEEE_F64 } from "../engine/engine.ts";
import type { Pool } from "../engine/memory.ts";
import type { Judged, NormEstimate } from "../verification/audit/subject.ts";
import type { Evidence } from "../verification/evidence.ts";
import { evidenceOf } from "../verification/evidence.ts";
import { createFindings, findingAt } from "../verification/findings.ts";
import type { PlanBounds } from "../verification/plan-bounds.ts";
import type { CertainZeros } from "../verification/zeros.ts";
import type { SettledBlock, Violation } from "./block.ts";
import { createBlock } from "./block.ts";

/** Maps are by place in the block. */
export interface Draft {
  readonly block: SettledBlock;
  readonly bounds: PlanBounds;
  readonly measurements: Measurements;
  /** Of the columns that are not the block's. */
  readonly memory: ArrayBuffer;
  readonly inF64: boolean;
  readonly evidence: Evidence;
  /** w_t = weights[t−1]·2^weightExponent. */
  readonly weights: readonly Float64Array[];
  readonly weightExponent: Float64Array;
  /** 1: the engine's numbers are not judged: its format may not hold them, or not the input. */
  readonly isOut: Uint8Array;
  /** 1: the cut test came near enough to its bound to look at everything that is stored of the sample (MATH.md §2, "suspicion"). */
  readonly suspected: Uint8Array;
  /** 1: looked at again for the end of its format's range: a zero, a kink that an underflow may have moved, a small number (range.ts). */
  readonly rangeMarks: Readonly<Record<"zero" | "kink" | "small", Uint8Array>>;
  /** What may have overflowed. */
  readonly risks: Map<number, string>;
  /** Which number is too small for the engine's precision. */
  readonly small: Map<number, string>;
  /** Which zero is not certain. */
  readonly unsure: Map<number, string>;
  readonly zeros: Map<number, CertainZeros>;
  /** A norm that cannot be. */
  readonly lengthFaults: Map<number, Violation>;
  readonly cutFaults: Map<number, Violation[]>;
  /** A stored adjoint that is not its product. */
  readonly localFaults: Map<number, Violation>;
  /** ‖J_t‖ as an f64 witness gives it, where one was asked for; null: the engine's own. */
  readonly estimates: Map<number, (NormEstimate | null)[]>;
  /** Places whose numbers need not be near the formulas'. */
  readonly doubtful: Set<number>;
  /** What has been fetched of what is stored. */
  readonly stored: Map<number, StoredSample>;
  /** The batch's own, where it has one. */
  readonly prove: MeasuredBatch["prove"];
  readonly fetch: (places: readonly number[]) => Promise<StoredSample[]>;
}

/** @param first index of the block's first sample in the run. @param pool where the columns' memory comes from. */
export function createDraft(bounds: PlanBounds, first: number, measured: MeasuredBatch, pool: Pool): Draft {
  const { plan } = bounds;
  const { measurements } = measured;
  const { samples } = measurements;
  const findings = createFindings(plan.layers.length, samples, pool);
  const depth = plan.layers.length;
  const memory = pool.take(samples * (8 * (depth + 1) + 5));
  const column = (i: number): Float64Array => new Float64Array(memory, 8 * i * samples, samples);
  const marks = (k: number): Uint8Array => new Uint8Array(memory, (8 * (depth + 1) + k) * samples, samples);
  return {
    block: createBlock(plan, first, samples, findings, pool),
    ...{ bounds, measurements, memory },
    inF64: measurements.arithmetic.unitRoundoff === IEEE_F64.unitRoundoff,
    evidence: evidenceOf(measurements),
    weights: plan.layers.map((_, i) => column(i)),
    weightExponent: column(depth),
    isOut: marks(0),
    suspected: marks(1),
    rangeMarks: { zero: marks(2), kink: marks(3), small: marks(4) },
    risks: new Map(),
    small: new Map(),
    unsure: new Map(),
    zeros: new Map(),
    lengthFaults: new Map(),
    cutFaults: new Map(),
    localFaults: new Map(),
    estimates: new Map(),
    doubtful: new Set(),
    stored: new Map(),
    prove: measured.prove,
    fetch: (places) => measured.stored(places),
  };
}

/** What an audit needs to know of a sample's verdict. */
export function judgementOf({ block, estimates, doubtful }: Draft, at: number): Judged {
  const { findings, numbers } = block;
  return {
    findings: Array.from({ length: findings.depth }, (_, i) => findingAt(findings, i, at)),
    total: { lower: numbers.totalLower[at] as number, upper: numbers.totalUpper[at] as number },
    estimates: estimates.get(at) ?? Array.from({ length: findings.depth }, () => null),
    vouched: !doubtful.has(at),
  };
}
