/** What the page of a run and the page of a sweep have in common: inequality, verdicts, quantiles, how it was computed. */
import type { Json } from "../records/kit.ts";
import type { EachOutput, Report, ReportedLayer } from "../records/report.ts";
import type { Quantiles, VerdictCounts } from "../records/shared.ts";
import { VERDICT_NAMES } from "../records/kit.ts";
import type { Markup } from "./html-markup.ts";
import { facts, folded, html, section, table } from "./html-markup.ts";
import { curvePlot, rangePlot, stackedPlot } from "./html-plots.ts";
import { counted, duration, grouped, significant } from "./numbers.ts";

/** The parts of a report that a run and a sweep share. */
export type Common = Omit<
  Report,
  "model" | "norm" | "faults" | "statistics" | "ratioLower" | "ratioUpper" | "kinks"
> & {
  readonly norm: string;
};

/** ‖∇ₓf‖² Σ_t (1 + ‖h_t‖²) / (‖W_t‖² ‖J_t‖²) ≤ ‖∇_θf‖². */
export function inequality(norm: string): Markup {
  const squared = (inner: Markup): Markup =>
    html`<msup
      ><mrow><mo>‖</mo>${inner}<mo>‖</mo></mrow
      ><mn>2</mn></msup
    >`;
  const nabla = (by: string): Markup =>
    html`<msub><mo>∇</mo><mi>${by}</mi></msub
      ><mi>f</mi>`;
  const indexed = (name: string): Markup => html`<msub><mi>${name}</mi><mi>t</mi></msub>`;
  return html`<math display="block">
      ${squared(nabla("x"))}<munder><mo>∑</mo><mi>t</mi></munder>
      <mfrac>
        <mrow><mn>1</mn><mo>+</mo>${squared(indexed("h"))}</mrow>
        <mrow>${squared(indexed("W"))}${squared(indexed("J"))}</mrow>
      </mfrac>
      <mo>≤</mo>${squared(nabla("θ"))}
    </math>
    <p class="quiet">
      For each sample x on its own; W_t and J_t = ∂h_t/∂x in the ${norm} norm. Left: the input-gradient penalty times a
      coefficient. Right: the parameter-gradient penalty. It is a theorem, so what is verified is the computation.
    </p>`;
}

export function alarms(report: Common): Markup[] {
  const { run, timing, verdicts } = report;
  return [
    ...(run.plant === undefined
      ? []
      : [
          html`<p class="alarm">
            The fault “${run.plant}” was planted for this run: what it finds is no fault of this machine.
          </p>`,
        ]),
    ...(timing.interrupted
      ? [html`<p class="alarm">Stopped after ${grouped(report.samples)} of ${counted(timing.requested, "sample")}.</p>`]
      : []),
    verdicts.violated > 0
      ? html`<p class="lead alarm">
          <span class="bad">Violated in ${grouped(verdicts.violated)} of ${counted(report.samples, "sample")}.</span>
          The inequality is a theorem, so the fault is in what computed it: a kernel, a driver, a host, or an import.
        </p>`
      : "faults" in report && (report.faults as readonly unknown[]).length > 0
        ? html`<p class="lead alarm">
            <span class="bad">Wrong, if in no sample:</span> what was computed is not what was given, or not what is
            said of it.
          </p>`
        : html`<p class="lead">Nothing is violated in ${counted(report.samples, "sample")}.</p>`,
  ];
}

const MEANINGS: Readonly<Record<keyof VerdictCounts, string>> = {
  holds: "proven, rounding included",
  tight: "equality, as far as rounding lets anyone tell",
  violated: "proven wrong: something that computed is broken",
  unresolved: "open after every escalation",
  invalid: "a value is not finite: nothing to check",
};

