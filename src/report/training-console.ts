/** A training's report → the table that a person reads, at most 80 columns wide. A pure function. */
import { VERDICT_NAMES } from "../records/kit.ts";
import type { Maybe } from "../records/kit.ts";
import type { SeriesRow, TrainingReport } from "../records/training.ts";
import { joined } from "./console.ts";
import { counted, duration, grouped, significant } from "./numbers.ts";

export function trainingConsole(report: TrainingReport): string {
  const seeds = [...new Set(report.series.map(({ seed }) => seed))];
  return joined([
    subject(report),
    verdicts(report),
    ...(seeds.length === 0 ? [] : [curve(report, seeds[0] as number), gradients(report, seeds[0] as number)]),
    runs(report),
    work(report),
  ]);
}

function subject({ command, model, data, run, engine, series }: TrainingReport): string[] {
  const widths = [model.layers[0]?.inputs ?? 0, ...model.layers.map(({ outputs }) => outputs)].join("-");
  const setting = (name: string): string => {
    const value = run.settings[name];
    return typeof value === "string" ? value : "–";
  };
  const held = data.heldOut === 0 ? "none held out" : `${grouped(data.heldOut)} held out`;
  return [
    command === "train"
      ? `Training of ${widths} on ${setting("inputs")}: ${counted(data.train, "sample")}, ${held}`
      : `Checkpoints of ${widths} on ${setting("inputs")}: ${counted(data.probe, "sample")}`,
    `  loss ${setting("loss")}; each probe looks at ${counted(data.probe, "sample")}`,
    ...(series[0] === undefined ? [] : [`  f: ${functionsOf(series[0]).join(", ")}`]),
    `  verdicts by engine ${engine.kind} (${engine.precision}, ${engine.adapter})`,
  ];
}

/** What was probed, the outputs in one word. */
function functionsOf({ functions }: SeriesRow): string[] {
  const words = functions.map(({ function: name, norm }) => {
    if (norm === "frobenius") return `the ${name} in the Frobenius norm`;
    return name.startsWith("logit:") ? "each output" : `the ${name}`;
  });
  return [...new Set(words)];
}

function verdicts({ verdicts: counts, unresolved }: TrainingReport): string[] {
  const width = Math.max(...VERDICT_NAMES.map((name) => grouped(counts[name]).length));
  return [
    "Verdicts (samples × functions × probes)",
    ...VERDICT_NAMES.map((name) => `  ${name.padEnd(10)} ${grouped(counts[name]).padStart(width)}`),
    ...(unresolved === null || unresolved === 0 ? [] : [`  unresolved share ${significant(unresolved)}`]),
  ];
}

type Column = readonly [head: string, cell: (row: SeriesRow) => string];

const number = (head: string, of: (row: SeriesRow) => Maybe): Column => [head, (row) => significant(of(row))];
const share = (head: string, of: (row: SeriesRow) => Maybe): Column => [
  head,
  (row) => {
    const x = of(row);
    return x === null ? "–" : `${(100 * x).toFixed(1)} %`;
  },
];

const STEP: Column = ["step", (row) => grouped(row.step)];

function curve({ series, command }: TrainingReport, seed: number): string[] {
  const isTraining = command === "train";
  return table(`Both penalties of the loss, and what ties them: P_θ/P_x = C/ρ (seed ${String(seed)})`, series, seed, [
    STEP,
    number("loss", (row) => row.trainLoss),
    share("right", (row) => row.trainAccuracy),
    ...(isTraining ? [share("held out", (row) => row.heldOutAccuracy)] : []),
    number("P_x", (row) => row.functions[0]?.inputPenalty ?? null),
    number("P_θ", (row) => row.functions[0]?.parameterPenalty ?? null),
    number("P_θ/P_x", (row) => row.functions[0]?.penaltyRatio ?? null),
    number("C", (row) => row.functions[0]?.coefficient ?? null),
    number("ρ", (row) => row.functions[0]?.ratio ?? null),
  ]);
}

function gradients({ series }: TrainingReport, seed: number): string[] {
  const batch = series[0]?.gradientSquares.batch ?? 0;
  return table(
    `Squared gradients of the loss by θ: of the mean, batches of ${grouped(batch)}, each sample`,
    series,
    seed,
    [
      STEP,
      number("mean", (row) => row.gradientSquares.fullBatch),
      number("batches", (row) => row.gradientSquares.minibatch),
      number("samples", (row) => row.gradientSquares.perSample),
      number("cos ∇P", (row) => row.penaltyAlignment),
      number("λ_max H", (row) => row.hessian.largest),
      number("complexity", (row) => row.geometricComplexity),
    ],
  );
}

function table(title: string, series: readonly SeriesRow[], seed: number, columns: readonly Column[]): string[] {
  const rows = series.filter((row) => row.seed === seed).map((row) => columns.map(([, cell]) => cell(row)));
  const head = columns.map(([name]) => name);
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("  ")}`;
  return [title, line(head), ...rows.map(line)];
}

function runs({ runs: list, command }: TrainingReport): string[] {
  if (command === "probe") return [];
  return [
    "Runs",
    ...list.map(({ seed, steps, diverged, last }) => {
      const end =
        diverged === null
          ? `loss ${significant(last?.trainLoss ?? null)}, held out ${significant(last?.heldOutLoss ?? null)}`
          : `DIVERGED at step ${grouped(diverged.step)}: ${diverged.what}`;
      return `  seed ${String(seed)}: ${counted(steps, "step")}, ${end}`;
    }),
  ];
}

function work({ timing }: TrainingReport): string[] {
  const { elapsedMs, stepsPerSecond, interrupted } = timing;
  const rate = stepsPerSecond === null ? "" : `, ${significant(stepsPerSecond)} steps a second`;
  return [`In ${duration(elapsedMs)}${rate}${interrupted ? "; INTERRUPTED" : ""}`];
}
