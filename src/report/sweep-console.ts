/** SweepReport → the table that a person reads, at most 80 columns wide. A pure function, like console.ts. */
import type { AddressedCase, ReportedArchitecture, SweepReport } from "../records/sweep.ts";
import { joined, measurements, verdicts, violations, work } from "./console.ts";
import { counted, grouped, significant } from "./numbers.ts";

export function sweepConsoleReport(report: SweepReport): string {
  return joined([
    subject(report),
    verdicts(report),
    violations(report),
    measurements(report),
    axes(report),
    ends("The tightest cases", report.tightest),
    report.verdicts.violated + report.verdicts.unresolved + report.verdicts.invalid === 0
      ? []
      : ends("The worst cases", report.worst),
    work(report),
  ]);
}

function subject(report: SweepReport): string[] {
  const { engine, run, architectures, timing } = report;
  const networks = architectures.reduce((sum, own) => sum + own.networks, 0);
  const lines = [
    `For each sample x, with ${report.norm} norms of W_t and J_t = ∂h_t/∂x:`,
    "  ‖∇ₓf‖² · Σ_t (1 + ‖h_t‖²) / (‖W_t‖² ‖J_t‖²)  ≤  ‖∇_θf‖²",
    "",
    `  sweep    ${counted(architectures.length, "architecture")}, ${counted(networks, "network")}, seed ${String(run.seed)}`,
    `  inputs   ${counted(report.samples, "sample")}`,
    `  f        ${report.head}`,
    `  engine   ${engine.kind} ${engine.precision}, ${engine.adapter}, ${engine.runtime}`,
  ];
  if (run.plant !== undefined) lines.push(`  PLANTED  the fault "${run.plant}" was switched on for this run`);
  if (run.salvaged !== undefined) {
    const rest = run.salvaged.length - MOST_LOST;
    lines.push(
      `  SALVAGED of damaged ledgers, without ${run.salvaged.slice(0, MOST_LOST).join(", ")}${rest > 0 ? `, ${grouped(rest)} more` : ""}`,
    );
  }
  if (timing.interrupted)
    lines.push(`  STOPPED  after ${grouped(report.samples)} of ${counted(timing.requested, "sample")}`);
  return lines;
}

/** Lost rows that the table names; the report names all. */
const MOST_LOST = 3;

/** Values of one list of the grid that the table shows. */
const MOST_VALUES = 8;

/** How the median ratio and coefficient move along each list of the grid: medians of the architectures' medians. */
function axes({ architectures }: SweepReport): string[] {
  const lists: readonly (readonly [string, (own: ReportedArchitecture) => string | number])[] = [
    ["depth", (own) => own.depth],
    ["width", (own) => Math.max(...own.widths)],
    ["activation", (own) => own.activation],
    ["initialiser", (own) => own.initialiser],
    ["head", (own) => own.head],
    ["norm", (own) => own.norm],
    ["distribution", (own) => own.distribution],
  ];
  const rows = lists.flatMap(([name, of]) => {
    const groups = new Map<string | number, ReportedArchitecture[]>();
    for (const own of architectures) groups.set(of(own), [...(groups.get(of(own)) ?? []), own]);
    if (groups.size < 2) return [];
    const sorted = [...groups].sort(([a], [b]) => (typeof a === "number" && typeof b === "number" ? a - b : 0));
    const rest = sorted.length - MOST_VALUES;
    return [
      ...sorted.slice(0, MOST_VALUES).map(([value, own], i) => {
        const samples = own.reduce((sum, { samples: n }) => sum + n, 0);
        const cells = [
          median(own.map((a) => a.ratio.median)),
          largest(own),
          median(own.map((a) => a.coefficient.median)),
        ];
        return `  ${(i === 0 ? name : "").padEnd(13)}${String(value).padEnd(18)}${grouped(samples).padStart(11)}${cells.map((x) => significant(x).padStart(12)).join("")}`;
      }),
      ...(rest > 0 ? [`  ${"".padEnd(13)}and ${String(rest)} more`] : []),
    ];
  });
  if (rows.length === 0) return [];
  const head = `  ${"".padEnd(31)}${"samples".padStart(11)}${["ratio med.", "ratio max", "coeff. med."].map((t) => t.padStart(12)).join("")}`;
  return ["By the grid's lists (medians over architectures)", head, ...rows];
}

function largest(own: readonly ReportedArchitecture[]): number | null {
  return own.reduce<number | null>(
    (most, { ratio: { max } }) => (max !== null && max > (most ?? -1) ? max : most),
    null,
  );
}

function median(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((x): x is number => x !== null).sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? null;
}

/** Cases of each end that the table shows. */
const MOST_CASES = 5;

function ends(title: string, cases: readonly AddressedCase[]): string[] {
  if (cases.length === 0) return [];
  return [
    `${title} (gpv verify --address …)`,
    ...cases
      .slice(0, MOST_CASES)
      .map(
        ({ address, verdict, ratio, architecture }) =>
          `  ${address.padEnd(22)} ratio ${significant(ratio).padEnd(10)} ${verdict.padEnd(10)} architecture ${String(architecture)}`,
      ),
  ];
}
