/** docs/evidence/experiments.json → docs/evidence/experiments-figures.json: the five main figures of docs/experiments.md as the page draws them. */
import type { FigureData, FiguresData, MarkData, RowData } from "../../../web/experiments/data.ts";
import type { Interval } from "../../../src/training/experiments/statistics.ts";
import { driftChart, equalLossChart, factorMark, isMain, kindOf, mark, normsChart } from "./figures.ts";
import type { Summary } from "./summary.ts";
import type { Axis, Mark, Row, RowChart } from "./svg.ts";

/** The protocol's bounds of the corner's slopes. */
const [TO_FLOW, TO_MODIFIED] = [
  [0.9, 1.1],
  [1.8, 2.2],
] as const;

export function pageFigures(summary: Summary): FiguresData {
  const figures = [norms(summary), shares(summary), equalLoss(summary), doses(summary), corner(summary)];
  return { seeds: summary.seeds, runs: summary.runs, figures };
}

/** The digits that docs/experiments.md says them with: rounded once, both say the same. */
const three = (x: number): number => Number(x.toPrecision(3));
const markData = ({ series, mean, lower, upper }: Mark): MarkData => [series, three(mean), three(lower), three(upper)];
const axisData = ({ from, to, scale, ticks }: Axis): FigureData["axis"] => ({ from, to, scale, ticks });

type Own = Pick<RowData, "name" | "runs" | "control" | "verdict">;

function figure(
  name: FigureData["name"],
  { axis, rules, rows }: Pick<RowChart, "axis" | "rules" | "rows">,
  series: readonly string[],
  verdicts: FigureData["verdicts"],
  own: (row: Row) => Own,
): FigureData {
  const data = rows.map((row): RowData => ({ ...own(row), marks: row.marks.map(markData) }));
  return { name, axis: axisData(axis), rules, series, verdicts, rows: data };
}

const taskOf = ({ label }: Row): string => label.split(" ")[0] as string;

function norms(summary: Summary): FigureData {
  const { claims } = summary;
  const series = ["‖h_t‖", "‖W_t‖", "‖J_t‖", "P_x", "P_θ"];
  const verdicts = { claim: claims.little, late: claims.littleLate };
  return figure("norms", normsChart(summary), series, verdicts, (row) => {
    const task = taskOf(row);
    const { all, late } = summary.norms[task]?.decision.spectral ?? { all: "no test", late: "no test" };
    return { name: task, runs: `a/${task}`, control: !isMain(task), verdict: [all, late] };
  });
}

function shares(summary: Summary): FigureData {
  const verdicts = { claim: summary.claims.therefore.outputs };
  return figure("shares", driftChart(summary), ["drift", "spread"], verdicts, (row) => {
    const task = taskOf(row);
    const verdict = [summary.norms[task]?.functions["outputs"]?.reason.spectral ?? "no test"];
    return { name: task, runs: `a/${task}`, control: !isMain(task), verdict };
  });
}

function equalLoss(summary: Summary): FigureData {
  const { energy, geometric } = summary.claims;
  const series = ["P_x", "complexity", "P_θ"];
  return figure("equal-loss", equalLossChart(summary), series, { claim: energy, geometric }, (row) => {
    const [task = "", arm = ""] = row.label.split(" ");
    const last = summary.comparisons[task]?.arms[arm]?.at(-1);
    const verdict = last === undefined ? ["no test"] : [last.changes.energy, last.changes.geometric];
    return { name: row.label, runs: `b/${task}/${arm}`, control: !isMain(task), verdict };
  });
}

function doses({ doses: all }: Summary): FigureData {
  const rows = Object.entries(all).map(([arm, levels]): Row => {
    const last = levels.at(-1);
    return { label: arm, marks: last === undefined ? [] : [factorMark(0, last.a), factorMark(1, last.b)] };
  });
  const axis: Axis = { label: "", from: 0.5, to: 1.05, scale: "log", ticks: [0.5, 0.6, 0.7, 0.8, 0.9, 1] };
  const highest = (kind: string): string =>
    Object.entries(all)
      .filter(([arm]) => kindOf(arm) === kind)
      .at(-1)?.[1]
      .at(-1)?.presses ?? "no test";
  const elasticity = all["full-0.1-parameter-each-0.01"]?.at(-1)?.elasticity?.word ?? "undecided";
  const verdicts = {
    claim: elasticity === "as much" ? "holds" : elasticity === "undecided" ? "undecided" : "does not hold",
    ...{ elasticity, each: highest("parameter-each"), full: highest("parameter"), input: highest("input") },
  };
  return figure("doses", { axis, rules: [1], rows }, ["P_θ", "P_x"], verdicts, ({ label }) => {
    const last = all[label]?.at(-1);
    const name = `${kindOf(label)}:${label.slice(label.lastIndexOf("-") + 1)}`;
    return {
      name,
      runs: `c/${name}`,
      control: false,
      verdict: [last?.presses ?? "no test", last?.elasticity?.word ?? "–"],
    };
  });
}

function corner({ corner: { starts, network } }: Summary): FigureData {
  const exact = (value: number): Interval => ({ mean: value, lower: value, upper: value, seeds: 1 });
  const slopes = [
    ...starts.map(({ toFlow, toModified }) => [exact(toFlow), exact(toModified)] as const),
    [network.toFlow, network.toModified] as const,
  ];
  const isWithin = ({ lower, upper }: Interval, [from, to]: readonly [number, number]): boolean =>
    lower >= from && upper <= to;
  const word = (of: readonly (readonly [Interval, Interval])[]): string =>
    of.every(([flow, modified]) => isWithin(flow, TO_FLOW) && isWithin(modified, TO_MODIFIED))
      ? "holds"
      : "does not hold";
  const names = ["(2.8, 3.5)", "(75, 74.925)", "tanh 4-8-8-3"];
  const rows = slopes.map(([flow, modified], i): Row => ({
    label: names[i] ?? "",
    marks: [mark(0, flow), mark(1, modified)],
  }));
  const axis: Axis = { label: "", from: 0.5, to: 2.5, scale: "linear", ticks: [0.5, 1, 1.5, 2, 2.5] };
  const chart = { axis, rules: [1, 2], rows };
  return figure("corner", chart, ["flow", "modified"], { claim: word(slopes) }, (row) => {
    const i = rows.indexOf(row);
    return { name: row.label, runs: `corner/${String(i)}`, control: false, verdict: [word(slopes.slice(i, i + 1))] };
  });
}
