/** A training's report → one HTML page that stands alone, with its curves. A pure function. */
import type { Maybe } from "../records/kit.ts";
import type { SeriesRow, TrainingReport } from "../records/training.ts";
import type { Line } from "./html-curves.ts";
import { stepPlot } from "./html-curves.ts";
import type { Markup } from "./html-markup.ts";
import { facts, folded, html, page, section, table } from "./html-markup.ts";
import { footer, inequality, verdicts } from "./html-parts.ts";
import { counted, duration, grouped, significant } from "./numbers.ts";

type Quantity = readonly [name: string, of: (row: SeriesRow) => Maybe];

export function htmlTraining(report: TrainingReport): string {
  const { model, data, command } = report;
  const widths = [model.layers[0]?.inputs ?? 0, ...model.layers.map(({ outputs }) => outputs)].join("-");
  const inputs = text(report.run.settings["inputs"]);
  const title = command === "train" ? `Training of ${widths}` : `Checkpoints of ${widths}`;
  const samples = Object.values(report.verdicts).reduce((sum, n) => sum + n, 0);
  const seeds = [...new Set(report.series.map(({ seed }) => seed))];
  return page(
    title,
    html`<h1>${title}</h1>
      <p class="quiet">
        ${inputs}:
        ${command === "train" ? `${counted(data.train, "sample")}, ${grouped(data.heldOut)} held out; ` : ""}each probe
        looks at ${counted(data.probe, "sample")}; loss ${text(report.run.settings["loss"])}
      </p>
      ${ends(report)} ${inequality("spectral")} ${verdicts({ verdicts: report.verdicts, samples })}
      ${seeds.map((seed) => curves(report, seed, seeds.length > 1))} ${computation(report)} ${footer()}`,
  );
}

/** What broke off, and what is violated. */
function ends({ runs, timing, verdicts: counts }: TrainingReport): Markup[] {
  const alarm = (words: string): Markup => html`<p class="alarm">${words}</p>`;
  return [
    ...(counts.violated > 0 ? [alarm(`${grouped(counts.violated)} violated: something that computed is broken.`)] : []),
    ...runs.flatMap(({ seed, diverged }) =>
      diverged === null
        ? []
        : [alarm(`Seed ${String(seed)} diverged at step ${grouped(diverged.step)}: ${diverged.what}.`)],
    ),
    ...(timing.interrupted ? [alarm("Interrupted: the series ends early.")] : []),
  ];
}

const loss = (row: SeriesRow) => row.functions[0];

function plots(row: SeriesRow): readonly (readonly [id: string, title: string, lines: readonly Quantity[]])[] {
  const each = (name: string, of: (row: SeriesRow, i: number) => Maybe): Quantity[] =>
    row.layers.map(({ layer }, i) => [`${name} ${String(layer)}`, (own) => of(own, i)]);
  return [
    [
      "loss",
      "Loss",
      [
        ["training set", (own) => own.trainLoss],
        ["held out", (own) => own.heldOutLoss],
        ["minibatches", (own) => own.batchLoss],
      ],
    ],
    [
      "right",
      "Share classified right",
      [
        ["training set", (own) => own.trainAccuracy],
        ["held out", (own) => own.heldOutAccuracy],
      ],
    ],
    [
      "penalties",
      "Both penalties of the loss",
      [
        ["P_θ", (own) => loss(own)?.parameterPenalty ?? null],
        ["P_x", (own) => loss(own)?.inputPenalty ?? null],
      ],
    ],
    [
      "ratio",
      "What ties them: P_θ/P_x = C/ρ",
      [
        ["P_θ/P_x", (own) => loss(own)?.penaltyRatio ?? null],
        ["C", (own) => loss(own)?.coefficient ?? null],
        ["ρ", (own) => loss(own)?.ratio ?? null],
      ],
    ],
    [
      "gradients",
      "Squared gradients of the loss by θ",
      [
        ["of the mean", (own) => own.gradientSquares.fullBatch],
        ["of minibatches", (own) => own.gradientSquares.minibatch],
        ["of samples", (own) => own.gradientSquares.perSample],
      ],
    ],
    [
      "energies",
      "Dirichlet energy of the loss, geometric complexity",
      [
        ["mean ‖∇ₓL‖²", (own) => own.dirichletEnergy],
        ["mean ‖∂h/∂x‖_F²", (own) => own.geometricComplexity],
      ],
    ],
    ["hidden", "‖h_t‖", each("layer", (own, i) => own.layers[i]?.hiddenNorm ?? null)],
    ["weights", "‖W_t‖", each("layer", (own, i) => own.layers[i]?.weightNorm ?? null)],
    ["jacobians", "‖J_t‖", each("layer", (own, i) => own.layers[i]?.jacobianNorm ?? null)],
    ["tightness", "κ_t of the loss", each("layer", (own, i) => loss(own)?.layers[i]?.tightness ?? null)],
    ["hessian", "Largest eigenvalue of the loss's Hessian", [["λ", (own) => own.hessian.largest]]],
    ["alignment", "Cosine between both penalties' gradients", [["cos", (own) => own.penaltyAlignment]]],
  ];
}

function curves({ series }: TrainingReport, seed: number, several: boolean): Markup | null {
  const rows = series.filter((row) => row.seed === seed);
  const [first] = rows;
  if (first === undefined) return null;
  const steps = rows.map(({ step }) => step);
  const all = plots(first);
  const lineOf = ([name, of]: Quantity): Line => ({ name, values: rows.map(of) });
  const shown = all.map(([id, title, quantities]) => {
    const lines = quantities.map(lineOf).filter(({ values }) => values.some((value) => value !== null));
    return lines.length === 0 ? null : stepPlot({ id: `${id}-${String(seed)}`, title, steps, lines });
  });
  const columns = all.flatMap(([, title, quantities]) =>
    quantities.map(
      ([name, of]) => [quantities.length > 1 && /^layer/.test(name) ? `${title} ${name}` : name, of] as const,
    ),
  );
  return section(
    several ? `Seed ${String(seed)}` : "Step by step",
    html`<div class="plots">${shown}</div>`,
    folded(
      "The numbers",
      table(
        "Every probe",
        ["step", ...columns.map(([name]) => name)],
        rows.map((row) => [grouped(row.step), ...columns.map(([, of]) => significant(of(row)))]),
      ),
    ),
    html`<p class="quiet">
      Steps stand at their logarithm. f is the loss; the margin and each output are in the series. The inequality bounds
      the squared gradient of each sample, not that of a mean.
    </p>`,
  );
}

function computation({ engine, tool, timing, run }: TrainingReport): Markup {
  const settings = Object.entries(run.settings).map(([name, value]): [string, string] => [name, text(value)]);
  return section(
    "The computation",
    facts([
      ["tool", `${tool.name} ${tool.version}`],
      ["verdicts by", `${engine.kind}, ${engine.precision}, ${engine.adapter}, ${engine.runtime}`],
      ["seed", String(run.seed)],
      ["took", duration(timing.elapsedMs)],
      ...settings,
    ]),
  );
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}
