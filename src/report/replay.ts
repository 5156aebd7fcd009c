/** What `gpv replay` prints: the witness's claim, the stored numbers beside the right ones, and the finding. Pure functions. */
import type { Maybe } from "../records/kit.ts";
import type { LayerRow, SampleRow } from "../records/sample.ts";
import { significant } from "./numbers.ts";

export interface ReplayView {
  readonly source: string;
  readonly widths: readonly number[];
  readonly head: string;
  readonly engine: string;
  readonly index: number;
  readonly plant: string | null;
  readonly claimed: SampleRow;
  readonly again: SampleRow;
  readonly right: SampleRow;
  readonly confirmed: boolean;
  readonly finding: string;
}

export interface ExactView {
  readonly agrees: boolean;
  readonly finding: string;
  readonly otherSlopes: number;
  readonly lhs: { readonly lower: number; readonly upper: number };
  readonly rhs: { readonly lower: number; readonly upper: number };
  readonly layers: readonly {
    readonly layer: number;
    readonly outcome: string;
    readonly lower: number;
    readonly upper: number;
  }[];
}

const WIDTH = 80;

export function replayText(view: ReplayView): string {
  const { claimed, again, right } = view;
  const failed = again.violations ?? [];
  return `${[
    ...wrapped(`${view.source}: sample ${String(view.index)} of a ${chain(view.widths)} network, f = ${view.head}`, ""),
    ...wrapped(`engine   ${view.engine}${view.plant === null ? "" : `, with the planted fault "${view.plant}"`}`, "  "),
    ...wrapped(`claimed  ${said(claimed)}`, "  "),
    "",
    ...(failed.length === 0
      ? wrapped(`On the stored values every check passes: ${said(again)}`, "")
      : [
          "On the stored values these checks fail",
          ...failed.slice(0, MOST).flatMap(violation),
          ...more(failed.length),
        ]),
    "",
    ...comparison(claimed, right),
    "",
    ...wrapped(`${view.confirmed ? "CONFIRMED" : "REFUTED"}: ${view.finding}.`, ""),
  ].join("\n")}\n`;
}

export function exactText(view: ExactView): string {
  const span = ({ lower, upper }: { lower: number; upper: number }): string =>
    lower === upper ? String(lower) : `${String(lower)} … ${String(upper)}`;
  return `${[
    "",
    "In rational arithmetic, nothing rounded (doubles on either side of each number)",
    `  left   ${span(view.lhs)}`,
    `  right  ${span(view.rhs)}`,
    ...view.layers.map(({ layer, outcome, ...bounds }) => `  layer ${String(layer)}: ${outcome}, κ = ${span(bounds)}`),
    ...(view.otherSlopes === 0
      ? []
      : [`  ${String(view.otherSlopes)} of the stored slopes are not the exact ones: z rounds across a kink there`]),
    ...wrapped(`${view.agrees ? "AGREES" : "CORRECTS"}: ${view.finding}.`, ""),
  ].join("\n")}\n`;
}

/** "784-64-32-10"; long chains keep their ends. */
function chain(widths: readonly number[]): string {
  return (widths.length <= 10 ? widths : [...widths.slice(0, 5), "…", ...widths.slice(-4)]).join("-");
}

/** Checks printed; the rest is counted. */
const MOST = 12;

function more(count: number): string[] {
  return count <= MOST ? [] : [`  and ${String(count - MOST)} more`];
}

function said({ verdict, reason }: SampleRow): string {
  return reason === undefined ? verdict : `${verdict} (${reason})`;
}

function violation({ check, layer, detail }: NonNullable<SampleRow["violations"]>[number]): string[] {
  const where = layer > 0 ? `layer ${String(layer)}` : "whole network";
  return wrapped(`${check}, ${where}: ${detail}`, "  ");
}

const LAYER_NUMBERS: readonly (readonly [string, keyof LayerRow])[] = [
  ["‖h‖", "hiddenNorm"],
  ["‖W‖", "weightNorm"],
  ["‖J‖", "jacobianNorm"],
  ["‖∇_b f‖", "biasGradientNorm"],
  ["κ", "tightness"],
];

/** The numbers of the run beside those of f64; a mark where they are more than 1e-3 apart. */
function comparison(claimed: SampleRow, right: SampleRow): string[] {
  const line = (name: string, a: Maybe, b: Maybe): string =>
    `  ${name.padEnd(18)}${significant(a).padStart(12)}${significant(b).padStart(14)}${apart(a, b) ? "   ←" : ""}`;
  return [
    `  ${"".padEnd(18)}${"stored".padStart(12)}${"f64".padStart(14)}`,
    line("f", claimed.value, right.value),
    line("‖∇ₓf‖", claimed.inputGradientNorm, right.inputGradientNorm),
    line("‖∇_θ f‖", claimed.parameterGradientNorm, right.parameterGradientNorm),
    line("left", claimed.lhs, right.lhs),
    line("right", claimed.rhs, right.rhs),
    ...claimed.layers.flatMap((layer, i) =>
      LAYER_NUMBERS.map(([name, key]) =>
        line(`layer ${String(layer.layer)} ${name}`, layer[key] as Maybe, (right.layers[i]?.[key] ?? null) as Maybe),
      ),
    ),
  ];
}

function apart(a: Maybe, b: Maybe): boolean {
  if (a === null || b === null) return a !== b;
  return !(Math.abs(a - b) <= 1e-3 * Math.abs(b));
}

function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && Array.from(`${line} ${word}`).length > WIDTH) {
      lines.push(line);
      line = `${indent}  `;
    }
    line = line.trim() === "" ? `${line}${word}` : `${line} ${word}`;
  }
  return [...lines, line];
}
