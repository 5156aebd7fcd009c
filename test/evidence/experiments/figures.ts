/** docs/evidence/experiments.json → the figures of docs/experiments.md, docs/experiments/NAME.svg. */
import type { Interval } from "../../../src/training/experiments/statistics.ts";
import { GRID_B, MAIN_TASKS } from "./sets.ts";
import type { Summary } from "./summary.ts";
import type { NormsSummary } from "./summary-norms.ts";
import type { Axis, Line, Mark, Row, RowChart } from "./svg.ts";
import { panelChart, rowChart } from "./svg.ts";

export function figuresOf(summary: Summary): Readonly<Record<string, string>> {
  return {
    norms: rowChart(normsChart(summary)),
    trajectory: trajectoryFigure(summary),
    therefore: thereforeFigure(summary),
    drift: rowChart(driftChart(summary)),
    "equal-loss": rowChart(equalLossChart(summary)),
    cosines: cosinesFigure(summary),
    doses: dosesFigure(summary),
    corner: cornerFigure(summary),
  };
}

export const isMain = (task: string): boolean => (MAIN_TASKS as readonly string[]).includes(task);
const named = (task: string): string => (isMain(task) ? task : `${task} (control)`);

export function mark(series: number, { mean, lower, upper }: Interval): Mark {
  return { series, mean, lower, upper };
}

/** Of a logarithm. */
export function factorMark(series: number, { mean, lower, upper }: Interval): Mark {
  return { series, mean: Math.exp(mean), lower: Math.exp(lower), upper: Math.exp(upper) };
}

/** The norm of a kind that moved most. */
export function most({ factors }: NormsSummary, prefix: string, window: "all" | "late"): Interval {
  return Object.entries(factors)
    .filter(([name]) => name.startsWith(prefix))
    .map(([, found]) => found[window])
    .reduce((a, b) => (b.mean > a.mean ? b : a));
}

export function normsChart({ norms }: Summary): RowChart {
  return {
    title: "How far norms and penalties move from the first step to the last: largest over smallest",
    axis: {
      label: "factor (of each kind the layer that moves most)",
      from: 1,
      to: 1e4,
      scale: "log",
      ticks: [1, 2, 10, 100, 1e3, 1e4],
    },
    series: ["‖h_t‖", "‖W_t‖", "‖J_t‖", "P_x", "P_θ"],
    rules: [2, 10],
    rows: Object.entries(norms).map(([task, own]): Row => ({
      label: named(task),
      marks: [
        ...(Object.keys(own.factors).some((name) => name.startsWith("h_"))
          ? [factorMark(0, most(own, "h_", "all"))]
          : []),
        factorMark(1, most(own, "spectral W", "all")),
        factorMark(2, most(own, "spectral J", "all")),
        factorMark(3, own.penalties.input.all),
        factorMark(4, own.penalties.parameter.all),
      ],
    })),
  };
}

const TIME: Axis = {
  label: "time (rate × steps); 0 stands at 0.5",
  from: 0.5,
  to: 80,
  scale: "log",
  ticks: [0.5, 1, 3, 10, 30, 80],
};

function trajectoryFigure({ trajectory }: Summary): string {
  const lines = (
    names: readonly ("inputPenalty" | "parameterPenalty" | "coefficient" | "ratio" | "loss")[],
    from: number,
  ): Line[] =>
    names.flatMap((name, k) =>
      (trajectory[0]?.[name] ?? []).map((_, seed): Line => ({
        ...{ series: from + k, kind: "line" },
        points: trajectory.map((one) => [Math.max(0.5, one.time), one[name][seed] ?? NaN]),
      })),
    );
  const y = (label: string, from: number, to: number, ticks: readonly number[]): Axis => ({
    label,
    from,
    to,
    scale: "log",
    ticks,
  });
  return panelChart({
    title: "The base network, a line a seed",
    series: ["P_x", "P_θ", "C", "ρ", "loss"],
    panels: [
      {
        title: "penalties of the loss",
        x: TIME,
        y: y("", 1e-3, 1e3, [1e-3, 1e-2, 0.1, 1, 10, 100, 1e3]),
        lines: lines(["inputPenalty", "parameterPenalty"], 0),
      },
      {
        title: "what ties them",
        x: TIME,
        y: y("", 0.1, 100, [0.1, 1, 10, 100]),
        lines: lines(["coefficient", "ratio"], 2),
      },
      { title: "loss", x: TIME, y: y("", 1e-3, 10, [1e-3, 1e-2, 0.1, 1, 10]), lines: lines(["loss"], 4) },
    ],
  });
}

const FUNCTIONS = ["loss", "margin", "outputs"] as const;

function thereforeFigure({ norms }: Summary): string {
  return rowChart({
    title: "“Therefore”: r, the correlation of first differences of log P_θ and log P_x along training",
    axis: {
      label: "r; above ½ the one follows the other",
      from: 0,
      to: 1,
      scale: "linear",
      ticks: [0, 0.25, 0.5, 0.75, 1],
    },
    series: FUNCTIONS.map((name) => `f = ${name}`),
    rules: [0.5],
    rows: Object.entries(norms).map(([task, { functions }]): Row => ({
      label: named(task),
      marks: FUNCTIONS.flatMap((name, k) => (functions[name] === undefined ? [] : [mark(k, functions[name].r.all)])),
    })),
  });
}

