/**
 * SweepReport → one HTML page that stands alone, as html-run.ts makes one of a run. A pure function.
 *
 * Whatever is plotted over architectures is aggregated: lowest of the lowest, middle of the medians, highest of the highest; single
 * architectures are dots where they are few. So the page stays below a megabyte whatever the grid; the JSON report has them all.
 */
import type { AddressedCase, ReportedArchitecture, SweepReport } from "../records/sweep.ts";
import { architectureName, chain } from "./architecture.ts";
import type { Axis } from "./html-axes.ts";
import { AXES, axisGroups } from "./html-axes.ts";
import type { Markup } from "./html-markup.ts";
import { folded, html, page, section, table } from "./html-markup.ts";
import {
  alarms,
  computation,
  footer,
  inequality,
  LAYER_HEAD,
  LAYER_NOTE,
  layerCells,
  layerPlots,
  measurements,
  verdicts,
} from "./html-parts.ts";
import { rangePlot } from "./html-plots.ts";
import { counted, grouped, precise, significant } from "./numbers.ts";

/** Architectures that the table lists: those with something wrong first, then the tightest. */
const MOST_ARCHITECTURES = 200;
/** Cases that each table lists. */
const MOST_CASES = 50;

/** @param grid how the command line names the grid, to repeat a case with: "--preset smoke", "--grid FILE". */
export function htmlSweep(report: SweepReport, grid: string): string {
  const networks = report.architectures.reduce((sum, a) => sum + a.networks, 0);
  const size = `${counted(report.architectures.length, "architecture")}, ${counted(networks, "network")}, ${counted(report.samples, "sample")}`;
  return page(
    `Sweep of ${counted(report.architectures.length, "architecture")}`,
    html`<h1>Gradient penalties of random networks</h1>
      <p class="quiet">${size}; seed ${report.run.seed}; f: ${report.head}</p>
      ${alarms(report)} ${inequality(report.norm)} ${verdicts(report)} ${faults(report, grid)}
      ${cases("The worst cases", "Violated, unresolved and invalid samples", report.worst, report, grid)}
      ${measurements(report)} ${byArchitecture(report)} ${layers(report)}
      ${cases("The tightest cases", "The largest left / right", report.tightest, report, grid)} ${architectures(report)}
      ${computation(report)} ${footer()}`,
  );
}

function command(address: string | undefined, grid: string): Markup | string {
  return address === undefined ? "–" : html`<code>gpv verify --address ${address} ${grid}</code>`;
}

function faults({ faults: list }: SweepReport, grid: string): Markup | null {
  if (list.length === 0) return null;
  return section(
    "What failed",
    table(
      "Each check that failed at a layer, in how many samples, and the first of them",
      ["check", "layer", "samples", "left", "right", "apart", "rounding explains", "in words", "to repeat it"],
      list.map(({ check, layer, count, example, address }) => [
        check,
        layer > 0 ? String(layer) : "whole",
        grouped(count),
        precise(example?.left ?? null),
        precise(example?.right ?? null),
        significant(example?.margin ?? null),
        significant(example?.bound ?? null),
        example?.reason ?? "",
        command(address, grid),
      ]),
      [7, 8],
    ),
  );
}

function cases(
  title: string,
  caption: string,
  list: readonly AddressedCase[],
  { architectures }: SweepReport,
  grid: string,
): Markup | null {
  if (list.length === 0) return null;
  const named = new Map(architectures.map((a) => [a.architecture, architectureName(a)]));
  const rest = list.length - MOST_CASES;
  return section(
    title,
    table(
      `${caption}, each with the command that makes it again${rest > 0 ? `; ${grouped(rest)} more in the JSON report` : ""}`,
      ["address", "verdict", "left / right", "architecture", "to repeat it", "reason"],
      list
        .slice(0, MOST_CASES)
        .map(({ address, verdict, ratio, architecture, reason }) => [
          address,
          verdict,
          significant(ratio),
          named.get(architecture) ?? `#${String(architecture)}`,
          command(address, grid),
          reason ?? "",
        ]),
      [3, 4, 5],
    ),
  );
}

