/**
 * What is kept of an architecture's samples: counts, exact sums, sketches, extremes with their addresses. Tallies merge in any order
 * and grouping to the same value, and their text is the same for the same value, so that a sweep's report depends on nothing
 * but which samples were examined.
 */
import type { VerdictName } from "../records/kit.ts";
import type { FaultExample, Report } from "../records/report.ts";
import type { SampleRow } from "../records/sample.ts";
import { VERDICT_NAMES } from "../records/kit.ts";
import { TIGHTNESS_NUMBERS } from "../records/report.ts";
import type { Sketch } from "../pipeline/sketch.ts";
import { addToSketch, exactSum, mergeSketch } from "../pipeline/sketch.ts";

/** Numbers of one kind: how many were defined, the extremes, and how they are spread. */
export interface Spreading {
  counted: number;
  min: number;
  max: number;
  readonly sketch: Sketch;
}

/** The same with the exact sum, in units of 2^−1074. */
export interface Summing extends Spreading {
  sum: bigint;
}

/** Numbers of a layer that rows hold. */
export const LAYER_NUMBERS = ["weightNorm", "jacobianNorm", ...TIGHTNESS_NUMBERS] as const;

export type LayerTally = Record<(typeof LAYER_NUMBERS)[number], Spreading>;

/** A sample and what was said of it. */
export interface ReachedCase {
  /** The network's number in the grid, and the sample's. */
  readonly network: number;
  readonly sample: number;
  readonly verdict: VerdictName;
  readonly ratio: number | null;
  readonly reason?: string;
}

export interface FaultTally {
  readonly check: string;
  readonly layer: number;
  count: number;
  /** The sample of the lowest address that showed it. */
  network: number;
  example: FaultExample;
}

export interface Tally {
  networks: number;
  samples: number;
  readonly verdicts: Record<VerdictName, number>;
  readonly escalations: { screened: number; iterated: number; replayed: number };
  certified: { reached: number; missed: number };
  readonly bounds: Record<string, number>;
  audited: number;
  roundedValues: number;
  /** ‖∇ₓf‖² and ‖∇_θf‖² of the valid samples. */
  readonly penalties: { valid: number; overflowed: number; input: bigint; parameter: bigint };
  readonly ratio: Summing;
  readonly coefficient: Summing;
  readonly layers: LayerTally[];
  readonly faults: Map<string, FaultTally>;
  /** The largest ratios, at most MOST_CASES of them. */
  tightest: ReachedCase[];
  /** Violated, unresolved and invalid samples: the first MOST_CASES of each. */
  worst: ReachedCase[];
}

/** Cases kept at each end. */
export const MOST_CASES = 10;

function emptySpreading(): Spreading {
  return { counted: 0, min: Infinity, max: -Infinity, sketch: new Map() };
}

export function emptyTally(depth: number): Tally {
  return {
    networks: 0,
    samples: 0,
    verdicts: { holds: 0, tight: 0, violated: 0, unresolved: 0, invalid: 0 },
    escalations: { screened: 0, iterated: 0, replayed: 0 },
    certified: { reached: 0, missed: 0 },
    bounds: {},
    audited: 0,
    roundedValues: 0,
    penalties: { valid: 0, overflowed: 0, input: 0n, parameter: 0n },
    ratio: { ...emptySpreading(), sum: 0n },
    coefficient: { ...emptySpreading(), sum: 0n },
    layers: Array.from({ length: depth }, emptyLayer),
    faults: new Map(),
    tightest: [],
    worst: [],
  };
}

function emptyLayer(): LayerTally {
  return Object.fromEntries(LAYER_NUMBERS.map((name) => [name, emptySpreading()])) as LayerTally;
}