export function driftChart({ norms }: Summary): RowChart {
  return {
    title: "C's share of log(P_θ/P_x) = log C − log ρ, f the outputs; the rest is ρ's",
    axis: { label: "share", from: -0.5, to: 1.5, scale: "linear", ticks: [-0.5, 0, 0.5, 1, 1.5] },
    series: ["drift along training", "spread across samples"],
    rules: [0.5],
    rows: Object.entries(norms).flatMap(
      ([
        task,
        {
          functions: { outputs },
        },
      ]): Row[] =>
        outputs === undefined
          ? []
          : [{ label: named(task), marks: [mark(0, outputs.drift.spectral), mark(1, outputs.spread.spectral)] }],
    ),
  };
}

export function equalLossChart({ comparisons }: Summary): RowChart {
  const rows = GRID_B.flatMap(({ task }) =>
    Object.entries(comparisons[task]?.arms ?? {}).map(([arm, levels]): Row => {
      const last = levels.at(-1);
      const marks =
        last === undefined ? [] : [factorMark(0, last.energy), factorMark(1, last.geometric), factorMark(2, last.each)];
      return { label: `${task} ${arm}`, marks };
    }),
  );
  return {
    title: "At equal training loss, against gradient flow (batch-rate; lowest level)",
    axis: { label: "times the flow's", from: 0.5, to: 1.6, scale: "log", ticks: [0.5, 0.65, 0.8, 1, 1.25, 1.6] },
    series: ["energy P_x", "geometric complexity", "P_θ"],
    rules: [0.95, 1 / 0.95],
    rows,
  };
}

function cosinesFigure({ comparisons }: Summary): string {
  return rowChart({
    title: "Cosines with ∇_θP_x along the flow",
    axis: { label: "cosine", from: -1, to: 1, scale: "linear", ticks: [-1, -0.5, 0, 0.5, 1] },
    series: ["∇_θP_θ (per sample)", "∇_θ‖∇L‖² (full batch)"],
    rules: [0, 0.5],
    rows: Object.entries(comparisons)
      .filter(([task]) => task !== "adam")
      .flatMap(([task, { cosineLevels }]) =>
        cosineLevels.map(({ level, each, full }): Row => ({
          label: `${task}, loss ${String(level)}`,
          marks: [mark(0, each), mark(1, full)],
        })),
      ),
  });
}

const KINDS = ["parameter", "parameter-each", "input"] as const;

/** "full-0.1-parameter-each-0.01" → its kind. */
export function kindOf(arm: string): (typeof KINDS)[number] {
  if (arm.includes("parameter-each")) return "parameter-each";
  return arm.includes("parameter") ? "parameter" : "input";
}

function dosesFigure({ doses }: Summary): string {
  const limit = 0.8;
  const axis = (label: string): Axis => ({
    label,
    from: -limit,
    to: 0.2,
    scale: "linear",
    ticks: [-0.8, -0.4, 0],
  });
  return panelChart({
    title: "Explicit penalties, at equal loss: what P_θ and P_x lose, a dot a seed and dose",
    series: KINDS.map((kind) => `${kind}:λ`),
    panels: [0, 1].map((k) => ({
      title: k === 0 ? "training loss 0.5" : "training loss 0.2",
      x: axis("log of P_θ over that without"),
      y: axis("log of P_x over that without"),
      lines: [
        {
          series: 5,
          kind: "dashed" as const,
          points: [
            [-limit, -limit],
            [0.2, 0.2],
          ] as const,
        },
        ...Object.entries(doses).map(([arm, levels]): Line => ({
          ...{ series: KINDS.indexOf(kindOf(arm)), kind: "dots" },
          points: (levels[k]?.seeds.a ?? []).map((a, i) => [a, levels[k]?.seeds.b[i] ?? NaN]),
        })),
      ],
    })),
  });
}

function cornerFigure({ corner: { starts, networks } }: Summary): string {
  const panel = (title: string, runs: typeof starts, x: Axis, y: Axis) => ({
    ...{ title, x, y },
    lines: runs.flatMap(({ departures }): Line[] => {
      const of = (own: "toFlow" | "toModified") => departures.map((one) => [one.rate, one[own]] as const);
      const [flow, modified] = [of("toFlow"), of("toModified")];
      return [
        { series: 0, kind: "line", points: flow },
        { series: 0, kind: "dots", points: flow },
        { series: 1, kind: "line", points: modified },
        { series: 1, kind: "dots", points: modified },
      ];
    }),
  });
  const rate = (from: number, to: number, ticks: readonly number[]): Axis => ({
    label: "rate h",
    from,
    to,
    scale: "log",
    ticks,
  });
  const away = (from: number, to: number, ticks: readonly number[]): Axis => ({
    label: "",
    from,
    to,
    scale: "log",
    ticks,
  });
  return panelChart({
    title: "Largest distance of gradient descent to the flow and to the modified flow",
    series: ["flow of E", "flow of E + (h/4)‖∇E‖²"],
    panels: [
      panel(
        "two parameters, from (2.8, 3.5)",
        starts.slice(0, 1),
        rate(4e-4, 1e-2, [1e-3, 1e-2]),
        away(1e-5, 1, [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1]),
      ),
      panel(
        "two parameters, from (75, 74.925)",
        starts.slice(1),
        rate(8e-7, 2e-5, [1e-6, 1e-5]),
        away(1e-4, 10, [1e-4, 1e-3, 1e-2, 0.1, 1, 10]),
      ),
      panel(
        "tanh network 4-8-8-3, a line a seed",
        networks,
        rate(1e-3, 0.1, [1e-3, 1e-2, 0.1]),
        away(1e-7, 0.1, [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1]),
      ),
    ],
  });
}
