/** Report of a search → the table that a person reads, at most 80 columns wide. A pure function. */
import type { Quantiles } from "../records/shared.ts";
import type { TightenReport } from "../records/report.ts";
import type { Search } from "../records/search.ts";
import { cell, elided, joined, violations } from "./console.ts";
import { counted, duration, grouped, significant } from "./numbers.ts";

/** Starts that the table lists; the report has them all. */
const MOST_STARTS = 10;

/** @param witness file of the tightest case, where one was written. */
export function tightenText(report: TightenReport, witness: string | null): string {
  return joined([
    subject(report),
    violations(report),
    found(report.search),
    starts(report.search),
    tightest(report, witness),
    [`Time ${duration(report.timing.elapsedMs)}`],
  ]);
}

function subject({ model, head, norm, engine, search, timing }: TightenReport): string[] {
  const widths = [model.layers[0]?.inputs ?? 0, ...model.layers.map((layer) => layer.outputs)];
  const { region, weightRadius } = search;
  const { radius, box } = region;
  const ball = `‖x${region.centre === "origin" ? "" : " − sample"}‖ ≤ ${significant(radius)}`;
  const within = box === null ? ball : `${ball}, entries from ${String(box.low)} to ${String(box.high)}`;
  const lines = [
    `The largest left over right side of the total inequality, in ${norm} norms`,
    "  ‖∇ₓf‖² · Σ_t (1 + ‖h_t‖²) / (‖W_t‖² ‖J_t‖²)  ≤  ‖∇_θf‖²",
    "",
    `  model    ${model.source}: ${elided(widths.map(String))}`,
    `  f        ${head}`,
    `  engine   ${engine.kind} ${engine.precision}, ${engine.adapter}, ${engine.runtime}`,
    `  inputs   ${within}`,
    `  weights  ${weightRadius === null ? "stand still" : `‖W_t − W_t⁰‖ ≤ ${String(weightRadius)} ‖W_t⁰‖, ‖W_t‖ kept (Frobenius); biases stand still`}`,
  ];
  if (timing.interrupted)
    lines.push(`  STOPPED  at ${grouped(search.starts.length)} of ${counted(timing.requested, "start")}`);
  return lines;
}

/** What sampling gave beside what the search found. */
function found({ sampled, starts: list }: Search): string[] {
  const row = (name: string, numbers: readonly (number | null)[]): string =>
    `  ${name.padEnd(24)}${numbers.map((x) => significant(x).padStart(9)).join("")}`;
  const sampledRow = ({ min, median, p90, p99, max }: Quantiles): (number | null)[] => [min, median, p90, p99, max];
  const ends = list.flatMap(({ endRatio }) => (endRatio === null ? [] : [endRatio])).sort((a, b) => a - b);
  const at = (p: number): number | null => ends[Math.max(0, Math.ceil(p * ends.length) - 1)] ?? null;
  return [
    "Left over right side",
    `  ${"".padEnd(24)}${["min", "median", "90 %", "99 %", "max"].map((name) => name.padStart(9)).join("")}`,
    row(counted(sampled.samples, "sample"), sampledRow(sampled.ratio)),
    row(`found from ${counted(list.length, "start")}`, [at(0), at(0.5), at(0.9), at(0.99), at(1)]),
  ];
}

function starts({ starts: list, weightRadius }: Search): string[] {
  const best = [...list].sort((a, b) => (b.endRatio ?? -1) - (a.endRatio ?? -1) || a.index - b.index);
  const moved = weightRadius === null ? "" : "W moved".padStart(9);
  const rest = list.length - MOST_STARTS;
  return [
    "Where it started and where it ended, the best first",
    `  ${"sample".padStart(8)}${"from".padStart(9)}${"to".padStart(9)}${"x moved".padStart(10)}${moved}${"evaluations".padStart(13)}   verdict`,
    ...best.slice(0, MOST_STARTS).map((start) => {
      const own = weightRadius === null ? "" : significant(start.weightsMoved).padStart(9);
      return `  ${grouped(start.index).padStart(8)}${significant(start.startRatio).padStart(9)}${significant(start.endRatio).padStart(9)}${significant(start.inputMoved).padStart(10)}${own}${grouped(start.evaluations).padStart(13)}   ${start.verdict}`;
    }),
    ...(rest > 0 ? [`  and ${grouped(rest)} more in the report (--report)`] : []),
  ];
}

function tightest({ model, search }: TightenReport, witness: string | null): string[] {
  const best = search.tightest;
  if (best === null) return ["No end has a ratio: its right side is 0, or it is invalid"];
  const { limiting } = best;
  const name = limiting?.side === "weight" ? "α" : "β";
  return [
    `The tightest case, from sample ${grouped(best.start)}: ${String(best.ratio)}, ${best.verdict}`,
    `  ${"layer".padStart(5)}${"shape".padStart(11)}${["share", "κ = αβ", "α at W", "β at J"].map((head) => head.padStart(9)).join("")}`,
    ...best.layers.map((layer, i) => {
      const shape = `${String(model.layers[i]?.outputs)}×${String(model.layers[i]?.inputs)}`;
      const cells = [layer.share, layer.tightness, layer.alignmentWeight, layer.alignmentJacobian];
      return `  ${String(layer.layer).padStart(5)}${shape.padStart(11)}${cells.map((x) => cell(x).padStart(9)).join("")}`;
    }),
    ...(limiting === null
      ? []
      : [
          `  most of what is missing: layer ${String(limiting.layer)}, ${name}, ${significant(100 * limiting.lost)} % of the right side`,
        ]),
    ...(witness === null ? [] : [`  examine it again: gpv replay ${witness}`]),
  ];
}
