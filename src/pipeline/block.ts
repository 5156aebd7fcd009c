/**
 * A block of consecutive samples, settled: everything that a row says of them in columns, one entry a sample. Lists over layers are indexed
 * t − 1. What columns cannot say (reasons in words, violations, an audit's residuals) stands beside them for the few samples that have it.
 */
import type { InputDifference } from "../verification/audit/drawn-inputs.ts";
import type { Pool } from "../engine/memory.ts";
import type { Plan } from "../engine/plan.ts";
import { timesPowerOfTwo } from "../engine/powers.ts";
import type { AccuracyCount } from "../verification/audit/accuracy.ts";
import type { Findings } from "../verification/findings.ts";
import { findingAt, putFinding } from "../verification/findings.ts";
import type { Verdict } from "../verification/verdict.ts";
import type { SampleRow } from "../records/sample.ts";

/** How far a sample climbed. */
export const RUNGS = ["screened", "iterated", "replayed"] as const;
export type Rung = (typeof RUNGS)[number];

export type Violation = Verdict & { readonly kind: "violated" };

const SAMPLE_NUMBERS = [
  "value",
  "inputGradientNorm",
  "parameterGradientNorm",
  "lhs",
  "rhs",
  "ratio",
  "ratioLower",
  "ratioUpper",
  "coefficient",
  "totalLower",
  "totalUpper",
] as const;

const LAYER_NUMBERS = [
  "hiddenNorm",
  "jacobianNorm",
  "jacobianNormError",
  "jacobianNormLower",
  "jacobianNormUpper",
  "weightGradientNorm",
  "biasGradientNorm",
  "tightness",
  "directionalTightness",
  "alignmentWeight",
  "alignmentJacobian",
  "slackWeight",
  "slackJacobian",
  "cutResidual",
] as const;

/** As SampleRow and LayerRow name them; the total's bracket beside them. */
export type SampleColumns = Readonly<Record<(typeof SAMPLE_NUMBERS)[number], Float64Array>>;
export type LayerColumns = Readonly<Record<(typeof LAYER_NUMBERS)[number], Float64Array>>;

/** What columns do not say of a sample. */
export interface Told {
  readonly verdict: Verdict;
  readonly violations: readonly Violation[];
  readonly audit: SampleRow["audit"];
  /** Of its estimates of ‖J_t‖, where the sample was drawn for the audit and an accuracy was asked for. */
  readonly accuracy?: AccuracyCount;
}

export interface SettledBlock {
  /** Index of the first sample in the run. */
  readonly first: number;
  readonly samples: number;
  /** ‖W_t‖ as rows have it, and whether layer t has a bias. */
  readonly model: readonly { readonly weightNorm: number; readonly biased: boolean }[];
  /** `CODE` (verification/findings.ts). */
  readonly verdict: Uint8Array;
  readonly numbers: SampleColumns;
  readonly layers: readonly LayerColumns[];
  /** Brackets and verdicts of the layers. */
  readonly findings: Findings;
  /** Places in RUNGS. */
  readonly rung: Uint8Array;
  /** The first layer with a unit at a kink, 0: none; `kinkLocal` 1: it is so by that layer's own sums alone. */
  readonly kink: Uint16Array;
  readonly kinkLocal: Uint8Array;
  /** By place in the block. */
  readonly told: Map<number, Told>;
  /** Of inputs that a thread drew for itself: those that are not of their addresses, by their index in the run. */
  readonly misread?: readonly Misread[];
}

export type Misread = InputDifference & { readonly index: number };

/** A block of zeros. All of its numbers stand in one buffer, which the pool gives. */
export function createBlock(plan: Plan, first: number, samples: number, findings: Findings, pool: Pool): SettledBlock {
  const depth = plan.layers.length;
  const numbers = samples * (SAMPLE_NUMBERS.length + depth * LAYER_NUMBERS.length);
  const memory = pool.take(8 * numbers + 5 * samples);
  const all = new Float64Array(memory, 0, numbers);
  const codes = (k: number): Uint8Array => new Uint8Array(memory, 8 * numbers + k * samples, samples);
  let next = 0;
  const columns = <Name extends string>(names: readonly Name[]): Record<Name, Float64Array> => {
    const made = {} as Record<Name, Float64Array>;
    for (const name of names) made[name] = all.subarray(next, (next += samples));
    return made;
  };
  return {
    ...{ first, samples, findings },
    model: plan.layers.map((layer, i) => ({
      weightNorm: timesPowerOfTwo(plannedNorm(plan, i), layer.scaleExponent),
      biased: plan.network.layers[i]?.biased !== false,
    })),
    verdict: codes(2),
    numbers: columns(SAMPLE_NUMBERS),
    layers: plan.layers.map(() => columns(LAYER_NUMBERS)),
    rung: codes(3),
    kink: new Uint16Array(memory, 8 * numbers, samples),
    kinkLocal: codes(4),
    told: new Map(),
  };
}

/** ‖W′_t‖ as reported: the lower end of its proven bracket, which an explicit vector attains. @param i t − 1. */
export function plannedNorm(plan: Plan, i: number): number {
  const layer = plan.layers[i] as Plan["layers"][number];
  return (plan.norm === "spectral" ? layer.spectralNorm : layer.frobeniusNorm).lower;
}

/** Copies a sample of another block of the same network into place `to`. */
export function copySample(from: SettledBlock, at: number, into: SettledBlock, to: number): void {
  for (const name of SAMPLE_NUMBERS) into.numbers[name][to] = from.numbers[name][at] as number;
  into.layers.forEach((layer, i) => {
    const other = from.layers[i] as LayerColumns;
    for (const name of LAYER_NUMBERS) layer[name][to] = other[name][at] as number;
    putFinding(into.findings, i, to, findingAt(from.findings, i, at));
  });
  for (const name of ["verdict", "rung", "kink", "kinkLocal"] as const) into[name][to] = from[name][at] as number;
  const told = from.told.get(at);
  if (told === undefined) into.told.delete(to);
  else into.told.set(to, told);
}

/** The memory of the block's columns: to be handed to another thread, or to a pool once nobody reads the block. */
export function memoryOf({ numbers, findings }: SettledBlock): ArrayBuffer[] {
  const own = [numbers.value, findings.tightnessLower[0], findings.verdict[0]];
  return own.flatMap((column) => (column === undefined ? [] : [column.buffer as ArrayBuffer]));
}
