/** Results of the runs behind the five main figures → docs/evidence/experiments-runs.json: each seed's series, what was run, and its command. */
import type { AllRuns, RunsData } from "../../../web/experiments/data.ts";
import { average } from "../../../src/training/experiments/statistics.ts";
import type { ComplexityRun, LevelFound } from "./complexity.ts";
import type { CornerRun } from "./corner.ts";
import { STARTS } from "./corner.ts";
import type { NormsProbe } from "./norms.ts";
import { commandOf } from "./page-commands.ts";
import type { Scale, Store } from "./runs.ts";
import { runName } from "./runs.ts";
import type { Arm, Comparison, TaskName } from "./sets.ts";
import { ADAM_RATE, DOSE_RATE, GRID_A_RATES, GRID_B, GRID_C, sgd, TASK_NAMES, TASKS } from "./sets.ts";

const of = (seed: number): string => `s${String(seed)}`;
/** Four digits: a curve's place on the page takes fewer. */
const four = (x: number): number => Number(x.toPrecision(4));

/** Runs that are not made are left out. */
export function pageRuns(scale: Scale, { read }: Store): AllRuns {
  const seeds = scale.seeds;
  const runs: Record<string, RunsData> = {};
  for (const task of TASK_NAMES) {
    const made = seeds.map((seed) => read(runName("a", task, of(seed))) as { readonly probes: NormsProbe[] } | null);
    if (made.every((run) => run !== null))
      runs[`a/${task}`] = normsRuns(
        task,
        seeds,
        made.map(({ probes }) => probes),
      );
  }
  const reader = (grid: "b" | "c", task: TaskName) => (arm: Arm) =>
    seeds.map((seed) => read(runName(grid, task, arm.name, of(seed))) as ComplexityRun | null);
  const add = (
    key: string,
    comparison: Comparison,
    arm: Arm,
    made: (ComplexityRun | null)[],
    against: string | null,
  ) => {
    if (made.every((run) => run !== null)) runs[key] = levelRuns(comparison, arm, seeds, made, against);
  };
  for (const comparison of GRID_B) {
    const { task, arms } = comparison;
    const flow = `b/${task === "adam" ? "base" : task}/flow`;
    for (const arm of arms)
      add(`b/${task}/${arm.name}`, comparison, arm, reader("b", task)(arm), arm.name === "flow" ? null : flow);
  }
  for (const arm of GRID_C.arms)
    add(`c/${penaltyOf(arm) ?? ""}`, GRID_C, arm, reader("c", "base")(arm), `b/base/${sgd("full", DOSE_RATE).name}`);
  STARTS.forEach((_, i) => {
    const run = read(runName("pair", i)) as CornerRun | null;
    if (run !== null) runs[`corner/${String(i)}`] = cornerRuns("pair", [0], [run]);
  });
  const corners = seeds.map((seed) => read(runName("corner", of(seed))) as CornerRun | null);
  if (corners.every((run) => run !== null))
    runs[`corner/${String(STARTS.length)}`] = cornerRuns("drawn", seeds, corners);
  return runs;
}

function penaltyOf({ penalties: [penalty] }: Arm): string | null {
  return penalty === undefined ? null : `${penalty.kind}:${String(penalty.factor)}`;
}

function taskFacts(name: TaskName) {
  const { data, hidden, activation, weightDecay } = TASKS[name];
  const [inputs, outputs] = data === "regression" ? [8, 1] : [196, 10];
  return { sizes: [inputs, ...hidden, outputs].join("-"), activation, data, weightDecay };
}

