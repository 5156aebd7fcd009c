/** What a report says of all samples: counts, quantiles, means; fed with blocks in index order, so that sums have one order. */
import type { EachOutput, FaultExample, Report, ReportedFault, ReportedLayer } from "../records/report.ts";
import { TIGHTNESS_NUMBERS } from "../records/report.ts";
import type { Quantiles } from "../records/shared.ts";
import type { VerdictName } from "../records/kit.ts";
import { VERDICT_NAMES } from "../records/kit.ts";
import { escapeWords } from "../records/audited.ts";
import { detectableShare } from "../verification/audit/audit.ts";
import { accuracyWords } from "../verification/audit/accuracy.ts";
import { UPPER_KINDS } from "../verification/findings.ts";
import { CODE } from "../verification/verdict.ts";
import type { LayerColumns, SettledBlock, Told, Violation } from "./block.ts";
import { RUNGS } from "./block.ts";
import { isNarrow } from "./climb.ts";
import type { Distribution } from "./distribution.ts";
import { createDistribution, createSummedDistribution } from "./distribution.ts";
import { createOutputStatistics } from "./each-output.ts";
import { QUANTILE_ERROR } from "./sketch.ts";

export interface Statistics {
  readonly add: (block: SettledBlock) => void;
  readonly result: () => StatisticsResult;
  readonly verdicts: () => Readonly<Record<VerdictName, number>>;
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
  readonly accuracy?: NonNullable<Report["accuracy"]>;
  readonly statistics: Report["statistics"];
  /** Relative error of quantiles; left out where they are exact. */
  readonly quantileError?: number;
  /** Of the head each-logit. */
  readonly eachOutput?: EachOutput;
}

/** By `CODE`. */
const NAMES: readonly VerdictName[] = ["holds", "holds", "tight", "unresolved", "violated", "invalid"];

/**
 * @param certify the width that was asked of every proven interval, @param asked the accuracy of every estimate of ‖J_t‖; null: none.
 * @param outputs of the head each-logit, how many there are; null for any other.
 */