export function verdicts({ verdicts: counts, samples }: Pick<Common, "verdicts" | "samples">): Markup {
  let at = 0;
  const parts = VERDICT_NAMES.filter((name) => counts[name] > 0).map((name) => {
    const width = (100 * counts[name]) / Math.max(1, samples);
    const part = html`<rect class="${name}" x="${at.toFixed(3)}" width="${width.toFixed(3)}" height="10" />`;
    at += width;
    return part;
  });
  const says = VERDICT_NAMES.map((name) => `${grouped(counts[name])} ${name}`).join(", ");
  return section(
    "Verdicts",
    html`<svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="${says}">
      ${parts}
    </svg>`,
    html`<dl class="verdicts">
      ${VERDICT_NAMES.map(
        (name) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${grouped(counts[name])}</dd>
            <dd class="meaning">${MEANINGS[name]}</dd>
          </div>`,
      )}
    </dl>`,
  );
}

const QUANTILES = [
  ["min", "min", 0],
  ["1 %", "p01", 0.01],
  ["10 %", "p10", 0.1],
  ["median", "median", 0.5],
  ["mean", "mean", null],
  ["90 %", "p90", 0.9],
  ["99 %", "p99", 0.99],
  ["max", "max", 1],
] as const;

/** The proven ends of the ratio, and how many samples lie at a kink. */
function proven({ ratioLower, ratioUpper, kinks }: Report): [string, string][] {
  if (ratioLower === null) return [];
  return [
    ["Every left / right, proven for the stored slopes", `${significant(ratioLower)} to ${significant(ratioUpper)}`],
    [
      "Samples with a unit at a kink, where the network's own slope may be another",
      `${significant(100 * (kinks ?? 0))} %`,
    ],
  ];
}

/** Ratio and coefficient over all samples, and both penalties. */
export function measurements(report: Common | Report): Markup {
  const { ratio, coefficient, penalties } = report;
  const row = (name: string, q: Quantiles): string[] => [
    name,
    ...QUANTILES.map(([, key]) => significant(q[key])),
    grouped(q.counted),
  ];
  const points = (q: Quantiles): { share: number; value: number | null }[] =>
    QUANTILES.flatMap(([, key, share]) => (share === null ? [] : [{ share, value: q[key] }]));
  return section(
    "How tight",
    facts([
      ["Input-gradient penalty, mean ‖∇ₓf‖²", significant(penalties.input)],
      ["Parameter-gradient penalty, mean ‖∇_θf‖²", significant(penalties.parameter)],
      ...("ratioLower" in report ? proven(report) : []),
      ...("eachOutput" in report ? eachOutput(report.eachOutput) : []),
    ]),
    html`<div class="plots">
      ${curvePlot({ id: "ratio", title: "Left side / right side", points: points(ratio) })}
      ${curvePlot({ id: "coefficient", title: "Coefficient", points: points(coefficient) })}
    </div>`,
    table(
      "Left over right side, and the coefficient Σ_t (1 + ‖h_t‖²) / (‖W_t‖² ‖J_t‖²), over the samples",
      ["quantity", ...QUANTILES.map(([name]) => name), "samples"],
      [row("left / right", ratio), row("coefficient", coefficient)],
    ),
  );
}

/** Of the head each-logit. */
function eachOutput({
  outputs,
  complete,
  geometricComplexity,
  dirichletEnergies,
  worst,
}: EachOutput): [string, string][] {
  return [
    ["Outputs, of so many samples", `${grouped(outputs)}, ${grouped(complete)}`],
    ["Geometric complexity, mean ‖∂h/∂x‖_F²", significant(geometricComplexity)],
    [
      "Dirichlet energy of each output, mean ‖∇ₓh_k‖²",
      dirichletEnergies.map((energy) => significant(energy)).join(", "),
    ],
    [
      "Worst sample and output",
      worst === null
        ? "–"
        : `sample ${grouped(worst.sample)}, output ${grouped(worst.output)}: ratio ${significant(worst.ratio)}, ${worst.verdict}`,
    ],
  ];
}

/** Tightness by layer: κ_t = α_t β_t, and what the total loses where. `extra`: columns of the table before these. */
export function layerPlots(layers: readonly ReportedLayer[]): Markup {
  const plot = (id: string, title: string, key: "tightness" | "alignmentWeight" | "alignmentJacobian"): Markup =>
    rangePlot({
      id,
      title,
      horizontal: "layer",
      groups: layers.map((layer) => ({
        label: String(layer.layer),
        low: layer[key].min,
        middle: layer[key].median,
        high: layer[key].max,
      })),
    });
  return html`<div class="plots">
    ${plot("kappa", "Tightness κ", "tightness")} ${plot("alpha", "Alignment at W, α", "alignmentWeight")}
    ${plot("beta", "Alignment at J, β", "alignmentJacobian")}
    ${stackedPlot({
      id: "slack",
      title: "Lost of the right side (medians)",
      horizontal: "layer",
      parts: ["at W", "at J"],
      groups: layers.map((layer) => ({
        label: String(layer.layer),
        values: [layer.slackWeight.median, layer.slackJacobian.median],
      })),
    })}
  </div>`;
}

export const LAYER_HEAD = ["κ min", "κ median", "κ max", "directional", "α", "β", "lost at W", "lost at J"];

export function layerCells(layer: ReportedLayer): string[] {
  const percent = (x: number | null): string => (x === null || !Number.isFinite(x) ? "–" : `${(100 * x).toFixed(2)} %`);
  return [
    significant(layer.tightness.min),
    significant(layer.tightness.median),
    significant(layer.tightness.max),
    significant(layer.directionalTightness.median),
    significant(layer.alignmentWeight.median),
    significant(layer.alignmentJacobian.median),
    percent(layer.slackWeight.median),
    percent(layer.slackJacobian.median),
  ];
}

export const LAYER_NOTE = html`<p class="quiet">
  κ_t = ‖∇ₓf‖ / (‖δ_t‖ ‖W_t‖ ‖J_t‖) = α_t β_t is at most 1, and 1 is equality. Directional: the same with J_t along ∇ₓf.
  Directional, α, β and the losses are medians.
