/**
 * A sweep's report → a table of ‖W_t‖, ‖J_t‖ and the coefficient by architecture, in Markdown.
 *
 *     gpv sweep --grid examples/grids/initialisation.yaml --inputs-per-network 32 --engine cpu --report report.json
 *     deno run --allow-read examples/initialisation.ts report.json
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import type { SweepReport } from "../src/records/sweep.ts";

const { architectures } = JSON.parse(readFileSync(process.argv[2] ?? "report.json", "utf8")) as SweepReport;
const digits = (x: number | null): string => (x === null ? "–" : x.toPrecision(3));
const depth = Math.max(...architectures.map((own) => own.depth));
const layers = Array.from({ length: depth }, (_, i) => i + 1);
const head = [
  "initialiser",
  "activation",
  "width",
  "‖W_t‖",
  ...layers.slice(1).map((t) => `‖J_${String(t)}‖`),
  "coefficient",
];
const rows = [...architectures]
  .sort((a, b) => a.initialiser.localeCompare(b.initialiser) || a.activation.localeCompare(b.activation))
  .map(({ initialiser, activation, widths, layers: own, coefficient }) => {
    const weights = own.map((layer) => layer.weightNorm.median ?? 0);
    const range = [Math.min(...weights), Math.max(...weights)].map(digits);
    return [
      initialiser,
      activation,
      String(Math.max(...widths)),
      range[0] === range[1] ? (range[0] ?? "") : range.join(" – "),
      ...layers.slice(1).map((t) => digits(own[t - 1]?.jacobianNorm.median ?? null)),
      digits(coefficient.median),
    ];
  });
const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
process.stdout.write([line(head), line(head.map(() => "---")), ...rows.map(line)].join(""));
