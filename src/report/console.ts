/**
 * Report → the table that a person reads, at most 80 columns wide. A pure function: no colour, no clock, no terminal.
 *
 * Order: what was checked, the verdicts, what was violated (as a counterexample), then the measurements. Long names
 * are cut with "…" rather than wrapped.
 */
import { parameterCount } from "../network/network.ts";
import { withoutBias } from "./model-words.ts";
import { columns, counted, duration, grouped, precise, significant } from "./numbers.ts";
import { VERDICT_NAMES } from "../records/kit.ts";
import { rareShare } from "../records/audited.ts";
import type { VerdictName } from "../records/kit.ts";
import type { EachOutput, Report, ReportedFault } from "../records/report.ts";
import type { Quantiles, Spread } from "../records/shared.ts";
import type { SweepReport } from "../records/sweep.ts";

export const CONSOLE_WIDTH = 80;

/** What the reports of one network and of a sweep have in common. */
type AnyReport = Report | SweepReport;

const MEANINGS: Readonly<Record<VerdictName, string>> = {
  holds: "the inequality is proven, rounding included",
  tight: "equality, as far as rounding lets anyone tell",
  violated: "proven wrong: something that computed is broken",
  unresolved: "still open after every escalation",
  invalid: "a value is not finite, so there is nothing to check",
};

/** The table, with a final newline. */
export function consoleReport(report: Report): string {
  const sections = [
    subject(report),
    tensors(report),
    verdicts(report),
    violations(report),
    measurements(report),
    layers(report),
    losses(report),
    work(report),
  ];
  return joined(sections);
}