/** Collects the rows of one network's samples, and then what its report says of them all. */
export function createCollector(depth: number, { network, first }: { network: number; first: number }) {
  const tally = emptyTally(depth);
  // A network whose samples are divided counts where they begin.
  if (first === 0) tally.networks = 1;
  const sums = { input: [] as number[], parameter: [] as number[], ratio: [] as number[], coefficient: [] as number[] };
  return {
    add: (row: SampleRow): void => {
      const { index: sample, verdict, ratio, reason } = row;
      const reached = { network, sample, verdict, ratio: finite(ratio) ? ratio : null };
      const reasoned = reason === undefined ? reached : { ...reached, reason };
      if (verdict === "violated" || verdict === "unresolved" || verdict === "invalid") {
        // Rows come in index order: those that are kept are the first.
        if (tally.worst.filter((c) => c.verdict === verdict).length < MOST_CASES) tally.worst.push(reasoned);
      }
      if (verdict === "invalid") return;
      const input = (row.inputGradientNorm ?? NaN) ** 2;
      const parameter = (row.parameterGradientNorm ?? NaN) ** 2;
      tally.penalties.valid++;
      if (finite(input) && finite(parameter)) {
        sums.input.push(input);
        sums.parameter.push(parameter);
      } else tally.penalties.overflowed++;
      for (const name of ["ratio", "coefficient"] as const) {
        if (spread(tally[name], row[name])) sums[name].push(row[name] as number);
      }
      row.layers.forEach((layer, i) => {
        for (const name of LAYER_NUMBERS) spread((tally.layers[i] as LayerTally)[name], layer[name]);
      });
      if (reached.ratio === null) return;
      const last = tally.tightest.at(-1);
      if (tally.tightest.length < MOST_CASES || reached.ratio > (last?.ratio ?? 0)) {
        tally.tightest = tightest([...tally.tightest, reasoned]);
      }
    },
    /** @param roundedValues that this part of the network's run counts. */
    finish: (report: Report, roundedValues: number): Tally => {
      tally.samples = report.samples;
      Object.assign(tally.verdicts, report.verdicts);
      Object.assign(tally.escalations, report.escalations);
      Object.assign(tally.bounds, report.bounds);
      if (report.certified !== undefined) {
        tally.certified = { reached: report.certified.reached, missed: report.certified.missed };
      }
      tally.audited = report.audited.samples;
      tally.roundedValues = roundedValues;
      tally.penalties.input = exactSum(sums.input);
      tally.penalties.parameter = exactSum(sums.parameter);
      tally.ratio.sum = exactSum(sums.ratio);
      tally.coefficient.sum = exactSum(sums.coefficient);
      for (const { check, layer, count, example } of report.faults) {
        if (example !== undefined) tally.faults.set(faultKey(check, layer), { check, layer, count, network, example });
      }
      return tally;
    },
  };
}

/** Adds `from` to `into`. */
export function mergeTally(into: Tally, from: Tally): void {
  into.networks += from.networks;
  into.samples += from.samples;
  for (const name of VERDICT_NAMES) into.verdicts[name] += from.verdicts[name];
  for (const rung of ["screened", "iterated", "replayed"] as const) into.escalations[rung] += from.escalations[rung];
  into.certified.reached += from.certified.reached;
  into.certified.missed += from.certified.missed;
  for (const [kind, count] of Object.entries(from.bounds)) into.bounds[kind] = (into.bounds[kind] ?? 0) + count;
  into.audited += from.audited;
  into.roundedValues += from.roundedValues;
  for (const name of ["valid", "overflowed"] as const) into.penalties[name] += from.penalties[name];
  for (const name of ["input", "parameter"] as const) into.penalties[name] += from.penalties[name];
  for (const name of ["ratio", "coefficient"] as const) {
    mergeSpreading(into[name], from[name]);
    into[name].sum += from[name].sum;
  }
  while (into.layers.length < from.layers.length) into.layers.push(emptyLayer());
  from.layers.forEach((layer, i) => {
    for (const name of LAYER_NUMBERS) mergeSpreading((into.layers[i] as LayerTally)[name], layer[name]);
  });
  for (const [key, fault] of from.faults) {
    const known = into.faults.get(key);
    if (known === undefined) {
      into.faults.set(key, { ...fault });
      continue;
    }
    known.count += fault.count;
    const before =
      fault.network < known.network || (fault.network === known.network && fault.example.index < known.example.index);
    if (before) Object.assign(known, { network: fault.network, example: fault.example });
  }
  into.tightest = tightest([...into.tightest, ...from.tightest]);
  into.worst = worst([...into.worst, ...from.worst]);
}

function mergeSpreading(into: Spreading, from: Spreading): void {
  into.counted += from.counted;
  into.min = Math.min(into.min, from.min);
  into.max = Math.max(into.max, from.max);
  mergeSketch(into.sketch, from.sketch);
}

export function faultKey(check: string, layer: number): string {
  return `${check} ${String(layer)}`;
}

function finite(x: number | null): x is number {
  return x !== null && Number.isFinite(x);
}

function spread(into: Spreading, value: number | null): boolean {
  if (!finite(value)) return false;
  into.counted++;
  into.min = Math.min(into.min, value + 0);
  into.max = Math.max(into.max, value + 0);
  addToSketch(into.sketch, value);
  return true;
}

function byAddress(a: ReachedCase, b: ReachedCase): number {
  return a.network - b.network || a.sample - b.sample;
}

function tightest(cases: ReachedCase[]): ReachedCase[] {
  return cases.sort((a, b) => (b.ratio ?? 0) - (a.ratio ?? 0) || byAddress(a, b)).slice(0, MOST_CASES);
}

function worst(cases: ReachedCase[]): ReachedCase[] {
  return (["violated", "unresolved", "invalid"] as const).flatMap((verdict) =>
    cases
      .filter((c) => c.verdict === verdict)
      .sort(byAddress)
      .slice(0, MOST_CASES),
  );
}
