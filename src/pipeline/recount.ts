/**
 * A report counted a second time, by accumulators of its own that are fed with the same blocks: counts must be equal, extremes the same
 * bits, means within what rounding explains of two sums of n terms, 2γ_n Σ|x|, and quantiles in the bucket of a histogram of its own
 * (histogram.ts), but for the error that the report states. Its sums are compensated (Neumaier), so that its own error does not grow with n.
 */
import type { Report, ReportedFault } from "../records/report.ts";
import { TIGHTNESS_NUMBERS } from "../records/report.ts";
import type { VerdictName } from "../records/kit.ts";
import { IEEE_F64 } from "../engine/engine.ts";
import { workColumns } from "../engine/memory.ts";
import { UPPER_KINDS } from "../verification/findings.ts";
import { gamma } from "../verification/rounding.ts";
import { CODE } from "../verification/verdict.ts";
import type { SettledBlock } from "./block.ts";
import { RUNGS } from "./block.ts";
import type { Extent, Sum } from "./recount-column.ts";
import { addExtent, addSum, emptyExtent, emptySum } from "./recount-column.ts";
import { createHistogram } from "./histogram.ts";

/** The quantiles of a report, by their shares. */
const QUANTILES = [
  ["p01", 0.01],
  ["p10", 0.1],
  ["median", 0.5],
  ["p90", 0.9],
  ["p99", 0.99],
] as const;
/** Buckets of the report's sketch below f64's normal numbers are wider than its error. */
const TINY = 2 ** -1020;

export interface Recount {
  readonly add: (block: SettledBlock) => void;
  /** The report, with a fault of the check "report" for what it says otherwise. */
  readonly held: (report: Report) => Report;
}

const work = workColumns();

/** In memory that the next call takes again. */
function squared(column: Float64Array): Float64Array {
  const [squares] = work(1, column.length) as [Float64Array];
  for (let at = 0; at < column.length; at++) squares[at] = (column[at] as number) * (column[at] as number);
  return squares;
}

