/** All results → docs/evidence/experiments.json: every number that a figure, a table or a sentence of docs/experiments.md has. */
import type { Decision } from "../../../src/training/experiments/decisions.ts";
import { overall } from "../../../src/training/experiments/decisions.ts";
import type { ComplexityRun } from "./complexity.ts";
import type { CornerRun } from "./corner.ts";
import { STARTS } from "./corner.ts";
import type { NormsProbe } from "./norms.ts";
import type { Scale, Store } from "./runs.ts";
import { runName, runsOf } from "./runs.ts";
import type { TaskName } from "./sets.ts";
import { DOSE_RATE, GRID_B, GRID_C, MAIN_TASKS, sgd, TASK_NAMES } from "./sets.ts";
import type { ComparisonSummary, CornerSummary, DoseSummary } from "./summary-complexity.ts";
import { summariseComparison, summariseCorner, summariseDoses } from "./summary-complexity.ts";
import type { NormsSummary } from "./summary-norms.ts";
import { summariseNorms } from "./summary-norms.ts";

interface Trajectory {
  readonly time: number;
  /** One a seed. */
  readonly loss: readonly number[];
  readonly inputPenalty: readonly number[];
  readonly parameterPenalty: readonly number[];
  readonly coefficient: readonly number[];
  readonly ratio: readonly number[];
}

export interface Summary {
  readonly engine: "cpu";
  readonly seeds: number;
  readonly runs: number;
  /** Runs that the protocol has and this does not. */
  readonly missing: number;
  readonly diverged: number;
  readonly norms: Readonly<Record<string, NormsSummary>>;
  /** Of the base: loss and both penalties of the loss, exp mean log C and exp mean log ρ. */
  readonly trajectory: readonly Trajectory[];
  readonly comparisons: Readonly<Record<string, ComparisonSummary>>;
  readonly doses: Readonly<Record<string, readonly DoseSummary[]>>;
  readonly corner: CornerSummary;
  readonly claims: {
    readonly little: string;
    readonly littleLate: string;
    readonly therefore: Readonly<Record<"loss" | "margin" | "outputs", string>>;
    readonly energy: string;
    readonly geometric: string;
  };
}

export function summarise(scale: Scale, store: Store): Summary {
  const { seeds } = scale;
  const { read } = store;
  const all = runsOf(scale);
  const made = all.filter(({ name }) => store.read(name) !== null);
  const of = (seed: number): string => `s${String(seed)}`;
  const probesOf = (task: TaskName) =>
    seeds.flatMap((seed) => {
      const run = read(runName("a", task, of(seed))) as { readonly probes: readonly NormsProbe[] } | null;
      return run === null ? [] : [run];
    });
  const norms = Object.fromEntries(
    TASK_NAMES.flatMap((task) => {
      const runs = probesOf(task);
      return runs.length === 0 ? [] : [[task, summariseNorms(runs)] as const];
    }),
  );
  const reader = (grid: "b" | "c", task: TaskName) => (arm: string, seed: number) =>
    read(runName(grid, task, arm, of(seed))) as ComplexityRun | null;
  const comparisons = Object.fromEntries(
    GRID_B.filter(({ task }) => scale.tasks?.includes(task) ?? true).map((one) => {
      const arms = one.arms.filter(({ name }) => scale.arms?.includes(name) ?? true);
      const flow = reader("b", one.task === "adam" ? "base" : one.task);
      const results = { seeds, samples: scale.samples, read: reader("b", one.task), flow };
      return [one.task, summariseComparison({ ...one, arms }, results)] as const;
    }),
  );
  const plain = sgd("full", DOSE_RATE).name;
  const doses = {
    ...GRID_C,
    arms: GRID_C.arms.filter(({ name }) => scale.arms?.includes(name) ?? true),
  };
  const isHere = <T>(value: T | null): value is T => value !== null;
  const main = Object.entries(norms).filter(([task]) => (MAIN_TASKS as readonly string[]).includes(task));
  const therefore = (name: string): string =>
    overall(main.flatMap(([, { functions }]) => functions[name]?.decision.all ?? ([] as Decision[])));
  const mainComparisons = Object.entries(comparisons).filter(([task]) => ["base", "relu", "regression"].includes(task));
  return {
    ...{ engine: "cpu", seeds: seeds.length, runs: made.length, missing: all.length - made.length },
    diverged: made.filter(({ name }) => (store.read(name) as Partial<ComplexityRun>).diverged === true).length,
    norms,
    trajectory: trajectoryOf(probesOf("base")),
    comparisons,
    doses: summariseDoses(doses, seeds, reader("c", "base"), (seed) => reader("b", "base")(plain, seed)),
    corner: summariseCorner(
      STARTS.map((_, i) => read(runName("pair", i)) as CornerRun | null).filter(isHere),
      seeds.map((seed) => read(runName("corner", of(seed))) as CornerRun | null).filter(isHere),
    ),
    claims: {
      little: overall(main.map(([, { decision }]) => decision.spectral.all)),
      littleLate: overall(main.map(([, { decision }]) => decision.spectral.late)),
      therefore: { loss: therefore("loss"), margin: therefore("margin"), outputs: therefore("outputs") },
      energy: overall(mainComparisons.map(([, { decision }]) => decision.energy)),
      geometric: overall(mainComparisons.map(([, { decision }]) => decision.geometric)),
    },
  };
}

function trajectoryOf(runs: readonly { readonly probes: readonly NormsProbe[] }[]): Trajectory[] {
  return (runs[0]?.probes ?? []).map(({ time }, k) => {
    const own = (of: (probe: NormsProbe) => number): number[] => runs.map(({ probes }) => of(probes[k] as NormsProbe));
    const loss = (probe: NormsProbe) => probe.functions[0] as NormsProbe["functions"][number];
    return {
      time,
      loss: own((probe) => probe.loss),
      inputPenalty: own((probe) => loss(probe).inputPenalty),
      parameterPenalty: own((probe) => loss(probe).parameterPenalty),
      coefficient: own((probe) => Math.exp(loss(probe).meanC.spectral)),
      ratio: own((probe) => Math.exp(loss(probe).meanC.spectral - loss(probe).meanY)),
    };
  });
}

/** Numbers with six digits: what is said of them has fewer. */
export function rounded<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, v: unknown) => (typeof v === "number" ? Number(v.toPrecision(6)) : v)),
  ) as T;
}