</p>`;

/** Engine, settings, audit, escalations, time. */
export function computation(report: Common): Markup {
  const { engine, run, escalations, audited, certified, timing, tool } = report;
  const pairs: (readonly [string, string])[] = [
    ["Engine", `${engine.kind} ${engine.precision}, ${engine.hardware ? "hardware" : "no GPU hardware"}`],
    ["Adapter", engine.adapter],
    ["Runtime", engine.runtime],
    ["f", report.head],
    ["Norm of W_t and J_t", report.norm],
    ["Seed", String(run.seed)],
    [
      "Audited on the host",
      audited.samples === 0
        ? "none"
        : `${counted(audited.samples, "sample")}${audited.escapes === undefined ? "" : `; ${audited.escapes}`}`,
    ],
    [
      "Settled by",
      `screen ${grouped(escalations.screened)}, iteration ${grouped(escalations.iterated)}, replay in f64 ${grouped(escalations.replayed)}`,
    ],
    [
      "Upper bounds of ‖J_t‖",
      Object.entries(report.bounds)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([kind, count]) => `${kind} ${grouped(count)}`)
        .join(", ") || "none needed",
    ],
    ...(certified === undefined
      ? []
      : [
          [
            `Proven intervals of ‖J_t‖ within ${String(certified.width)}`,
            `${grouped(certified.reached)} of ${grouped(certified.reached + certified.missed)}`,
          ] as const,
        ]),
    ["Rounded to the engine's precision first", counted(run.roundedValues, "value")],
    ...(run.modelSha256 === null ? [] : [["Model, SHA-256", run.modelSha256] as const]),
    ...(run.inputsSha256 === null ? [] : [["Inputs, SHA-256", run.inputsSha256] as const]),
    ["Time", duration(timing.elapsedMs)],
    ["Throughput", timing.samplesPerSecond === null ? "–" : `${significant(timing.samplesPerSecond)} samples a second`],
    ...(timing.startedAt === null ? [] : [["Started", timing.startedAt] as const]),
    ["Made by", `${tool.name} ${tool.version}`],
  ];
  return section(
    "How it was computed",
    facts(pairs),
    html`<h3>Settings</h3>`,
    facts(named(run.settings)),
    html`<h3>What may differ between two runs</h3>`,
    facts(named(timing.details)),
  );
}

/** A value longer than this is folded away: the grid of a sweep. */
const LONG = 120;

function named(record: { readonly [key: string]: Json }): (readonly [string, Markup])[] {
  return Object.entries(record)
    .filter(([, value]) => value !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      const shown = html`<code>${text}</code>`;
      return [key, text.length > LONG ? folded(`${String(text.length)} characters`, shown) : shown];
    });
}

export function footer(): Markup {
  return html`<footer>
    <p>
      Formula by formula: docs/verdicts.md of gradient-penalty-verifier. The inequality: Su Jianlin,
      spaces.ac.cn/archives/8796, a note on Dherin, Munn, Barrett, arXiv 2111.15090.
    </p>
  </footer>`;
}