/** Sections, an empty line between them; none of them wider than the console. */
export function joined(sections: readonly (readonly string[])[]): string {
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map(cut).join("\n"))
    .join("\n\n")}\n`;
}

/** What was checked, of which network, on which samples, by which engine. */
function subject(report: Report): string[] {
  const { engine, model, run } = report;
  const first = model.layers[0];
  const widths = [...(first === undefined ? [] : [first.inputs]), ...model.layers.map((layer) => layer.outputs)];
  const parameters = parameterCount(model.layers);
  const bare = withoutBias(model.layers);
  const inputs = run.settings["inputs"];
  const lines = [
    `For each sample x, with ${report.norm} norms of W_t and J_t = ∂h_t/∂x:`,
    "  ‖∇ₓf‖² · Σ_t (1 + ‖h_t‖²) / (‖W_t‖² ‖J_t‖²)  ≤  ‖∇_θf‖²",
    ...(bare === null ? [] : [`  ${bare}`]),
    "",
    `  model    ${model.source}: ${elided(widths.map(String))}, ${counted(parameters, "parameter")}`,
    `  inputs   ${inputCount(report)}${typeof inputs === "string" ? ` of ${inputs}` : ""}`,
    `  f        ${report.head}`,
    `  engine   ${engine.kind} ${engine.precision}, ${engine.adapter}, ${engine.runtime}`,
  ];
  if (run.plant !== undefined) lines.push(`  PLANTED  the fault "${run.plant}" was switched on for this run`);
  if (report.timing.interrupted) {
    lines.push(`  STOPPED  after ${grouped(report.samples)} of ${counted(report.timing.requested, "sample")}`);
  }
  return lines;
}

/** Which tensor of the file each layer is. */
function tensors({ model }: Report): string[] {
  const lines = model.layers.flatMap(({ layer, tensor, inputs, outputs, activation }) =>
    tensor === undefined
      ? []
      : [`  ${String(layer).padStart(5)} ← ${tensor}: ${String(inputs)} → ${String(outputs)}, ${activation}`],
  );
  return lines.length === 0 ? [] : ["Layers ← tensors of the file", ...lines];
}

export function verdicts(report: AnyReport): string[] {
  const width = Math.max(...VERDICT_NAMES.map((name) => grouped(report.verdicts[name]).length));
  return [
    "eachOutput" in report ? "Verdicts (outputs of samples)" : "Verdicts (samples)",
    ...VERDICT_NAMES.map((name) => {
      const count = report.verdicts[name];
      return `  ${name.padEnd(10)} ${grouped(count).padStart(width)}${count > 0 ? `   ${MEANINGS[name]}` : ""}`;
    }),
  ];
}

/** Findings that the table prints. */
const MOST_FAULTS = 6;

/** Checks of what is no sample's. */
const OF_THE_RUN: ReadonlySet<string> = new Set(["plan", "input", "report"]);

/** As fast-check prints a counterexample: how many, which check at which layer, both sides, how far apart, the bound. */
export function violations(report: AnyReport): string[] {
  if (report.faults.length === 0) return [];
  const rest = report.faults.length - MOST_FAULTS;
  const lead =
    report.verdicts.violated > 0
      ? [
          `VIOLATED in ${grouped(report.verdicts.violated)} of ${counted(report.samples, "sample")}. The inequality is a theorem,`,
          "so the fault is in what computed it: a kernel, a driver, a host, or an import.",
        ]
      : ["WRONG, if in no sample: what was computed is not what was given, or not what is", "said of it."];
  return [
    ...lead,
    ...report.faults.slice(0, MOST_FAULTS).flatMap(violation),
    ...(rest > 0 ? ["", `  and ${counted(rest, "more finding")}: the report (--report) has them all`] : []),
  ];
}

function violation(fault: ReportedFault & { readonly address?: string }, i: number): string[] {
  const where =
    fault.layer > 0 ? ` at layer ${String(fault.layer)}` : OF_THE_RUN.has(fault.check) ? "" : " of the whole network";
  const what = fault.check === "report" || fault.check === "plan" ? "number" : "sample";
  const lines = ["", `  ${String(i + 1)}) ${fault.check}${where}: ${counted(fault.count, what)}`];
  const example = fault.example;
  if (example === undefined) return lines;
  const { index, left, right, margin, bound, reason } = example;
  const lead = OF_THE_RUN.has(fault.check)
    ? "     "
    : `     ${fault.address === undefined ? `sample ${String(index)}` : `case ${fault.address}`}: `;
  // The cut test's two numbers say it all; elsewhere the finding's own words name the quantity.
  const bounded = margin !== null && bound !== null && bound > 0;
  const facts = [
    ...(left === null ? [] : [`left   ${precise(left)}`]),
    ...(right === null ? [] : [`right  ${precise(right)}`]),
    ...(bounded ? [`apart  ${significant(margin)}; rounding explains ${significant(bound)}`] : []),
    ...((bounded && fault.check === "cut") || reason === undefined ? [] : wrapped(reason, CONSOLE_WIDTH - lead.length)),
  ];
  return [...lines, ...facts.map((fact, k) => (k === 0 ? lead : " ".repeat(lead.length)) + fact)];
}

function wrapped(text: string, width: number): string[] {
  return text.split(" ").reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last === undefined || columns(last) + 1 + columns(word) > width) return [...lines, word];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, []);
}

/** "30 samples, 10 outputs each". */
function inputCount({ samples, eachOutput: own }: Report): string {
  if (own === undefined) return counted(samples, "sample");
  return `${counted(samples / own.outputs, "sample")}, ${counted(own.outputs, "output")} each,`;
}

export function measurements(report: AnyReport): string[] {
  const names = ["min", "1 %", "10 %", "median", "mean", "90 %", "99 %", "max"];
  const row = (name: string, q: Quantiles): string =>
    `  ${name.padEnd(6)}${[q.min, q.p01, q.p10, q.median, q.mean, q.p90, q.p99, q.max].map((x) => significant(x).padStart(9)).join("")}`;
  const { input, parameter } = report.penalties;
  return [
    "Left over right side, and the coefficient Σ_t (1 + ‖h_t‖²) / (‖W_t‖² ‖J_t‖²)",
    `  ${" ".repeat(6)}${names.map((name) => name.padStart(9)).join("")}`,
    row("ratio", report.ratio),
    row("coeff.", report.coefficient),
    ...("ratioLower" in report ? proven(report) : []),
    ...(!("ratioLower" in report) || report.quantileError === undefined
      ? []
      : [`  quantiles within ${significant(100 * report.quantileError)} %, extremes and means exact`]),
    `  penalties: mean ‖∇ₓf‖² = ${significant(input)} (input), mean ‖∇_θf‖² = ${significant(parameter)} (parameters)`,
    ...("eachOutput" in report ? eachOutput(report.eachOutput) : []),
  ];
}

/** Of the head each-logit: named apart, since the one is a sum over the outputs and the other a mean. */
function eachOutput({ outputs, complete, geometricComplexity, dirichletEnergies, worst }: EachOutput): string[] {
  const energies = dirichletEnergies.flatMap((energy) => (energy === null ? [] : [energy]));
  const mean = energies.reduce((sum, energy) => sum + energy, 0) / energies.length;
  const found = worst === null ? "none is valid" : `sample ${grouped(worst.sample)}, output ${grouped(worst.output)}, `;
  const said = worst === null ? "" : `ratio ${significant(worst.ratio)}, ${worst.verdict}`;
  return [
    `  ${grouped(outputs)} outputs of ${grouped(complete)} samples, f = h_k for each output k`,
    `  geometric complexity: mean ‖∂h/∂x‖_F² = ${significant(geometricComplexity)}`,
    energies.length === 0
      ? "  Dirichlet energy of h_k, mean ‖∇ₓh_k‖²: none"
      : `  Dirichlet energy of h_k: mean ‖∇ₓh_k‖² from ${significant(Math.min(...energies))} to ${significant(Math.max(...energies))}, ${significant(mean)} over k`,
    `  worst: ${found}${said}`,
  ];
}

/** The proven end of each extreme, and for which slopes it is proven. */
function proven({ ratioLower, ratioUpper, kinks }: Report): string[] {
  if (ratioLower === null) return [];
  const upper = ratioUpper === null || !Number.isFinite(ratioUpper) ? "open above" : `≤ ${significant(ratioUpper)}`;
  const at = kinks === null || kinks === 0 ? "" : `; ${significant(100 * kinks)} % of samples at a kink`;
  return [`  proven for the stored slopes: ratios ≥ ${significant(ratioLower)}, ${upper}${at}`];
}

/** κ_t = ‖∇ₓf‖ / (‖δ_t‖ ‖W_t‖ ‖J_t‖) = α_t β_t; medians of the rest. */
function layers(report: Report): string[] {
  if (report.layers.length === 0) return [];
  const cells = (spread: Spread): string => [spread.min, spread.median, spread.max].map(cell).join("");
  return [
    "Tightness by layer, κ_t = ‖∇ₓf‖ / (‖δ_t‖ ‖W_t‖ ‖J_t‖) ≤ 1 (parts: medians)",
    `  layer${"shape".padStart(11)}${"‖W_t‖".padStart(9)}  ${["κ min", "median", "max", "direct.", "at W", "at J"].map((name) => name.padStart(8)).join("")}`,
    ...report.layers.map((layer, i) => {
      const model = report.model.layers[i];
      const shape = model === undefined ? "" : `${String(model.outputs)}×${String(model.inputs)}`;
      const rest = [layer.directionalTightness, layer.alignmentWeight, layer.alignmentJacobian];
      return `  ${String(layer.layer).padStart(5)}${shape.padStart(11)}${significant(model?.weightNorm.upper ?? null).padStart(9)}  ${cells(layer.tightness)}${rest.map((spread) => cell(spread.median)).join("")}`;
    }),
  ];
}

/** What the total loses where, as shares of its right side: at all layers together 1 − ratio. */
function losses(report: Report): string[] {
  const share = (spread: Spread): string =>
    spread.median === null ? "–".padStart(8) : `${(100 * spread.median).toFixed(2)} %`.padStart(8);
  const lines = report.layers.map(
    ({ layer, slackWeight, slackJacobian }) =>
      `  ${String(layer).padStart(5)}   ${share(slackWeight)} at W ${share(slackJacobian)} at J`,
  );
  return lines.length === 0 ? [] : ["What the right side exceeds the left by, by layer (medians)", ...lines];
}

export function cell(x: number | null): string {
  if (x === null || !Number.isFinite(x)) return "–".padStart(8);
  return (x > 0 && x < 1e-3 ? x.toExponential(1) : x.toFixed(4)).padStart(8);
}

export function work(report: AnyReport): string[] {
  const { screened, iterated, replayed } = report.escalations;
  const bounds = Object.entries(report.bounds).filter(([, count]) => count > 0);
  const lines = [
    `Settled ${grouped(screened)} by the screen, ${grouped(iterated)} by iteration, ${grouped(replayed)} replayed in f64`,
  ];
  if (bounds.length > 0) {
    lines.push(`Upper bounds of ‖J_t‖: ${bounds.map(([kind, count]) => `${kind} ${grouped(count)}`).join(", ")}`);
  }
  if (report.certified !== undefined) {
    const { width, reached, missed } = report.certified;
    const rest = missed > 0 ? `; ${grouped(missed)} could not be had so narrow` : "";
    lines.push(
      `Proven intervals of ‖J_t‖ within ${String(width)}: ${grouped(reached)} of ${grouped(reached + missed)}${rest}`,
    );
  }
  for (const words of (report.run.origin ?? "").split("; "))
    if (words.startsWith("unchecked: ")) lines.push(`Unchecked: ${words.slice("unchecked: ".length)}`);
  const { samples, detects } = report.audited;
  if (samples > 0) lines.push(`Audited on the host: ${counted(samples, "sample")}`);
  if (detects !== null)
    lines.push(`A fault in fewer than ${rareShare(detects)} has a chance above 1 % of going unseen`);
  if ("accuracy" in report && report.accuracy.reason !== undefined) lines.push(`Accuracy: ${report.accuracy.reason}`);
  if (report.run.roundedValues > 0) {
    const worst = "rounded" in report ? `, each by at most ${significant(report.rounded.worst)} of itself` : "";
    lines.push(`Rounded to ${report.engine.precision} first: ${counted(report.run.roundedValues, "value")}${worst}`);
  }
  const { elapsedMs, samplesPerSecond } = report.timing;
  if (elapsedMs <= 0) return lines;
  lines.push(
    `Time ${duration(elapsedMs)}${samplesPerSecond === null ? "" : `, ${significant(samplesPerSecond)} samples a second`}`,
  );
  return lines;
}

/** "784-64-32-10"; long chains keep their ends. */
export function elided(widths: readonly string[]): string {
  return widths.length <= 8 ? widths.join("-") : [...widths.slice(0, 4), "…", ...widths.slice(-3)].join("-");
}

function cut(line: string): string {
  const characters = Array.from(line);
  return characters.length <= CONSOLE_WIDTH ? line : `${characters.slice(0, CONSOLE_WIDTH - 1).join("")}…`;
}