function byArchitecture({ architectures: list, quantileError }: SweepReport): Markup | null {
  const axes = AXES.filter(({ of }) => new Set(list.map(of)).size > 1);
  if (axes.length === 0) return null;
  const plots = axes
    .filter(({ plotted }) => plotted)
    .flatMap((axis) => [plot(list, axis, "ratio"), plot(list, axis, "coefficient")]);
  return section(
    "By architecture",
    html`<p class="quiet">
      Lowest sample, median of the architectures’ medians, highest sample; dots: single architectures’ medians, where
      they are few. Quantiles within ${significant(100 * quantileError)} %.
    </p>`,
    html`<div class="plots">${plots}</div>`,
    ...axes.map((axis) => folded(`By ${axis.name}, in numbers`, axisTable(list, axis))),
  );
}

function plot(list: readonly ReportedArchitecture[], axis: Axis, key: "ratio" | "coefficient"): Markup {
  return rangePlot({
    id: `${key}-by-${axis.id}`,
    title: `${key === "ratio" ? "Left / right" : "Coefficient"} by ${axis.name}`,
    horizontal: axis.name,
    groups: axisGroups(list, axis).map(({ label, [key]: spread }) => ({ label, ...spread })),
  });
}

function axisTable(list: readonly ReportedArchitecture[], axis: Axis): Markup {
  return table(
    `By ${axis.name}`,
    [
      axis.name,
      "architectures",
      "samples",
      "violated",
      "unresolved",
      "invalid",
      "ratio min",
      "median",
      "max",
      "coeff. min",
      "median",
      "max",
    ],
    axisGroups(list, axis).map((group) => [
      group.label,
      grouped(group.architectures),
      grouped(group.samples),
      grouped(group.verdicts.violated),
      grouped(group.verdicts.unresolved),
      grouped(group.verdicts.invalid),
      ...[group.ratio, group.coefficient].flatMap(({ low, middle, high }) => [low, middle, high].map(significant)),
    ]),
  );
}

function layers({ layers: list }: SweepReport): Markup | null {
  if (list.length === 0) return null;
  return section(
    "Which layer",
    layerPlots(list),
    table(
      "Tightness by layer, over all networks that have it",
      ["layer", ...LAYER_HEAD],
      list.map((layer) => [String(layer.layer), ...layerCells(layer)]),
    ),
    LAYER_NOTE,
  );
}

function architectures({ architectures: all }: SweepReport): Markup {
  const wrong = (a: ReportedArchitecture): number => a.verdicts.violated + a.verdicts.unresolved + a.verdicts.invalid;
  const listed =
    all.length <= MOST_ARCHITECTURES
      ? all
      : [...all]
          .sort(
            (a, b) => wrong(b) - wrong(a) || (b.ratio.max ?? 0) - (a.ratio.max ?? 0) || a.architecture - b.architecture,
          )
          .slice(0, MOST_ARCHITECTURES);
  const which =
    listed.length === all.length
      ? "All of them"
      : `The ${String(MOST_ARCHITECTURES)} of ${grouped(all.length)} with most that went wrong, then the largest left / right; the JSON report has all`;
  return section(
    "Architectures",
    table(
      which,
      [
        ...[
          "#",
          "widths",
          "activation",
          "initialiser",
          "scale",
          "f",
          "norm",
          "inputs",
          "samples",
          "holds",
          "tight",
          "violated",
          "open",
        ],
        ...["invalid", "ratio median", "max", "coefficient", "κ max"],
      ],
      listed.map((a) => [
        String(a.architecture),
        chain(a.widths),
        a.activation,
        a.initialiser,
        String(a.scale),
        a.head,
        a.norm,
        `${a.distribution} ${String(a.inputScale)}`,
        grouped(a.samples),
        ...(["holds", "tight", "violated", "unresolved", "invalid"] as const).map((name) => grouped(a.verdicts[name])),
        significant(a.ratio.median),
        significant(a.ratio.max),
        significant(a.coefficient.median),
        significant(
          a.layers.reduce<number | null>(
            (most, { tightness: { max } }) => (max === null ? most : Math.max(most ?? max, max)),
            null,
          ),
        ),
      ]),
    ),
  );
}