/** @param outputs of the head each-logit, how many there are; null for any other. */
export function createRecount(depth: number, outputs: number | null = null): Recount {
  const [codes, rungs, kinds] = [new Float64Array(256), new Float64Array(256), new Float64Array(256)];
  const [input, parameter] = [emptySum(), emptySum()];
  const [ratio, coefficient] = [emptySum(createHistogram()), emptySum(createHistogram())];
  const layers = Array.from({ length: depth }, () => TIGHTNESS_NUMBERS.map(emptyExtent));
  const energies = Array.from({ length: outputs ?? 0 }, () => emptySum());
  const ends = { lower: Infinity, upper: -Infinity };
  let [samples, kinks, audited, accurate, missed, violations] = [0, 0, 0, 0, 0, 0];

  const addEnds = ({ verdict, numbers }: SettledBlock): void => {
    const { ratio: ratios, ratioLower, ratioUpper } = numbers;
    let { lower, upper } = ends;
    for (let at = ratios.length - 1; at >= 0; at--) {
      if (verdict[at] === CODE.invalid || Number.isNaN(ratios[at] as number)) continue;
      const low = ratioLower[at] as number;
      const high = ratioUpper[at] as number;
      lower = Math.min(lower, Number.isFinite(low) ? low : 0);
      upper = Math.max(upper, Number.isFinite(high) ? high : Infinity);
    }
    ends.lower = lower;
    ends.upper = upper;
  };
  const addBlock = (block: SettledBlock): void => {
    const { verdict, numbers, rung, kink, findings } = block;
    samples += verdict.length;
    for (const code of verdict) codes[code] = (codes[code] as number) + 1;
    countValid(rungs, rung, verdict);
    for (let at = 0; at < kink.length; at++) if (kink[at] !== 0 && verdict[at] !== CODE.invalid) kinks++;
    addSum(parameter, squared(numbers.parameterGradientNorm), verdict);
    const squares = squared(numbers.inputGradientNorm);
    addSum(input, squares, verdict);
    energies.forEach((own, k) => {
      const isOwn = (at: number): boolean => (block.first + at) % energies.length === k;
      addSum(
        own,
        squares.map((x, at) => (isOwn(at) ? x : NaN)),
        verdict,
      );
    });
    addSum(ratio, numbers.ratio, verdict);
    addSum(coefficient, numbers.coefficient, verdict);
    addEnds(block);
    block.layers.forEach((own, i) => {
      countValid(kinds, findings.kind[i] as Uint8Array, verdict);
      TIGHTNESS_NUMBERS.forEach((name, k) => {
        addExtent((layers[i] as Extent[])[k] as Extent, own[name], verdict);
      });
    });
  };

  const differences = (report: Report): string[] => {
    const found: string[] = [];
    const same = (what: string, said: number | null, right: number | null): void => {
      if (said !== right) found.push(`${what} is ${String(said)}, counted again ${String(right)}`);
    };
    const near = (what: string, said: number | null, { count, sum, lost, size }: Sum): void => {
      if (count === 0) {
        same(what, said, null);
        return;
      }
      const right = (sum + lost) / count;
      // The report has null for a mean that left the range.
      if (!Number.isFinite(right) || !Number.isFinite(size)) return;
      const bound = (2 * gamma(count + 4, IEEE_F64) * size) / count + Number.MIN_VALUE;
      if (!(Math.abs((said ?? NaN) - right) <= bound))
        found.push(`${what} is ${String(said)}, summed again ${String(right)} ± ${bound.toExponential(1)}`);
    };
    const quantile = (what: string, said: number | null, share: number, { histogram }: Extent): void => {
      const right = histogram?.quantile(share) ?? null;
      if (right === null) {
        same(what, said, null);
        return;
      }
      const error = report.quantileError ?? 0;
      const [least, most] = [right.lower * (1 - error) - TINY, right.upper * (1 + error) + TINY];
      if (!(said !== null && said >= least && said <= most))
        found.push(`${what} is ${String(said)}, counted again from ${String(least)} to ${String(most)}`);
    };
    const codeCount = (name: VerdictName): number =>
      (codes[CODE[name]] as number) + (name === "holds" ? (codes[CODE.trivial] as number) : 0);
    same("samples", report.samples, samples);
    for (const [name, said] of Object.entries(report.verdicts))
      same(`the number of samples that are ${name}`, said, codeCount(name as VerdictName));
    RUNGS.forEach((rung, k) => {
      same(`the number of samples that are ${rung}`, report.escalations[rung], rungs[k] as number);
    });
    UPPER_KINDS.forEach((kind, k) => {
      same(`the use of the bound "${kind}"`, report.bounds[kind] ?? 0, kinds[k] as number);
    });
    same("the number of audited samples", report.audited.samples, audited);
    const detects = audited === 0 ? null : 1 - 0.01 ** (1 / audited);
    if (!(Math.abs((report.audited.detects ?? 2) - (detects ?? 2)) <= 2 ** -40))
      same("the share of faulty samples that those show", report.audited.detects, detects);
    const { accuracy, certified } = report;
    if (accuracy !== undefined) {
      same("the estimates of ‖J‖ that were audited", accuracy.audited, accurate);
      same("those further off than was asked for", accuracy.missed, missed);
    }
    const valid = samples - (codes[CODE.invalid] as number);
    if (certified !== undefined)
      same("the number of certified intervals", certified.reached + certified.missed, valid * (depth - 1));
    same("the share of samples at a kink", report.kinks, valid === 0 ? null : kinks / valid);
    same("the least proven end of a ratio", report.ratioLower, ratio.count === 0 ? null : ends.lower);
    if (ends.upper < Infinity)
      same("the largest proven end of a ratio", report.ratioUpper, ratio.count === 0 ? null : ends.upper);
    // A square that left the range has no place in a sum.
    if (input.count === valid) near("the mean ‖∇ₓf‖²", report.penalties.input, input);
    if (parameter.count === valid) near("the mean ‖∇_θ f‖²", report.penalties.parameter, parameter);
    for (const [what, said, own] of [
      ["ratio", report.ratio, ratio],
      ["coefficient", report.coefficient, coefficient],
    ] as const) {
      near(`the mean ${what}`, said.mean, own);
      same(`the number of ${what}s`, said.counted, own.count);
      same(`the least ${what}`, said.min, own.count === 0 ? null : own.min);
      same(`the largest ${what}`, said.max, own.count === 0 ? null : own.max);
      for (const [name, share] of QUANTILES) quantile(`${what} ${name}`, said[name], share, own);
    }
    report.layers.forEach((layer, i) => {
      TIGHTNESS_NUMBERS.forEach((name, k) => {
        const own = (layers[i] as Extent[])[k] as Extent;
        same(`the least ${name} of layer ${String(i + 1)}`, layer[name].min, own.count === 0 ? null : own.min);
        same(`the largest ${name} of layer ${String(i + 1)}`, layer[name].max, own.count === 0 ? null : own.max);
        quantile(`the median ${name} of layer ${String(i + 1)}`, layer[name].median, 0.5, own);
      });
    });
    // Where a sample has an output that is invalid, none of its outputs counts.
    if (report.eachOutput !== undefined && input.count === samples && samples % energies.length === 0) {
      const { geometricComplexity, dirichletEnergies } = report.eachOutput;
      const sum = { ...input, count: samples / energies.length };
      near("the geometric complexity", geometricComplexity, sum);
      energies.forEach((own, k) => {
        near(`the Dirichlet energy of output ${String(k)}`, dirichletEnergies[k] ?? null, own);
      });
    }
    if (report.faults.length === 0) same("the number of findings", 0, violations);
    return found;
  };

  return {
    add(block) {
      addBlock(block);
      for (const told of block.told.values()) {
        violations += told.violations.length;
        if (told.audit !== undefined) audited++;
        accurate += told.accuracy?.audited ?? 0;
        missed += told.accuracy?.missed ?? 0;
      }
    },
    held: (report) => withDifferences(report, differences(report)),
  };
}

/** A report, with a fault of the check "report" where a second count differs. @param found what it says otherwise, one sentence each. */
export function withDifferences<Counted extends { readonly faults: readonly ReportedFault[] }>(
  report: Counted,
  found: readonly string[],
): Counted {
  if (found.length === 0) return report;
  const example = { index: 0, left: null, right: null, margin: null, bound: null, reason: found.join("; ") };
  const fault: ReportedFault = { check: "report", layer: 0, count: found.length, example };
  return { ...report, faults: [...report.faults, fault] };
}

/** Counts the codes of the samples that are not invalid. */
function countValid(counts: Float64Array, column: Uint8Array, verdict: Uint8Array): void {
  for (let at = column.length - 1; at >= 0; at--) {
    const code = column[at] as number;
    if (verdict[at] !== CODE.invalid) counts[code] = (counts[code] as number) + 1;
  }
}
