/**
 * A sweep's report counted a second time, of the same tallies: the ledger keeps one an architecture, and no rows of samples. Counts must be equal,
 * extremes the same bits, and means within what rounding explains of a compensated sum (Neumaier) over the architectures, where the report
 * adds in exact integers and rounds once. Of each tally, that its own counts add up: verdicts to samples, the ways they were settled to those
 * that are valid, and a sketch to the numbers in it.
 */
import type { SweepReport } from "../records/sweep.ts";
import { withDifferences } from "../pipeline/recount.ts";
import { sumValue } from "../pipeline/sketch.ts";
import type { Spreading, Tally } from "./tally.ts";
import { LAYER_NUMBERS } from "./tally.ts";

export interface SweepRecount {
  readonly add: (architecture: number, tally: Tally) => void;
  /** What the report says otherwise, one sentence each. */
  readonly differences: (report: SweepReport) => string[];
  /** The report, with a fault of the check "report" where it says something else. */
  readonly held: (report: SweepReport) => SweepReport;
}

/** A compensated sum, and Σ|x|. */
interface Sum {
  sum: number;
  lost: number;
  size: number;
}

export function createSweepRecount(): SweepRecount {
  const counts = new Map<string, number>();
  const sums = new Map<string, Sum>();
  const ends = new Map<string, { min: number; max: number }>();
  const inside: string[] = [];
  const count = (what: string, more: number): void => {
    counts.set(what, (counts.get(what) ?? 0) + more);
  };
  const add = (what: string, x: number): void => {
    const own = sums.get(what) ?? { sum: 0, lost: 0, size: 0 };
    const next = own.sum + x;
    own.lost += Math.abs(own.sum) >= Math.abs(x) ? own.sum - next + x : x - next + own.sum;
    own.sum = next;
    own.size += Math.abs(x);
    sums.set(what, own);
  };
  const extend = (what: string, { min, max }: Spreading): void => {
    const own = ends.get(what) ?? { min: Infinity, max: -Infinity };
    ends.set(what, { min: min < own.min ? min : own.min, max: max > own.max ? max : own.max });
  };

  const addTally = (architecture: number, tally: Tally): void => {
    const total = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
    const adds = (what: string, said: number, right: number): void => {
      if (said === right) return;
      inside.push(
        `of architecture ${String(architecture)} ${what} are ${String(said)}, counted again ${String(right)}`,
      );
    };
    const { samples, verdicts, escalations, penalties, layers } = tally;
    const valid = samples - verdicts.invalid;
    adds("the samples", samples, total(Object.values(verdicts)));
    adds("the settled samples", total(Object.values(escalations)), valid);
    adds("the gradients that count", penalties.valid, valid);
    count("samples", samples);
    count("audited", tally.audited);
    for (const [name, n] of Object.entries(verdicts)) count(`verdicts ${name}`, n);
    for (const [name, n] of Object.entries(escalations)) count(`escalations ${name}`, n);
    for (const [kind, n] of Object.entries(tally.bounds)) count(`bounds ${kind}`, n);
    count("certified", tally.certified.reached);
    count("uncertified", tally.certified.missed);
    for (const { check, layer, count: n } of tally.faults.values()) count(`faults ${check} ${String(layer)}`, n);
    count("valid", valid);
    for (const name of ["input", "parameter"] as const) add(name, sumValue(penalties[name]));
    for (const name of ["ratio", "coefficient"] as const) {
      const own = tally[name];
      count(name, own.counted);
      add(name, sumValue(own.sum));
      extend(name, own);
      adds(`the numbers in the sketch of the ${name}`, total(own.sketch.values()), own.counted);
    }
    layers.forEach((layer, i) => {
      for (const name of LAYER_NUMBERS) extend(`${name} ${String(i + 1)}`, layer[name]);
    });
  };

  const differences = (report: SweepReport): string[] => {
    const found = [...inside];
    const same = (what: string, said: number | null, right: number | null): void => {
      if (said !== right) found.push(`${what} is ${String(said)}, counted again ${String(right)}`);
    };
    const counted = (what: string): number => counts.get(what) ?? 0;
    const near = (what: string, name: string, said: number | null, n: number): void => {
      const { sum, lost, size } = sums.get(name) ?? { sum: 0, lost: 0, size: 0 };
      const right = (sum + lost) / n;
      // A mean that left the range is null in the report; so is one of no number.
      if (said === null || !Number.isFinite(size)) return;
      // Each architecture's sum is rounded once, the report's once, the compensated one to second order, and the quotients.
      const bound = (8 * 2 ** -53 * size) / n + Number.MIN_VALUE;
      if (!(Math.abs(said - right) <= bound))
        found.push(`${what} is ${String(said)}, summed again ${String(right)} ± ${bound.toExponential(1)}`);
    };
    same("samples", report.samples, counted("samples"));
    same(
      "the samples of all architectures",
      report.architectures.reduce((n, a) => n + a.samples, 0),
      counted("samples"),
    );
    same("the number of audited samples", report.audited.samples, counted("audited"));
    for (const [name, said] of Object.entries(report.verdicts)) {
      same(`the number of samples that are ${name}`, said, counted(`verdicts ${name}`));
      const each = report.architectures.reduce((n, a) => n + a.verdicts[name as keyof typeof a.verdicts], 0);
      same(`that of all architectures that are ${name}`, each, counted(`verdicts ${name}`));
    }
    for (const [name, said] of Object.entries(report.escalations))
      same(`the number of samples that are ${name}`, said, counted(`escalations ${name}`));
    const kinds = [...counts.keys()].filter((key) => key.startsWith("bounds ")).map((key) => key.slice(7));
    for (const kind of new Set([...kinds, ...Object.keys(report.bounds)]))
      same(`the use of the bound "${kind}"`, report.bounds[kind] ?? 0, counted(`bounds ${kind}`));
    if (report.certified !== undefined) {
      same("the number of certified intervals", report.certified.reached, counted("certified"));
      same("the number of intervals that are not", report.certified.missed, counted("uncertified"));
    }
    for (const fault of report.faults)
      same(`the findings of ${fault.check} at layer ${String(fault.layer)}`, fault.count, counted(faultName(fault)));
    const faults = [...counts.keys()].filter((key) => key.startsWith("faults ")).length;
    same("the number of kinds of findings", report.faults.length, faults);
    near("the mean ‖∇ₓf‖²", "input", report.penalties.input, counted("valid"));
    near("the mean ‖∇_θ f‖²", "parameter", report.penalties.parameter, counted("valid"));
    for (const name of ["ratio", "coefficient"] as const) {
      const said = report[name];
      same(`the number of ${name}s`, said.counted, counted(name));
      near(`the mean ${name}`, name, said.mean, counted(name));
      const { min, max } = ends.get(name) ?? { min: Infinity, max: -Infinity };
      same(`the least ${name}`, said.min, counted(name) === 0 ? null : min);
      same(`the largest ${name}`, said.max, counted(name) === 0 ? null : max);
      const ordered = [said.min, said.p01, said.p10, said.median, said.p90, said.p99, said.max].map((q) => q ?? 0);
      if (ordered.some((q, k) => k > 0 && q < (ordered[k - 1] as number)))
        found.push(`the quantiles of the ${name} are not in order: ${ordered.join(", ")}`);
    }
    for (const { layer, tightness } of report.layers) {
      const { min, max } = ends.get(`tightness ${String(layer)}`) ?? { min: Infinity, max: -Infinity };
      same(`the least tightness of layer ${String(layer)}`, tightness.min, Number.isFinite(min) ? min : null);
      same(`the largest tightness of layer ${String(layer)}`, tightness.max, Number.isFinite(max) ? max : null);
    }
    return found;
  };

  return {
    add: addTally,
    differences,
    held: (report) => withDifferences(report, differences(report)),
  };
}

function faultName({ check, layer }: { check: string; layer: number }): string {
  return `faults ${check} ${String(layer)}`;
}
