/** What a report says of all samples: counts, quantiles, means; fed with rows in index order, so that sums have one order. */
import type { FaultExample, Report, ReportedFault, ReportedLayer } from "../records/report.ts";
import { TIGHTNESS_NUMBERS } from "../records/report.ts";
import type { Quantiles, Spread } from "../records/shared.ts";
import type { VerdictName } from "../records/kit.ts";
import { detectableShare } from "../verification/audit/audit.ts";
import { CODE, UPPER_KINDS } from "../verification/findings.ts";
import type { LayerColumns, Rung, SettledBlock, Told, Violation } from "./block.ts";
import { RUNGS } from "./block.ts";
import { isNarrow } from "./climb.ts";

/** A list of f64 that grows by doubling. */
interface Series {
  values: Float64Array;
  length: number;
}

export interface Statistics {
  readonly add: (block: SettledBlock) => void;
  readonly result: () => StatisticsResult;
  readonly verdicts: Readonly<Record<VerdictName, number>>;
}

export interface StatisticsResult {
  readonly samples: number;
  readonly verdicts: Record<VerdictName, number>;
  readonly penalties: { input: number | null; parameter: number | null; reason?: string };
  readonly ratio: Quantiles;
  readonly ratioLower: number | null;
  readonly ratioUpper: number | null;
  readonly kinks: number | null;
  readonly coefficient: Quantiles;
  readonly layers: ReportedLayer[];
  readonly escalations: { screened: number; iterated: number; replayed: number };
  readonly bounds: Record<string, number>;
  readonly faults: ReportedFault[];
  readonly audited: Report["audited"];
  readonly certified?: NonNullable<Report["certified"]>;
}

/** By `CODE`. */
const NAMES: readonly VerdictName[] = ["holds", "holds", "tight", "unresolved", "violated", "invalid"];