function normsRuns(task: TaskName, seeds: readonly number[], runs: readonly (readonly NormsProbe[])[]): RunsData {
  const isAdam = task === "adam";
  const arm: Arm = { ...sgd(16, isAdam ? ADAM_RATE : GRID_A_RATES[task]), optimiser: isAdam ? "adam" : "sgd" };
  const [first] = runs;
  const steps = first?.at(-1)?.step ?? 0;
  const series: Record<string, (number | null)[][]> = {};
  const add = (name: string, value: (probe: NormsProbe) => number): void => {
    series[name] = runs.map((probes) => probes.map((probe) => four(value(probe))));
  };
  const depth = first?.[0]?.hidden.length ?? 0;
  for (let i = 0; i < depth; i++) {
    const t = String(i + 1);
    if (i > 0) add(`h_${t}`, ({ hidden }) => hidden[i] as number);
    add(`W_${t}`, ({ weight }) => weight.spectral[i] as number);
    if (i > 0) add(`J_${t}`, ({ jacobian }) => jacobian.spectral[i] as number);
  }
  const loss = ({ functions }: NormsProbe) => functions[0] as NormsProbe["functions"][number];
  const outputs = ({ functions }: NormsProbe) => functions.filter(({ name }) => name.startsWith("logit:"));
  add("P_x", (probe) => loss(probe).inputPenalty);
  add("P_θ", (probe) => loss(probe).parameterPenalty);
  add("C", (probe) => Math.exp(average(outputs(probe).map(({ meanC }) => meanC.spectral))));
  add("ρ", (probe) => Math.exp(average(outputs(probe).map(({ meanC, meanY }) => meanC.spectral - meanY))));
  add("loss", (probe) => probe.loss);
  return {
    ...{ kind: "norms", ...taskFacts(task), optimiser: arm.optimiser, batch: arm.batch, rate: arm.rate, penalty: null },
    ...{ steps, command: commandOf(task, arm, steps, seeds, 32), seeds, series, against: null },
    x: [(first ?? []).map(({ time }) => four(time))],
  };
}

const QUANTITIES: readonly (readonly [name: string, of: (found: LevelFound) => number])[] = [
  ["P_x", ({ energy }) => energy],
  ["complexity", ({ geometric }) => geometric],
  ["P_θ", ({ each }) => each],
  ["cos(∇P_θ, ∇P_x)", ({ cosEach }) => cosEach],
  ["cos(∇‖∇L‖², ∇P_x)", ({ cosFull }) => cosFull],
];

function levelRuns(
  { task, levels }: Comparison,
  arm: Arm,
  seeds: readonly number[],
  runs: readonly ComplexityRun[],
  against: string | null,
): RunsData {
  const found = (run: ComplexityRun, level: number) => run.levels.find((one) => one.level === level);
  const last = Math.max(...runs.flatMap((run) => run.levels.map(({ time }) => time)));
  const series = QUANTITIES.map(([name, value]) => {
    const rows = runs.map((run) =>
      levels.map((level) => {
        const at = found(run, level);
        return at === undefined ? null : four(value(at));
      }),
    );
    return [name, rows] as const;
  });
  return {
    ...{ kind: "levels", ...taskFacts(task), optimiser: arm.optimiser, batch: arm.batch, rate: arm.rate },
    ...{ penalty: penaltyOf(arm), steps: null, seeds, against },
    command: arm.optimiser === "flow" ? null : commandOf(task, arm, Math.round(last / arm.rate), seeds, 256),
    ...{ x: [levels], series: Object.fromEntries(series) },
  };
}

function cornerRuns(data: "pair" | "drawn", seeds: readonly number[], runs: readonly CornerRun[]): RunsData {
  const rows = (of: (one: CornerRun["departures"][number]) => number) =>
    runs.map(({ departures }) => departures.map((one) => four(of(one))));
  return {
    ...{ kind: "corner", data, sizes: data === "pair" ? "1-1-1" : "4-8-8-3", weightDecay: 0, penalty: null },
    ...{ activation: data === "pair" ? "identity" : "tanh", optimiser: "sgd", batch: "full", rate: null, steps: null },
    ...{ command: null, seeds, x: rows(({ rate }) => rate), against: null },
    series: { flow: rows(({ toFlow }) => toFlow), modified: rows(({ toModified }) => toModified) },
  };
}