export function createStatistics(
  depth: number,
  certify: number | null,
  asked: number | null = null,
  outputs: number | null = null,
): Statistics {
  const each = outputs === null ? null : createOutputStatistics(outputs);
  const codes = NAMES.map(() => 0);
  const climbed = RUNGS.map(() => 0);
  const kinds = UPPER_KINDS.map(() => 0);
  const faults = new Map<string, { check: string; layer: number; count: number; example: FaultExample }>();
  const ratio = createSummedDistribution();
  const coefficient = createSummedDistribution();
  const layers = Array.from({ length: depth }, () => TIGHTNESS_NUMBERS.map(createDistribution));
  let proven = { lower: Infinity, upper: -Infinity };
  let kinks = 0;
  let samples = 0;
  let input = 0;
  let parameter = 0;
  let audited = 0;
  const certified = { reached: 0, missed: 0 };
  const accuracy = { audited: 0, missed: 0 };
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
  const addSamples = ({ numbers, verdict, rung, kink, samples: count }: SettledBlock): void => {
    const { inputGradientNorm, parameterGradientNorm, ratio: ratios, ratioLower, ratioUpper } = numbers;
    let { lower, upper } = proven;
    for (let at = 0; at < count; at++) {
      const code = verdict[at] as number;
      codes[code] = (codes[code] as number) + 1;
      if (code === CODE.invalid) continue;
      climbed[rung[at] as number] = (climbed[rung[at] as number] as number) + 1;
      const own = inputGradientNorm[at] as number;
      const theta = parameterGradientNorm[at] as number;
      input += own * own;
      parameter += theta * theta;
      if (kink[at] !== 0) kinks++;
      if (Number.isNaN(ratios[at] as number)) continue;
      // What is open above leaves the largest open.
      lower = Math.min(lower, finiteOr(ratioLower[at] as number, 0));
      upper = Math.max(upper, finiteOr(ratioUpper[at] as number, Infinity));
    }
    proven = { lower, upper };
  };
  const addLayer = ({ layers: columns, findings, verdict, samples: count }: SettledBlock, i: number): void => {
    const layer = columns[i] as LayerColumns;
    TIGHTNESS_NUMBERS.forEach((name, k) => {
      (layers[i] as Distribution[])[k]?.addColumn(layer[name], verdict, CODE.invalid);
    });
    countCodes(findings.kind[i] as Uint8Array, verdict, kinds);
    if (certify === null || i === 0) return;
    for (let at = 0; at < count; at++) {
      if (verdict[at] !== CODE.invalid) certified[isNarrow(findings, i, at, certify) ? "reached" : "missed"]++;
    }
  };
  const valid = (): number => climbed.reduce((sum, count) => sum + count, 0);
  const countOf = (name: VerdictName): number =>
    NAMES.reduce((sum, own, code) => sum + (own === name ? (codes[code] as number) : 0), 0);
  const verdicts = (): Record<VerdictName, number> =>
    Object.fromEntries(VERDICT_NAMES.map((name) => [name, countOf(name)])) as Record<VerdictName, number>;
  return {
    verdicts,
    add(block) {
      samples += block.samples;
      addSamples(block);
      each?.add(block);
      ratio.addColumn(block.numbers.ratio, block.verdict, CODE.invalid);
      coefficient.addColumn(block.numbers.coefficient, block.verdict, CODE.invalid);
      for (let i = 0; i < depth; i++) addLayer(block, i);
      for (const at of [...block.told.keys()].sort((a, b) => a - b)) {
        const { violations, audit, accuracy: own } = block.told.get(at) as Told;
        if (audit !== undefined) audited++;
        accuracy.audited += own?.audited ?? 0;
        accuracy.missed += own?.missed ?? 0;
        countFaults(block.first + at, violations);
      }
    },
    result: () => ({
      samples,
      verdicts: verdicts(),
      penalties:
        valid() > 0
          ? { input: input / valid(), parameter: parameter / valid() }
          : { input: null, parameter: null, reason: "no valid sample" },
      ratio: ratio.quantiles("no valid sample with rhs > 0"),
      ratioLower: ratio.counted() > 0 ? proven.lower : null,
      ratioUpper: ratio.counted() > 0 ? proven.upper : null,
      kinks: valid() > 0 ? kinks / valid() : null,
      coefficient: coefficient.quantiles("no valid sample"),
      ...(each === null ? {} : { eachOutput: each.result() }),
      layers: layers.map((numbers, i) => ({
        layer: i + 1,
        ...(Object.fromEntries(TIGHTNESS_NUMBERS.map((name, k) => [name, numbers[k]?.spread()])) as Omit<
          ReportedLayer,
          "layer"
        >),
      })),
      escalations: Object.fromEntries(
        RUNGS.map((rung, k) => [rung, climbed[k] as number]),
      ) as StatisticsResult["escalations"],
      bounds: Object.fromEntries(
        UPPER_KINDS.map((kind, k): [string, number] => [kind, kinds[k] ?? 0])
          .filter(([, count]) => count > 0)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
      audited: auditedShare(audited),
      ...(certify === null ? {} : { certified: { width: certify, ...certified } }),
      ...(asked === null || accuracy.audited === 0
        ? {}
        : { accuracy: { asked, ...accuracy, ...accuracyWords(accuracy) } }),
      ...(coefficient.isExact() ? { statistics: "exact" } : { statistics: "sketch", quantileError: QUANTILE_ERROR }),
      // What most samples show comes first: an audited share shows the same fault in fewer.
      faults: [...faults.values()].sort(
        (a, b) => b.count - a.count || rank(a.check) - rank(b.check) || a.layer - b.layer,
      ),
    }),
  };
}

/** Adds how often each code occurs, of samples that are not invalid. */
function countCodes(codes: Uint8Array, verdict: Uint8Array, counts: number[]): void {
  const invalid = CODE.invalid;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] as number;
    if (verdict[at] !== invalid) counts[code] = (counts[code] as number) + 1;
  }
}

/** The checks that look at every sample before those of the audit. */
const CHECK_ORDER: readonly string[] = ["inequality", "zero-factor", "cut", "replay", "norms", "local", "identity"];

function rank(check: string): number {
  return CHECK_ORDER.indexOf(check);
}

/** How many samples were audited, and what share of faulty ones that would have seen. */
export function auditedShare(samples: number): Report["audited"] {
  const detects = detectableShare(samples);
  if (detects === null) return { samples, detects, reason: "no sample was audited" };
  return { samples, detects, escapes: escapeWords(detects) };
}

/** The numbers that the check compared. */
function example(index: number, { numbers, detail }: Violation): FaultExample {
  const { found, right, bound } = numbers;
  return { index, left: found, right, margin: Math.abs(found - right), bound, reason: detail };
}

function finiteOr(value: number, otherwise: number): number {
  return Number.isFinite(value) ? value : otherwise;
}
