/** Grid A → what claim 2 is decided by, one network at a time. */
import type { Decision } from "../../../src/training/experiments/decisions.ts";
import { follows, little, reason } from "../../../src/training/experiments/decisions.ts";
import type { Interval } from "../../../src/training/experiments/statistics.ts";
import {
  average,
  bootstrapMean,
  coproduct,
  correlation,
  differences,
  factor,
} from "../../../src/training/experiments/statistics.ts";
import type { FunctionProbe, Norm, NormsProbe } from "./norms.ts";
import { NORMS } from "./norms.ts";

/** The probes before the first tenth. */
const EARLY = 3;

interface Window {
  readonly all: Interval;
  readonly late: Interval;
}

export interface FunctionSummary {
  /** Log factors over all probes. */
  readonly inputPenalty: Interval;
  readonly parameterPenalty: Interval;
  readonly ratio: Window;
  readonly r: Window;
  /** C's share; ρ's is 1 less it. */
  readonly drift: Readonly<Record<Norm, Interval>>;
  readonly spread: Readonly<Record<Norm, Interval>>;
  readonly decision: Readonly<Record<"all" | "late", Decision>>;
  readonly reason: Readonly<Record<Norm, ReturnType<typeof reason>>>;
}

export interface NormsSummary {
  /** Seeds that are there. */
  readonly seeds: number;
  /** "spectral W_2" …: log factors. */
  readonly factors: Readonly<Record<string, Window>>;
  readonly penalties: Readonly<Record<"input" | "parameter", Window>>;
  readonly decision: Readonly<Record<Norm, Readonly<Record<"all" | "late", Decision>>>>;
  readonly functions: Readonly<Record<string, FunctionSummary>>;
  readonly violated: number;
}

type Runs = readonly { readonly probes: readonly NormsProbe[] }[];

export function summariseNorms(runs: Runs): NormsSummary {
  const windows = (of: (probe: NormsProbe) => number): Window => ({
    all: bootstrapMean(runs.map(({ probes }) => Math.log(factor(probes.map(of))))),
    late: bootstrapMean(runs.map(({ probes }) => Math.log(factor(probes.slice(EARLY).map(of))))),
  });
  const first = runs[0]?.probes[0];
  const depth = first?.hidden.length ?? 0;
  const factors: Record<string, Window> = {};
  for (let i = 0; i < depth; i++) {
    const t = String(i + 1);
    if (i > 0) factors[`h_${t}`] = windows((probe) => probe.hidden[i] as number);
    for (const norm of NORMS) {
      factors[`${norm} W_${t}`] = windows((probe) => probe.weight[norm][i] as number);
      if (i > 0) factors[`${norm} J_${t}`] = windows((probe) => probe.jacobian[norm][i] as number);
    }
  }
  const ofLoss = (name: "inputPenalty" | "parameterPenalty") =>
    windows((probe) => (probe.functions[0] as FunctionProbe)[name]);
  const penalties = { input: ofLoss("inputPenalty"), parameter: ofLoss("parameterPenalty") };
  const decide = (norm: Norm, window: "all" | "late"): Decision =>
    little(
      Object.entries(factors)
        .filter(([name]) => name.startsWith("h_") || name.startsWith(norm))
        .map(([, found]) => found[window]),
      [penalties.input[window], penalties.parameter[window]],
    );
  const names = first?.functions.map(({ name }) => name) ?? [];
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const group = name.startsWith("logit:") ? "outputs" : name;
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  return {
    ...{ seeds: runs.length, factors, penalties },
    decision: {
      spectral: { all: decide("spectral", "all"), late: decide("spectral", "late") },
      frobenius: { all: decide("frobenius", "all"), late: decide("frobenius", "late") },
    },
    functions: Object.fromEntries([...groups].map(([group, list]) => [group, functionSummary(runs, list)])),
    violated: runs.flatMap(({ probes }) => probes).reduce((sum, { violated }) => sum + violated, 0),
  };
}

/** @param names several where f is an output: numbers of a seed are averaged over them, variances added up. */
function functionSummary(runs: Runs, names: readonly string[]): FunctionSummary {
  const series = (run: Runs[number], name: string): FunctionProbe[] =>
    run.probes.map(({ functions }) => functions.find((one) => one.name === name) as FunctionProbe);
  const each = (of: (probes: readonly FunctionProbe[]) => number): Interval =>
    bootstrapMean(runs.map((run) => average(names.map((name) => of(series(run, name))))));
  const quotient = (of: (probes: readonly FunctionProbe[]) => readonly [part: number, whole: number]): Interval =>
    bootstrapMean(
      runs.map((run) => {
        const parts = names.map((name) => of(series(run, name)));
        return average(parts.map(([part]) => part)) / average(parts.map(([, whole]) => whole));
      }),
    );
  const window = (of: (probes: readonly FunctionProbe[]) => number): Window => ({
    all: each(of),
    late: each((probes) => of(probes.slice(EARLY))),
  });
  const logs = (probes: readonly FunctionProbe[], name: "inputPenalty" | "parameterPenalty"): number[] =>
    probes.map((probe) => Math.log(probe[name]));
  const ratio = window((probes) => range(probes.map(({ meanY }) => meanY)));
  const r = window((probes) =>
    correlation(differences(logs(probes, "parameterPenalty")), differences(logs(probes, "inputPenalty"))),
  );
  const drift = byNorm((norm) => quotient((probes) => driftShare(probes, norm)));
  return {
    inputPenalty: each((probes) => range(logs(probes, "inputPenalty"))),
    parameterPenalty: each((probes) => range(logs(probes, "parameterPenalty"))),
    ...{ ratio, r, drift },
    spread: byNorm((norm) => quotient((probes) => spreadShare(probes, norm))),
    decision: { all: follows(ratio.all, r.all), late: follows(ratio.late, r.late) },
    reason: { spectral: reason(drift.spectral), frobenius: reason(drift.frobenius) },
  };
}

function byNorm<T>(of: (norm: Norm) => T): Record<Norm, T> {
  return { spectral: of("spectral"), frobenius: of("frobenius") };
}

/** Cov(y, log C) and Var(y) over the probes, of means over the samples. */
export function driftShare(probes: readonly FunctionProbe[], norm: Norm): readonly [part: number, whole: number] {
  const y = probes.map(({ meanY }) => meanY);
  return [
    coproduct(
      y,
      probes.map(({ meanC }) => meanC[norm]),
    ),
    coproduct(y, y),
  ];
}

/** The same over the samples, added up over the probes. */
export function spreadShare(probes: readonly FunctionProbe[], norm: Norm): readonly [part: number, whole: number] {
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  return [sum(probes.map(({ spreadC }) => spreadC[norm])), sum(probes.map(({ spreadY }) => spreadY))];
}

function range(x: readonly number[]): number {
  return Math.max(...x) - Math.min(...x);
}