/** @param certify the width that was asked of every proven interval; null: none. */
export function createStatistics(depth: number, certify: number | null): Statistics {
  const verdicts: Record<VerdictName, number> = { holds: 0, tight: 0, violated: 0, unresolved: 0, invalid: 0 };
  const escalations = { screened: 0, iterated: 0, replayed: 0 };
  const kinds = UPPER_KINDS.map(() => 0);
  const faults = new Map<string, { check: string; layer: number; count: number; example: FaultExample }>();
  const ratio = series();
  const coefficient = series();
  const layers = Array.from({ length: depth }, () => TIGHTNESS_NUMBERS.map(series));
  const proven = { lower: Infinity, upper: -Infinity };
  let kinks = 0;
  let samples = 0;
  let valid = 0;
  let input = 0;
  let parameter = 0;
  let audited = 0;
  const certified = { reached: 0, missed: 0 };
  const countFaults = (index: number, violations: readonly Violation[]): void => {
    const seen = new Set<string>();
    for (const violation of violations) {
      const layer = violation.layer ?? 0;
      const key = `${violation.check} ${String(layer)}`;
      // Samples are counted: an audit may find several numbers of one layer wrong.
      if (seen.has(key)) continue;
      seen.add(key);
      const known = faults.get(key);
      if (known !== undefined) known.count++;
      else faults.set(key, { check: violation.check, layer, count: 1, example: example(index, violation) });
    }
  };
  const addSample = (block: SettledBlock, at: number): void => {
    const { numbers, findings } = block;
    const code = block.verdict[at] as number;
    samples++;
    verdicts[NAMES[code] as VerdictName]++;
    if (code === CODE.invalid) return;
    escalations[RUNGS[block.rung[at] as number] as Rung]++;
    valid++;
    const [own, theta] = [numbers.inputGradientNorm[at] as number, numbers.parameterGradientNorm[at] as number];
    input += own * own;
    parameter += theta * theta;
    const quotient = numbers.ratio[at] as number;
    push(ratio, quotient);
    if (!Number.isNaN(quotient)) {
      // What is open above leaves the largest open.
      proven.lower = Math.min(proven.lower, finiteOr(numbers.ratioLower[at] as number, 0));
      proven.upper = Math.max(proven.upper, finiteOr(numbers.ratioUpper[at] as number, Infinity));
    }
    if (block.kink[at] !== 0) kinks++;
    push(coefficient, numbers.coefficient[at] as number);
    for (let i = 0; i < depth; i++) {
      const layer = block.layers[i] as LayerColumns;
      const spreads = layers[i] as Series[];
      for (let k = 0; k < TIGHTNESS_NUMBERS.length; k++) {
        push(spreads[k] as Series, layer[TIGHTNESS_NUMBERS[k] as (typeof TIGHTNESS_NUMBERS)[number]][at] as number);
      }
      const kind = (findings.kind[i] as Uint8Array)[at] as number;
      kinds[kind] = (kinds[kind] ?? 0) + 1;
      if (certify !== null && i > 0) certified[isNarrow(findings, i, at, certify) ? "reached" : "missed"]++;
    }
  };
  return {
    verdicts,
    add(block) {
      for (let at = 0; at < block.samples; at++) addSample(block, at);
      for (const at of [...block.told.keys()].sort((a, b) => a - b)) {
        const { violations, audit } = block.told.get(at) as Told;
        if (audit !== undefined) audited++;
        countFaults(block.first + at, violations);
      }
    },
    result: () => ({
      samples,
      verdicts,
      penalties:
        valid > 0
          ? { input: input / valid, parameter: parameter / valid }
          : { input: null, parameter: null, reason: "no valid sample" },
      ratio: quantiles(ratio, "no valid sample with rhs > 0"),
      ratioLower: ratio.length > 0 ? proven.lower : null,
      ratioUpper: ratio.length > 0 ? proven.upper : null,
      kinks: valid > 0 ? kinks / valid : null,
      coefficient: quantiles(coefficient, "no valid sample"),
      layers: layers.map((numbers, i) => ({
        layer: i + 1,
        tightness: spread(numbers[0] as Series),
        directionalTightness: spread(numbers[1] as Series),
        alignmentWeight: spread(numbers[2] as Series),
        alignmentJacobian: spread(numbers[3] as Series),
        slackWeight: spread(numbers[4] as Series),
        slackJacobian: spread(numbers[5] as Series),
      })),
      escalations,
      bounds: Object.fromEntries(
        UPPER_KINDS.map((kind, k): [string, number] => [kind, kinds[k] ?? 0])
          .filter(([, count]) => count > 0)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
      audited: auditedShare(audited),
      ...(certify === null ? {} : { certified: { width: certify, ...certified } }),
      // What most samples show comes first: an audited share shows the same fault in fewer.
      faults: [...faults.values()].sort(
        (a, b) => b.count - a.count || rank(a.check) - rank(b.check) || a.layer - b.layer,
      ),
    }),
  };
}

/** The checks that look at every sample before those of the audit. */
const CHECK_ORDER: readonly string[] = ["inequality", "zero-factor", "cut", "replay", "norms", "local", "identity"];

function rank(check: string): number {
  return CHECK_ORDER.indexOf(check);
}

/** How many samples were audited, and what share of faulty ones that would have seen. */
export function auditedShare(samples: number): Report["audited"] {
  const detects = detectableShare(samples);
  return detects === null ? { samples, detects, reason: "no sample was audited" } : { samples, detects };
}

/** The numbers that the check compared. */
function example(index: number, { numbers, detail }: Violation): FaultExample {
  const { found, right, bound } = numbers;
  return { index, left: found, right, margin: Math.abs(found - right), bound, reason: detail };
}

function finiteOr(value: number | null, otherwise: number): number {
  return value !== null && Number.isFinite(value) ? value : otherwise;
}

function series(): Series {
  return { values: new Float64Array(64), length: 0 };
}

function push(target: Series, value: number | null): void {
  if (value === null || !Number.isFinite(value)) return;
  if (target.length === target.values.length) {
    const grown = new Float64Array(2 * target.length);
    grown.set(target.values);
    target.values = grown;
  }
  target.values[target.length++] = value;
}

/** Order statistic at p: the element of rank ⌈p·n⌉ (type 1 of Hyndman and Fan), so that every quantile is a value that occurred. */
function quantile(sorted: Float64Array, p: number): number {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] as number;
}

function quantiles(source: Series, reason: string): Quantiles {
  const { length } = source;
  if (length === 0) {
    return {
      min: null,
      p01: null,
      p10: null,
      median: null,
      mean: null,
      p90: null,
      p99: null,
      max: null,
      counted: 0,
      reason,
    };
  }
  let sum = 0;
  for (let i = 0; i < length; i++) sum += source.values[i] as number;
  const sorted = source.values.slice(0, length).sort();
  return {
    min: sorted[0] as number,
    p01: quantile(sorted, 0.01),
    p10: quantile(sorted, 0.1),
    median: quantile(sorted, 0.5),
    mean: sum / length,
    p90: quantile(sorted, 0.9),
    p99: quantile(sorted, 0.99),
    max: sorted[length - 1] as number,
    counted: length,
  };
}

function spread(source: Series): Spread {
  const { length } = source;
  if (length === 0) return { min: null, median: null, max: null, reason: "no sample with a finite value" };
  const sorted = source.values.slice(0, length).sort();
  return { min: sorted[0] as number, median: quantile(sorted, 0.5), max: sorted[length - 1] as number };
}
