/** What a report says of all samples: counts, quantiles, means; fed with rows in index order, so that sums have one order. */
import type {
  FaultExample,
  Quantiles,
  Report,
  ReportedFault,
  ReportedLayer,
  SampleRow,
  Spread,
  VerdictName,
} from "./results.ts";
import { detectableShare } from "../verification/audit/audit.ts";
import type { SampleOutcome } from "./sample.ts";
import { isNarrow } from "./sample.ts";

/** A list of f64 that grows by doubling. */
interface Series {
  values: Float64Array;
  length: number;
}

export interface Statistics {
  readonly add: (row: SampleRow, outcome: SampleOutcome) => void;
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

/** Numbers of a layer of which a report gives the spread. */
export const TIGHTNESS_NUMBERS = [
  "tightness",
  "directionalTightness",
  "alignmentWeight",
  "alignmentJacobian",
  "slackWeight",
  "slackJacobian",
] as const;

/** @param certify the width that was asked of every proven interval; null: none. */
export function createStatistics(depth: number, certify: number | null): Statistics {
  const verdicts: Record<VerdictName, number> = { holds: 0, tight: 0, violated: 0, unresolved: 0, invalid: 0 };
  const escalations = { screened: 0, iterated: 0, replayed: 0 };
  const bounds: Record<string, number> = {};
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
  const countFaults = (row: SampleRow, outcome: SampleOutcome): void => {
    const seen = new Set<string>();
    for (const violation of outcome.violations) {
      const layer = violation.layer ?? 0;
      const key = `${violation.check} ${String(layer)}`;
      // Samples are counted: an audit may find several numbers of one layer wrong.
      if (seen.has(key)) continue;
      seen.add(key);
      const known = faults.get(key);
      if (known !== undefined) known.count++;
      else faults.set(key, { check: violation.check, layer, count: 1, example: example(row, violation) });
    }
  };
  return {
    verdicts,
    add(row, outcome) {
      samples++;
      verdicts[row.verdict]++;
      if (row.audit !== undefined) audited++;
      countFaults(row, outcome);
      if (row.verdict === "invalid") return;
      escalations[outcome.rung]++;
      valid++;
      input += (row.inputGradientNorm ?? NaN) ** 2;
      parameter += (row.parameterGradientNorm ?? NaN) ** 2;
      push(ratio, row.ratio);
      if (row.ratio !== null && !Number.isNaN(row.ratio)) {
        // What is open above leaves the largest open.
        proven.lower = Math.min(proven.lower, finiteOr(row.ratioLower, 0));
        proven.upper = Math.max(proven.upper, finiteOr(row.ratioUpper, Infinity));
      }
      if (row.kink !== undefined) kinks++;
      push(coefficient, row.coefficient);
      row.layers.forEach((layer, i) => {
        TIGHTNESS_NUMBERS.forEach((name, k) => {
          push((layers[i] as Series[])[k] as Series, layer[name]);
        });
      });
      for (const { jacobian } of outcome.findings) bounds[jacobian.kind] = (bounds[jacobian.kind] ?? 0) + 1;
      if (certify !== null) {
        for (const finding of outcome.findings.slice(1)) certified[isNarrow(finding, certify) ? "reached" : "missed"]++;
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
      bounds: Object.fromEntries(Object.entries(bounds).sort(([a], [b]) => (a < b ? -1 : 1))),
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
function example(row: SampleRow, { numbers, detail }: SampleOutcome["violations"][number]): FaultExample {
  const { found, right, bound } = numbers;
  return { index: row.index, left: found, right, margin: Math.abs(found - right), bound, reason: detail };
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
