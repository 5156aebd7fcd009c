/**
 * A report counted a second time, by accumulators of its own that are fed with the same blocks: counts must be equal, extremes the same
 * bits, means within what rounding explains of two sums of n terms, 2γ_n Σ|x|, and quantiles in the bucket of a histogram of its own
 * (histogram.ts), but for the error that the report states. Its sums are compensated (Neumaier), so that its own error does not grow with n.
 */
import type { Report, ReportedFault } from "../records/report.ts";
import { TIGHTNESS_NUMBERS } from "../records/report.ts";
import type { VerdictName } from "../records/kit.ts";
import { IEEE_F64 } from "../engine/engine.ts";
import { UPPER_KINDS } from "../verification/findings.ts";
import { gamma } from "../verification/rounding.ts";
import { CODE } from "../verification/verdict.ts";
import type { LayerColumns, SettledBlock } from "./block.ts";
import { RUNGS } from "./block.ts";
import type { Histogram } from "./histogram.ts";
import { createHistogram } from "./histogram.ts";

/** A sum with what its roundings lost, of how many terms and of what size. */
interface Sum {
  count: number;
  sum: number;
  lost: number;
  size: number;
  min: number;
  max: number;
  /** Of what quantiles are reported of. */
  readonly histogram: Histogram | null;
}

const emptySum = (histogram: Histogram | null = null): Sum => ({
  ...{ count: 0, sum: 0, lost: 0, size: 0, min: Infinity, max: -Infinity, histogram },
});
const spread = (): Sum => emptySum(createHistogram());

/** Which numbers of a column are not counted: of invalid samples, and elsewhere those that are not finite. */
type Column = Readonly<{ values: Float64Array; verdict: Uint8Array; power: 1 | 2; from: number; step: number }>;

/** A column of valid samples, or each step-th of them; its squares, finite or not, where power is 2. */
function add(into: Sum, { values, verdict, power, from, step }: Column): void {
  let { count, sum, lost, size, min, max } = into;
  const { histogram } = into;
  for (let at = from; at < values.length; at += step) {
    if (verdict[at] === CODE.invalid) continue;
    const value = values[at] as number;
    if (power === 1 && !(value - value === 0)) continue;
    const x = power === 1 ? value : value * value;
    const next = sum + x;
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
    size += Math.abs(x);
    count++;
    if (x < min) min = x;
    if (x > max) max = x;
    histogram?.add(x);
  }
  Object.assign(into, { count, sum, lost, size, min, max });
}

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

/** @param outputs of the head each-logit, how many there are; null for any other. */
export function createRecount(depth: number, outputs: number | null = null): Recount {
  const [codes, rungs, kinds] = [new Float64Array(256), new Float64Array(256), new Float64Array(256)];
  const [input, parameter, ratio, coefficient] = [emptySum(), emptySum(), spread(), spread()];
  const layers = Array.from({ length: depth }, () => TIGHTNESS_NUMBERS.map(spread));
  const energies = Array.from({ length: outputs ?? 0 }, () => emptySum());
  const ends = { lower: Infinity, upper: -Infinity };
  let [samples, kinks, audited, accurate, missed, violations] = [0, 0, 0, 0, 0, 0];

  const addSamples = ({ verdict, numbers, rung, kink, samples: count }: SettledBlock): void => {
    let { lower, upper } = ends;
    for (let at = 0; at < count; at++) {
      const code = verdict[at] as number;
      codes[code] = (codes[code] as number) + 1;
      if (code === CODE.invalid) continue;
      const own = rung[at] as number;
      rungs[own] = (rungs[own] as number) + 1;
      if (kink[at] !== 0) kinks++;
      if (Number.isNaN(numbers.ratio[at] as number)) continue;
      const [low, high] = [numbers.ratioLower[at] as number, numbers.ratioUpper[at] as number];
      lower = Math.min(lower, Number.isFinite(low) ? low : 0);
      upper = Math.max(upper, Number.isFinite(high) ? high : Infinity);
    }
    samples += count;
    Object.assign(ends, { lower, upper });
  };
  const addNumbers = ({ first, verdict, numbers, layers: columns, findings }: SettledBlock): void => {
    const whole = (values: Float64Array, power: Column["power"]): Column => ({
      ...{ values, verdict, power, from: 0, step: 1 },
    });
    add(input, whole(numbers.inputGradientNorm, 2));
    add(parameter, whole(numbers.parameterGradientNorm, 2));
    add(ratio, whole(numbers.ratio, 1));
    add(coefficient, whole(numbers.coefficient, 1));
    energies.forEach((own, output) => {
      const step = energies.length;
      add(own, { ...whole(numbers.inputGradientNorm, 2), from: (output - (first % step) + step) % step, step });
    });
    for (let i = 0; i < depth; i++) {
      const own = columns[i] as LayerColumns;
      TIGHTNESS_NUMBERS.forEach((name, k) => {
        add((layers[i] as Sum[])[k] as Sum, whole(own[name], 1));
      });
      const kind = findings.kind[i] as Uint8Array;
      for (let at = 0; at < kind.length; at++) {
        const code = kind[at] as number;
        if (verdict[at] !== CODE.invalid) kinds[code] = (kinds[code] as number) + 1;
      }
    }
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
    const quantile = (what: string, said: number | null, share: number, { histogram }: Sum): void => {
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
      same(`the number of samples that are ${rung}`, report.escalations[rung], rungs[k] ?? 0);
    });
    UPPER_KINDS.forEach((kind, k) => {
      same(`the use of the bound "${kind}"`, report.bounds[kind] ?? 0, kinds[k] ?? 0);
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
    const valid = input.count;
    if (certified !== undefined)
      same("the number of certified intervals", certified.reached + certified.missed, valid * (depth - 1));
    same("the share of samples at a kink", report.kinks, valid === 0 ? null : kinks / valid);
    same("the least proven end of a ratio", report.ratioLower, ratio.count === 0 ? null : ends.lower);
    if (ends.upper < Infinity)
      same("the largest proven end of a ratio", report.ratioUpper, ratio.count === 0 ? null : ends.upper);
    near("the mean ‖∇ₓf‖²", report.penalties.input, input);
    near("the mean ‖∇_θ f‖²", report.penalties.parameter, parameter);
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
        const own = (layers[i] as Sum[])[k] as Sum;
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
      addSamples(block);
      addNumbers(block);
      for (const told of block.told.values()) {
        violations += told.violations.length;
        if (told.audit !== undefined) audited++;
        accurate += told.accuracy?.audited ?? 0;
        missed += told.accuracy?.missed ?? 0;
      }
    },
    held(report) {
      const found = differences(report);
      if (found.length === 0) return report;
      const example = { index: 0, left: null, right: null, margin: null, bound: null, reason: found.join("; ") };
      const fault: ReportedFault = { check: "report", layer: 0, count: found.length, example };
      return { ...report, faults: [...report.faults, fault] };
    },
  };
}
